import unittest

from geobox import Box, split


class BoxTest(unittest.TestCase):
    def setUp(self):
        self.box = Box(0, 0, 10, 10)

    def test_contains(self):
        self.assertTrue(self.box.contains(10, 0))
        self.assertFalse(self.box.contains(11, 0))

    def test_around_and_center(self):
        box = Box.around([(1, 7), (5, 3), (3, 5)])
        self.assertEqual(box, Box(1, 3, 5, 7))
        self.assertEqual(box.center, (3, 5))

    def test_parse(self):
        self.assertEqual(Box.parse("1,2,3,4"), Box(2, 1, 4, 3))

    def test_union(self):
        self.assertEqual(self.box.union(Box(5, 20, 30, 30)), Box(0, 0, 30, 30))

    def test_intersection(self):
        self.assertEqual(self.box.intersection(Box(5, 8, 30, 30)), Box(5, 8, 10, 10))
        self.assertIsNone(self.box.intersection(Box(5, 20, 30, 30)))

    def test_split(self):
        self.assertEqual(split(self.box, 1, 2), [Box(0, 0, 10, 5), Box(0, 5, 10, 10)])


if __name__ == "__main__":
    unittest.main()
