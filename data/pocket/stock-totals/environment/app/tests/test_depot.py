import unittest

from depot import Depot, OutOfStock, low_stock, summary


class DepotTest(unittest.TestCase):
    def setUp(self):
        self.depot = Depot()
        self.depot.receive("bolt", "A1", 40)
        self.depot.receive("bolt", "B2", 2)
        self.depot.receive("nut", "A1", 3)

    def test_total(self):
        self.assertEqual(self.depot.total("bolt"), 42)
        self.assertEqual(self.depot.total("cog"), 0)

    def test_total_follows_shipping(self):
        self.assertEqual(self.depot.total("bolt"), 42)
        self.depot.ship("bolt", "A1", 10)
        self.assertEqual(self.depot.total("bolt"), 32)

    def test_total_of_a_renamed_article(self):
        self.assertEqual(self.depot.total("bolt"), 42)
        self.depot.rename("bolt", "bolt-m8")
        self.assertEqual(self.depot.total("bolt"), 0)
        self.assertEqual(self.depot.total("bolt-m8"), 42)

    def test_move_keeps_the_total(self):
        self.depot.move("bolt", "A1", "B2", 5)
        self.assertEqual(self.depot.total("bolt"), 42)

    def test_too_many(self):
        with self.assertRaises(OutOfStock):
            self.depot.ship("nut", "A1", 4)

    def test_reports(self):
        self.assertEqual(summary(self.depot), {"bolt": 42, "nut": 3})
        self.assertEqual(low_stock(self.depot), ["nut"])


if __name__ == "__main__":
    unittest.main()
