import unittest
from decimal import Decimal

from tally import Bill, evenly, share


def cents(*amounts):
    return [Decimal(amount) / 100 for amount in amounts]


class SplitTest(unittest.TestCase):
    def test_odd_cents_go_to_the_earlier_among_equals(self):
        self.assertEqual(share(Decimal("100.00"), [1, 1, 1]), cents(3334, 3333, 3333))
        self.assertEqual(share(Decimal("0.05"), [1, 1, 1]), cents(2, 2, 1))
        self.assertEqual(share(Decimal("0.02"), [1, 1, 1]), cents(1, 1, 0))

    def test_odd_cents_go_to_the_largest_fraction(self):
        # exact: 1.25, 1.25, 7.5
        self.assertEqual(share(Decimal("0.10"), [1, 1, 6]), cents(1, 1, 8))
        # exact: 0.4, 2.0, 1.6
        self.assertEqual(share(Decimal("0.04"), [2, 10, 8]), cents(0, 2, 2))
        # exact: 14.28, 28.57, 57.14
        self.assertEqual(share(Decimal("1.00"), [1, 2, 4]), cents(14, 29, 57))

    def test_weight_of_zero(self):
        self.assertEqual(share(Decimal("1.00"), [0, 3, 3, 3]), cents(0, 34, 33, 33))

    def test_credit_notes_cancel(self):
        for total, weights in [("100.00", [1, 1, 1]), ("0.10", [1, 1, 6]), ("7.77", [3, 5, 7, 11])]:
            there = share(Decimal(total), weights)
            back = share(-Decimal(total), weights)
            self.assertEqual([a + b for a, b in zip(there, back)], cents(*[0] * len(weights)))

    def test_always_adds_up(self):
        for amount in range(-60, 120, 7):
            for weights in ([1], [1, 2], [3, 3, 1], [5, 0, 2, 9], [1] * 7):
                total = Decimal(amount) / 100
                shares = share(total, weights)
                self.assertEqual(sum(shares), total)
                self.assertTrue(all(part == part.quantize(Decimal("0.01")) for part in shares))

    def test_decimal_weights(self):
        self.assertEqual(share(Decimal("0.03"), [Decimal("0.5"), Decimal("0.5")]), cents(2, 1))

    def test_refused(self):
        for total, weights in [("1.005", [1]), ("1.00", [0, 0]), ("1.00", [2, -1])]:
            with self.assertRaises(ValueError):
                share(Decimal(total), weights)

    def test_bill(self):
        bill = Bill(Decimal("7.5"))
        for person, price in [("ada", "9.90"), ("bob", "4.20"), ("cy", "3.35"), ("ada", "2.80")]:
            bill.order(person, price)
        self.assertEqual(sum(bill.shares().values()), bill.total)
        self.assertEqual(list(bill.shares()), ["ada", "bob", "cy"])
        self.assertEqual(list(evenly(Decimal("0.03"), "xy").values()), cents(2, 1))
