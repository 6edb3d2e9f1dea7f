"""How often and how long."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """Up to `attempts` calls; pauses grow by `factor` from `pause` up to `longest` seconds.

    Only exceptions of the types `retry_on` lead to another attempt.
    """

    attempts: int = 3
    pause: float = 0.1
    factor: float = 2.0
    longest: float = 5.0
    retry_on: tuple = (OSError,)

    def __post_init__(self):
        if self.attempts < 1:
            raise ValueError("there must be one attempt at least")

    def delay(self, attempt):
        """Seconds to wait after this attempt; the first attempt is 1."""
        return min(self.longest, self.pause * self.factor ** (attempt - 1))
