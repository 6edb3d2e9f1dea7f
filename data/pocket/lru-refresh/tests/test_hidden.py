import unittest

from keepsake import LruCache, memoize


def filled(*keys, capacity=3):
    cache = LruCache(capacity)
    for key in keys:
        cache.put(key, key.upper())
    return cache


class LruTest(unittest.TestCase):
    def test_writing_again_is_a_use(self):
        cache = filled("a", "b", "c", "a")
        self.assertEqual(cache.keys(), ["b", "c", "a"])
        self.assertEqual(cache.put("d", 1), "b")

    def test_writing_the_newest_changes_nothing(self):
        self.assertEqual(filled("a", "b", "c", "c").keys(), ["a", "b", "c"])

    def test_writing_again_evicts_nobody(self):
        cache = filled("a", "b", "c")
        self.assertIsNone(cache.put("b", 5))
        self.assertEqual((len(cache), cache.peek("b")), (3, 5))

    def test_writing_is_not_counted(self):
        cache = filled("a", "b", "a", "c", "d")
        self.assertEqual((cache.hits, cache.misses), (0, 0))

    def test_looking_is_no_use(self):
        cache = filled("a", "b", "c")
        self.assertTrue("a" in cache)
        self.assertEqual(cache.peek("a"), "A")
        self.assertIsNone(cache.peek("z"))
        self.assertEqual(cache.put("d", 1), "a")

    def test_reading_is_a_use(self):
        cache = filled("a", "b", "c")
        self.assertEqual(cache.get("a"), "A")
        self.assertEqual(cache.get("z", 0), 0)
        self.assertEqual(cache.keys(), ["b", "c", "a"])
        self.assertEqual((cache.hits, cache.misses), (1, 1))

    def test_none_is_a_value(self):
        cache = filled("a")
        cache.put("a", None)
        self.assertIsNone(cache.get("a", 1))
        self.assertEqual(cache.hits, 1)

    def test_capacity_of_one(self):
        cache = filled("a", capacity=1)
        self.assertEqual(cache.put("b", 1), "a")
        self.assertEqual(cache.keys(), ["b"])

    def test_forget(self):
        cache = filled("a", "b")
        cache.forget("a")
        cache.forget("z")
        self.assertEqual(cache.keys(), ["b"])

    def test_memoize(self):
        double = memoize(2)(lambda n: n * 2)
        self.assertEqual([double(1), double(2), double(1), double(3)], [2, 4, 2, 6])
        self.assertEqual(double.cache.keys(), [(1,), (3,)])
