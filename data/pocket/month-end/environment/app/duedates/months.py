"""Arithmetic with months."""

from datetime import timedelta


def add_months(day, months):
    """The same day some months later (or earlier, with a negative number)."""
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


def workday(day):
    """The day itself, or the Monday after it if it is on a weekend."""
    ahead = max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0
    return day + timedelta(days=ahead)
