"""Payment plans."""

from dataclasses import dataclass
from datetime import date

from duedates.months import add_months, workday


@dataclass(frozen=True)
class Plan:
    """Payments on the same day of the month as the first, every so many months."""

    first: date
    every: int = 1

    def __post_init__(self):
        if self.every < 1:
            raise ValueError("payments are a month apart at least")

    def dates(self, count):
        """The first `count` due dates."""
        days, day = [], self.first
        for _ in range(count):
            days.append(day)
            day = add_months(day, self.every)
        return days

    def next_after(self, today):
        """The first due date later than `today`."""
        day = self.first
        while day <= today:
            day = add_months(day, self.every)
        return day

    def booked(self, count):
        """The due dates, moved to the next working day where needed."""
        return [workday(day) for day in self.dates(count)]
