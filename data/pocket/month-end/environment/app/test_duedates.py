import unittest
from datetime import date

from duedates import Plan, add_months, workday


class MonthsTest(unittest.TestCase):
    def test_across_years(self):
        self.assertEqual(add_months(date(2024, 11, 5), 3), date(2025, 2, 5))
        self.assertEqual(add_months(date(2024, 1, 5), -1), date(2023, 12, 5))

    def test_short_month(self):
        self.assertEqual(add_months(date(2024, 1, 31), 1), date(2024, 2, 29))

    def test_workday(self):
        self.assertEqual(workday(date(2024, 6, 1)), date(2024, 6, 3))
        self.assertEqual(workday(date(2024, 6, 2)), date(2024, 6, 3))
        self.assertEqual(workday(date(2024, 6, 4)), date(2024, 6, 4))


class PlanTest(unittest.TestCase):
    def test_dates(self):
        days = Plan(date(2024, 1, 15), every=3).dates(3)
        self.assertEqual(days, [date(2024, 1, 15), date(2024, 4, 15), date(2024, 7, 15)])

    def test_end_of_january(self):
        days = Plan(date(2023, 1, 31)).dates(2)
        self.assertEqual(days, [date(2023, 1, 31), date(2023, 2, 28)])

    def test_next(self):
        plan = Plan(date(2024, 1, 15))
        self.assertEqual(plan.next_after(date(2024, 3, 15)), date(2024, 4, 15))


if __name__ == "__main__":
    unittest.main()
