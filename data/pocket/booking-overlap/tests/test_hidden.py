import unittest

from roombook import Conflict, Room, Slot


def booked(*texts):
    room = Room("Aalto")
    for text in texts:
        room.book(Slot.parse(text), "ada")
    return room


class BookingTest(unittest.TestCase):
    def test_back_to_back_in_either_order(self):
        hours = ["09:00-10:00", "10:00-11:00", "11:00-12:00"]
        self.assertEqual(len(booked(*hours).bookings()), 3)
        self.assertEqual(len(booked(*reversed(hours)).bookings()), 3)
        self.assertEqual(len(booked(hours[0], hours[2], hours[1]).bookings()), 3)

    def test_one_minute_in_common_is_refused(self):
        for text in ("10:59-12:00", "09:00-10:01", "10:00-10:01", "10:59-11:00"):
            with self.assertRaises(Conflict, msg=text):
                booked("10:00-11:00", text)

    def test_the_same_slot_and_one_around_it_are_refused(self):
        for text in ("10:00-11:00", "09:00-12:00", "10:00-12:00", "09:00-11:00"):
            with self.assertRaises(Conflict, msg=text):
                booked("10:00-11:00", text)

    def test_overlap_is_symmetric(self):
        slots = [Slot(a, b) for a in range(4) for b in range(a + 1, 5)]
        for one in slots:
            for two in slots:
                shared = set(range(one.start, one.end)) & set(range(two.start, two.end))
                self.assertEqual(one.overlaps(two), bool(shared), (one, two))

    def test_free_is_what_can_be_booked(self):
        room = booked("09:00-10:00", "10:00-10:30", "12:00-13:00")
        gaps = room.free(Slot.parse("09:00-13:00"))
        self.assertEqual([str(gap) for gap in gaps], ["10:30-12:00"])
        for gap in gaps:
            room.book(gap, "bob")

    def test_midnight(self):
        self.assertEqual(len(booked("00:00-12:00", "12:00-24:00").bookings()), 2)
