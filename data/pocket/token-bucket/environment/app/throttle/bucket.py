"""The token bucket: bursts up to a capacity, a steady rate in the long run."""

import time


class TokenBucket:
    """Holds up to `capacity` tokens and gains `per_second` of them each second.

    A new bucket is full. A request takes as many tokens as it costs, or is turned away
    and takes none.
    """

    def __init__(self, capacity, per_second, *, clock=time.monotonic):
        if capacity <= 0 or per_second <= 0:
            raise ValueError("capacity and rate must be positive")
        self.capacity = capacity
        self.per_second = per_second
        self._clock = clock
        self._tokens = capacity
        self._stamp = clock()

    @property
    def level(self):
        """Tokens in the bucket now."""
        now = self._clock()
        gained = (now - self._stamp) * self.per_second
        self._tokens = min(self.capacity, self._tokens + gained)
        self._stamp = now
        return self._tokens

    def allow(self, cost=1):
        """Take `cost` tokens if the bucket has them; says whether it did."""
        if self.level > cost:
            self._tokens -= cost
            return True
        return False

    def wait(self, cost=1):
        """Seconds until `cost` tokens will be there; 0 when they are."""
        if cost > self.capacity:
            raise ValueError(f"{cost} tokens never fit into a bucket of {self.capacity}")
        return max(0, (cost - self.level) / self.per_second)
