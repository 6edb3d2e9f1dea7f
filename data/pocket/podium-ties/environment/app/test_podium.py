import unittest

from podium import Result, best_of, places, standings, winners


class StandingsTest(unittest.TestCase):
    def test_points_first(self):
        results = [Result("ada", 5, 90), Result("bob", 9, 95), Result("cy", 7, 10)]
        self.assertEqual([r.name for r in standings(results)], ["bob", "cy", "ada"])

    def test_faster_wins_with_equal_points(self):
        results = [Result("ada", 7, 90), Result("bob", 7, 60), Result("cy", 9, 99)]
        self.assertEqual([r.name for r in standings(results)], ["cy", "bob", "ada"])

    def test_best_result_counts(self):
        results = [Result("ada", 5, 90), Result("ada", 6, 99), Result("ada", 6, 80)]
        self.assertEqual(best_of(results), [Result("ada", 6, 80)])

    def test_shared_place(self):
        results = [Result("ada", 9, 1), Result("bob", 7, 5), Result("cy", 7, 5), Result("di", 1, 1)]
        self.assertEqual([place for place, _ in places(results)], [1, 2, 2, 4])

    def test_winners(self):
        results = [Result(name, points, 60) for name, points in [("a", 1), ("b", 2), ("c", 3)]]
        self.assertEqual(winners(results, medals=2), ["c", "b"])


if __name__ == "__main__":
    unittest.main()
