import unittest

from depot import Depot, OutOfStock, low_stock, summary


class DepotTest(unittest.TestCase):
    def setUp(self):
        self.depot = Depot()
        self.depot.receive("bolt", "A1", 40)
        self.depot.receive("bolt", "B2", 2)
        self.depot.receive("screw", "A1", 8)
        self.seen = summary(self.depot)

    def test_old_number(self):
        self.depot.rename("bolt", "bolt-m8")
        self.assertEqual(self.depot.total("bolt"), 0)
        self.assertEqual(self.depot.total("bolt-m8"), 42)

    def test_new_number_asked_for_before(self):
        self.assertEqual(self.depot.total("bolt-m8"), 0)
        self.depot.rename("bolt", "bolt-m8")
        self.assertEqual(self.depot.total("bolt-m8"), 42)

    def test_new_number_in_use(self):
        self.depot.rename("bolt", "screw")
        self.assertEqual(self.depot.total("screw"), 50)
        self.assertEqual(self.depot.on_shelf("screw", "A1"), 48)
        self.assertEqual(summary(self.depot), {"screw": 50})

    def test_there_and_back(self):
        self.depot.rename("bolt", "x")
        self.depot.total("x"), self.depot.total("bolt")
        self.depot.rename("x", "bolt")
        self.assertEqual(summary(self.depot), self.seen)

    def test_same_number(self):
        self.depot.rename("bolt", "bolt")
        self.assertEqual(summary(self.depot), self.seen)

    def test_unknown_number(self):
        self.depot.rename("cog", "gear")
        self.assertEqual(summary(self.depot), self.seen)

    def test_other_changes(self):
        self.depot.ship("bolt", "A1", 39)
        self.assertEqual(low_stock(self.depot), ["bolt"])
        self.depot.move("screw", "A1", "C3", 8)
        self.assertEqual(self.depot.total("screw"), 8)
        with self.assertRaises(OutOfStock):
            self.depot.ship("screw", "A1", 1)
        self.depot.recount({("cog", "A1"): 1})
        self.assertEqual(summary(self.depot), {"cog": 1})
        self.assertEqual(self.depot.total("bolt"), 0)
