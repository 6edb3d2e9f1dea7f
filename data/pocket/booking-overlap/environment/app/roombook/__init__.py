"""Meeting room bookings for one day."""

from roombook.rooms import Conflict, Room
from roombook.slots import Slot

__all__ = ["Conflict", "Room", "Slot"]
