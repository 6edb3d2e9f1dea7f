"""Bills and how they are shared."""

from tally.bill import Bill
from tally.split import evenly, share

__all__ = ["Bill", "evenly", "share"]
