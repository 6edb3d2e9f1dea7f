"""One bucket for each client."""

import time

from throttle.bucket import TokenBucket


class Limiter:
    """Limits every client by a bucket of its own."""

    def __init__(self, capacity, per_second, *, clock=time.monotonic):
        self._new = lambda: TokenBucket(capacity, per_second, clock=clock)
        self._buckets = {}

    def allow(self, client, cost=1):
        """Whether this client's request may go through."""
        bucket = self._buckets.setdefault(client, self._new())
        return bucket.allow(cost)

    def retry_after(self, client, cost=1):
        """Seconds this client should wait; what goes into the Retry-After header."""
        bucket = self._buckets.get(client)
        return bucket.wait(cost) if bucket else 0

    def sweep(self):
        """Forget clients whose bucket is full again; returns how many."""
        full = [who for who, bucket in self._buckets.items() if bucket.level >= bucket.capacity]
        for who in full:
            del self._buckets[who]
        return len(full)
