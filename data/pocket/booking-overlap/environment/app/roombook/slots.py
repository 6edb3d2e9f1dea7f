"""Time slots in minutes since midnight."""

from dataclasses import dataclass

DAY = 24 * 60


@dataclass(frozen=True, order=True)
class Slot:
    """A stretch of one day: from minute `start` up to, but not including, minute `end`."""

    start: int
    end: int

    def __post_init__(self):
        if not 0 <= self.start < self.end <= DAY:
            raise ValueError(f"not a slot of one day: {self.start}..{self.end}")

    @classmethod
    def parse(cls, text):
        """Read "09:30-10:15"."""
        start, _, end = text.partition("-")
        return cls(_minutes(start), _minutes(end))

    def __str__(self):
        return f"{_clock(self.start)}-{_clock(self.end)}"

    @property
    def length(self):
        """Minutes in the slot."""
        return self.end - self.start

    def overlaps(self, other):
        """Whether the two slots have a minute in common."""
        return self.start < other.end and other.start <= self.end


def _minutes(clock):
    hours, minutes = clock.strip().split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"
