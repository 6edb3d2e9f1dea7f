"""A least-recently-used cache and a decorator that uses it."""

from keepsake.lru import LruCache
from keepsake.memo import memoize

__all__ = ["LruCache", "memoize"]
