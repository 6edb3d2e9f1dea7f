import unittest

from roombook import Conflict, Room, Slot


def slot(text):
    return Slot.parse(text)


class BookingTest(unittest.TestCase):
    def setUp(self):
        self.room = Room("Aalto")
        self.room.book(slot("10:00-11:00"), "ada")

    def test_taken(self):
        with self.assertRaises(Conflict):
            self.room.book(slot("10:30-11:30"), "bob")

    def test_inside(self):
        with self.assertRaises(Conflict) as caught:
            self.room.book(slot("10:15-10:30"), "bob")
        self.assertEqual(caught.exception.taken, slot("10:00-11:00"))

    def test_next_meeting_may_follow_at_once(self):
        self.room.book(slot("11:00-12:00"), "bob")
        self.assertEqual([by for _, by in self.room.bookings()], ["ada", "bob"])

    def test_far_apart(self):
        self.room.book(slot("14:00-15:00"), "bob")
        self.assertEqual(len(self.room.bookings()), 2)

    def test_free(self):
        gaps = self.room.free(slot("09:00-17:00"))
        self.assertEqual([str(gap) for gap in gaps], ["09:00-10:00", "11:00-17:00"])

    def test_cancel(self):
        self.assertEqual(self.room.cancel(slot("10:00-11:00")), "ada")
        self.assertEqual(self.room.bookings(), [])


if __name__ == "__main__":
    unittest.main()
