import unittest
from datetime import date

from duedates import Plan, add_months


class MonthsTest(unittest.TestCase):
    def test_clamped_to_the_last_day(self):
        self.assertEqual(add_months(date(2023, 1, 31), 1), date(2023, 2, 28))
        self.assertEqual(add_months(date(2024, 1, 30), 1), date(2024, 2, 29))
        self.assertEqual(add_months(date(2024, 3, 31), 1), date(2024, 4, 30))
        self.assertEqual(add_months(date(2024, 2, 29), 12), date(2025, 2, 28))
        self.assertEqual(add_months(date(1896, 2, 29), 48), date(1900, 2, 28))

    def test_backwards(self):
        self.assertEqual(add_months(date(2024, 3, 31), -1), date(2024, 2, 29))
        self.assertEqual(add_months(date(2024, 3, 31), -13), date(2023, 2, 28))

    def test_days_that_exist_stay(self):
        self.assertEqual(add_months(date(2024, 2, 28), 1), date(2024, 3, 28))
        self.assertEqual(add_months(date(2023, 12, 31), 1), date(2024, 1, 31))
        self.assertEqual(add_months(date(2024, 5, 31), 0), date(2024, 5, 31))


class PlanTest(unittest.TestCase):
    def days(self, plan, count):
        return [(day.month, day.day) for day in plan.dates(count)]

    def test_the_first_day_comes_back(self):
        expected = [(1, 31), (2, 28), (3, 31), (4, 30), (5, 31)]
        self.assertEqual(self.days(Plan(date(2023, 1, 31)), 5), expected)

    def test_from_the_thirtieth(self):
        expected = [(12, 30), (1, 30), (2, 28), (3, 30)]
        self.assertEqual(self.days(Plan(date(2022, 12, 30)), 4), expected)

    def test_every_few_months(self):
        self.assertEqual(self.days(Plan(date(2023, 8, 31), 3), 4), [(8, 31), (11, 30), (2, 29), (5, 31)])

    def test_leap_day_each_year(self):
        years = [day.isoformat() for day in Plan(date(2024, 2, 29), 12).dates(5)]
        self.assertEqual(years[1:], ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"])

    def test_next_after(self):
        plan = Plan(date(2023, 1, 31))
        self.assertEqual(plan.next_after(date(2023, 1, 30)), date(2023, 1, 31))
        self.assertEqual(plan.next_after(date(2023, 2, 28)), date(2023, 3, 31))
        self.assertEqual(plan.next_after(date(2023, 3, 30)), date(2023, 3, 31))
        self.assertEqual(plan.next_after(date(2023, 3, 31)), date(2023, 4, 30))

    def test_booked(self):
        self.assertEqual(Plan(date(2023, 12, 31)).booked(3)[2], date(2024, 2, 29))
        self.assertEqual(Plan(date(2023, 12, 31)).booked(4)[3], date(2024, 4, 1))

    def test_no_dates(self):
        self.assertEqual(Plan(date(2023, 1, 31)).dates(0), [])
