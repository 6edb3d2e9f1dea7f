import copy
import unittest

from layercfg import Layers, merge

BASE = {"debug": False, "db": {"host": "a", "ports": [1]}, "log": {"to": ["err"]}}
OVER = {"db": {"host": "b"}, "mail": {"to": ["ada"]}, "paths": ["/x"]}


class MergeTest(unittest.TestCase):
    def setUp(self):
        self.base, self.over = copy.deepcopy(BASE), copy.deepcopy(OVER)
        self.merged = merge(self.base, self.over)

    def unchanged(self):
        self.assertEqual(self.base, BASE)
        self.assertEqual(self.over, OVER)

    def test_result(self):
        expected = {
            "debug": False,
            "db": {"host": "b", "ports": [1]},
            "log": {"to": ["err"]},
            "mail": {"to": ["ada"]},
            "paths": ["/x"],
        }
        self.assertEqual(self.merged, expected)
        self.unchanged()

    def test_untouched_part_of_the_base(self):
        self.merged["log"]["level"] = 1
        self.merged["log"]["to"].append("file")
        self.unchanged()

    def test_list_within_a_merged_part(self):
        self.merged["db"]["ports"].append(2)
        self.unchanged()

    def test_what_came_from_above(self):
        self.merged["mail"]["to"].append("bob")
        self.merged["mail"]["cc"] = []
        self.merged["paths"].clear()
        self.unchanged()

    def test_nothing_laid_over_or_under(self):
        merge(self.base, {})["db"]["ports"].append(2)
        merge({}, self.over)["mail"]["to"].append("bob")
        self.unchanged()

    def test_mapping_against_plain_value(self):
        self.assertEqual(merge({"a": {"b": 1}}, {"a": 2}), {"a": 2})
        self.assertEqual(merge({"a": 2}, {"a": {"b": 1}}), {"a": {"b": 1}})
        self.assertEqual(merge({"a": {"b": 1}}, {"a": None}), {"a": None})


class LayersTest(unittest.TestCase):
    def test_pop_restores(self):
        defaults = copy.deepcopy(BASE)
        layers = Layers(defaults)
        layers.push("system", copy.deepcopy(OVER))
        layers.push("user", {"db": {"ports": [7]}, "mail": {"cc": 1}})
        layers.resolved()["db"]["ports"].append(8)
        self.assertEqual(layers.get("db.ports"), [7])
        layers.pop("user")
        self.assertEqual(layers.get("db"), {"host": "b", "ports": [1]})
        self.assertEqual(layers.get("mail"), {"to": ["ada"]})
        self.assertEqual(defaults, BASE)

    def test_the_only_layer(self):
        layers = Layers(copy.deepcopy(BASE))
        layers.resolved()["log"]["to"].append("file")
        layers.get("db.ports").append(9)
        self.assertEqual(layers.resolved(), BASE)
