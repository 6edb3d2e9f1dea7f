import unittest

from keepsake import LruCache, memoize


class LruTest(unittest.TestCase):
    def setUp(self):
        self.cache = LruCache(2)
        self.cache.put("a", 1)
        self.cache.put("b", 2)

    def test_oldest_goes(self):
        self.assertEqual(self.cache.put("c", 3), "a")
        self.assertEqual(self.cache.keys(), ["b", "c"])

    def test_reading_is_a_use(self):
        self.cache.get("a")
        self.assertEqual(self.cache.put("c", 3), "b")

    def test_writing_is_a_use(self):
        self.cache.put("a", 10)
        self.assertEqual(self.cache.put("c", 3), "b")
        self.assertEqual(self.cache.get("a"), 10)

    def test_counts(self):
        self.cache.get("a")
        self.cache.get("z")
        self.assertEqual((self.cache.hits, self.cache.misses), (1, 1))

    def test_memoize(self):
        calls = []
        square = memoize(2)(lambda n: calls.append(n) or n * n)
        self.assertEqual([square(3), square(3)], [9, 9])
        self.assertEqual(calls, [3])


if __name__ == "__main__":
    unittest.main()
