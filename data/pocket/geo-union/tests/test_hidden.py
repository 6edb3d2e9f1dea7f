import itertools
import unittest

from geobox import Box, split

BOXES = [Box(0, 0, 10, 10), Box(5, 20, 30, 30), Box(-8, -40, -2, -15), Box(1, 2, 3, 70), Box(7, 7, 80, 8)]


class BoxTest(unittest.TestCase):
    def test_union_of_every_pair(self):
        for one, two in itertools.product(BOXES, repeat=2):
            union = one.union(two)
            edges = (union.south, union.west, union.north, union.east)
            expected = (
                min(one.south, two.south),
                min(one.west, two.west),
                max(one.north, two.north),
                max(one.east, two.east),
            )
            self.assertEqual(edges, expected, (one, two))

    def test_union_with_itself(self):
        for box in BOXES:
            self.assertEqual(box.union(box), box)

    def test_union_is_symmetric(self):
        for one, two in itertools.combinations(BOXES, 2):
            self.assertEqual(one.union(two), two.union(one))

    def test_united_tiles_are_the_box(self):
        tiles = split(Box(0, 0, 8, 16), 2, 4)
        whole = tiles[0]
        for tile in tiles[1:]:
            whole = whole.union(tile)
        self.assertEqual(whole, Box(0, 0, 8, 16))

    def test_intersection_and_union(self):
        one, two = Box(0, 0, 10, 50), Box(5, 20, 30, 60)
        self.assertEqual(one.union(two).intersection(one), one)
        self.assertEqual(one.intersection(two), Box(5, 20, 10, 50))

    def test_empty_box(self):
        with self.assertRaises(ValueError):
            Box(0, 10, 5, 9)
