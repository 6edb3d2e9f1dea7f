"""Rate limiting with token buckets."""

from throttle.bucket import TokenBucket
from throttle.limiter import Limiter

__all__ = ["Limiter", "TokenBucket"]
