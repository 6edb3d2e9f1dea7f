import unittest
from datetime import date

from almanac import Almanac, Event

SATURDAY, SUNDAY, MONDAY = date(2024, 6, 1), date(2024, 6, 2), date(2024, 6, 3)


class AlmanacTest(unittest.TestCase):
    def test_only_weekends_are_weekends(self):
        almanac = Almanac()
        for title, day in [("a", SATURDAY), ("b", SUNDAY), ("c", MONDAY)]:
            almanac.add(title, day)
        self.assertEqual(almanac.tagged("weekend"), ["a", "b"])

    def test_tagged_once(self):
        almanac = Almanac()
        for day in (SATURDAY, SUNDAY, SATURDAY):
            self.assertEqual(almanac.add("x", day).tags, ["weekend"])

    def test_almanacs_are_apart(self):
        Almanac().add("a", SATURDAY)
        self.assertEqual(Almanac().add("b", MONDAY).tags, [])

    def test_the_callers_list_is_theirs(self):
        tags = ["town"]
        almanac = Almanac()
        almanac.add("market", SATURDAY, tags)
        almanac.add("council", MONDAY, tags)
        almanac.tag("council", "dull")
        self.assertEqual(tags, ["town"])
        self.assertEqual(almanac.tagged("weekend"), ["market"])
        self.assertEqual(almanac.tagged("dull"), ["council"])
        tags.append("late")
        self.assertEqual(almanac.tagged("late"), [])

    def test_an_empty_list_is_theirs_as_well(self):
        tags = []
        Almanac().add("market", SATURDAY, tags)
        self.assertEqual(tags, [])

    def test_tagging_one_leaves_others_alone(self):
        almanac = Almanac()
        almanac.add("a", MONDAY)
        almanac.add("b", MONDAY)
        almanac.tag("a", "urgent")
        self.assertEqual(almanac.tagged("urgent"), ["a"])

    def test_order_and_events(self):
        event = Almanac().add("market", SUNDAY, ["town", "food"])
        self.assertEqual(event, Event("market", SUNDAY, ["town", "food", "weekend"]))
