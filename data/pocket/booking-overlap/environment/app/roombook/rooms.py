"""A room and who has it when."""

from roombook.slots import Slot


class Conflict(Exception):
    """The room is taken; `taken` is the slot in the way."""

    def __init__(self, taken, by):
        super().__init__(f"taken {taken} by {by}")
        self.taken = taken


class Room:
    """One room on one day."""

    def __init__(self, name):
        self.name = name
        self._bookings = {}

    def book(self, slot, by):
        """Reserve `slot`.

        Raises:
            Conflict: somebody has the room in a part of it.
        """
        for taken in sorted(self._bookings):
            if taken.overlaps(slot):
                raise Conflict(taken, self._bookings[taken])
        self._bookings[slot] = by

    def cancel(self, slot):
        """Give a booked slot back; returns who had it."""
        return self._bookings.pop(slot)

    def bookings(self):
        """All bookings as (slot, by), earliest first."""
        return sorted(self._bookings.items())

    def free(self, opening, least=15):
        """Gaps of at least `least` minutes within the slot `opening`."""
        gaps, cursor = [], opening.start
        for taken, _ in self.bookings():
            if min(taken.start, opening.end) - cursor >= least:
                gaps.append(Slot(cursor, min(taken.start, opening.end)))
            cursor = max(cursor, taken.end)
        if opening.end - cursor >= least:
            gaps.append(Slot(cursor, opening.end))
        return gaps
