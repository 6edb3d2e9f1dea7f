import unittest
from datetime import date

from almanac import Almanac

SATURDAY, MONDAY, TUESDAY = date(2024, 6, 1), date(2024, 6, 3), date(2024, 6, 4)


class AlmanacTest(unittest.TestCase):
    def test_weekend(self):
        almanac = Almanac()
        almanac.add("picnic", SATURDAY)
        almanac.add("review", MONDAY)
        self.assertEqual(almanac.tagged("weekend"), ["picnic"])

    def test_own_tags_come_first(self):
        event = Almanac().add("market", SATURDAY, ["town"])
        self.assertEqual(event.tags, ["town", "weekend"])

    def test_upcoming(self):
        almanac = Almanac()
        almanac.add("dentist", TUESDAY)
        almanac.add("review", MONDAY)
        self.assertEqual(almanac.upcoming(MONDAY), ["review", "dentist"])
        self.assertEqual(almanac.upcoming(SATURDAY, days=3), ["review"])

    def test_tag_later(self):
        almanac = Almanac()
        almanac.add("review", MONDAY, ["work"])
        almanac.tag("review", "urgent")
        almanac.tag("review", "urgent")
        self.assertEqual(almanac.tagged("urgent"), ["review"])


if __name__ == "__main__":
    unittest.main()
