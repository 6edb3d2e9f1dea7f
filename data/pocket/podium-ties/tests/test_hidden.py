import itertools
import unittest

from podium import Result, places, standings, winners

FIELD = [
    Result("cy", 9, 99),
    Result("ada", 7, 60),
    Result("bob", 7, 60),
    Result("zoe", 7, 60),
    Result("di", 7, 61),
    Result("eve", 0, 1),
]


class StandingsTest(unittest.TestCase):
    def test_every_order_of_arrival(self):
        for arrival in itertools.permutations(FIELD[:5]):
            self.assertEqual(standings([*arrival, FIELD[5]]), FIELD)

    def test_time_only_among_equal_points(self):
        results = [Result("slow", 8, 500), Result("fast", 7, 1)]
        self.assertEqual(standings(results)[0].name, "slow")

    def test_names_only_among_equal_times(self):
        results = [Result("a", 7, 90), Result("b", 7, 60)]
        self.assertEqual([r.name for r in standings(results)], ["b", "a"])

    def test_names_run_from_a_to_z(self):
        results = [Result(name, 1, 1) for name in ("mo", "al", "zed", "bo")]
        self.assertEqual([r.name for r in standings(results)], ["al", "bo", "mo", "zed"])

    def test_negative_points_and_zero(self):
        results = [Result("a", -1, 5), Result("b", 0, 9), Result("c", -1, 4)]
        self.assertEqual([r.name for r in standings(results)], ["b", "c", "a"])

    def test_places(self):
        found = [(place, r.name) for place, r in places(reversed(FIELD))]
        expected = [(1, "cy"), (2, "ada"), (2, "bob"), (2, "zoe"), (5, "di"), (6, "eve")]
        self.assertEqual(found, expected)
        self.assertEqual(winners(FIELD), ["cy", "ada", "bob", "zoe"])

    def test_only_the_best_of_each(self):
        results = [Result("ada", 7, 60), Result("ada", 7, 50), Result("bob", 7, 55)]
        self.assertEqual([r.seconds for r in standings(results)], [50, 55])

    def test_nobody(self):
        self.assertEqual(standings([]), [])
        self.assertEqual(winners([]), [])
