import unittest
from decimal import Decimal

from tally import Bill, evenly, share


class SplitTest(unittest.TestCase):
    def test_even(self):
        ten = Decimal("10.00")
        self.assertEqual(evenly(Decimal("30.00"), "abc"), {"a": ten, "b": ten, "c": ten})

    def test_weights(self):
        self.assertEqual(share(Decimal("9.00"), [1, 2]), [Decimal("3.00"), Decimal("6.00")])

    def test_no_cent_is_lost(self):
        self.assertEqual(sum(share(Decimal("100.00"), [1, 1, 1])), Decimal("100.00"))

    def test_no_cent_is_invented(self):
        self.assertEqual(sum(share(Decimal("0.05"), [1, 1, 1])), Decimal("0.05"))

    def test_refused(self):
        for total, weights in [("1.005", [1]), ("1.00", [0]), ("1.00", [2, -1])]:
            with self.assertRaises(ValueError):
                share(Decimal(total), weights)


class BillTest(unittest.TestCase):
    def test_total(self):
        bill = Bill(Decimal(10))
        bill.order("ada", "12.50")
        bill.order("bob", "7.50")
        self.assertEqual(bill.total, Decimal("22.00"))
        self.assertEqual(bill.shares(), {"ada": Decimal("13.75"), "bob": Decimal("8.25")})


if __name__ == "__main__":
    unittest.main()
