import unittest

from layercfg import Layers, merge


class MergeTest(unittest.TestCase):
    def test_nested(self):
        merged = merge({"db": {"host": "a", "port": 1}}, {"db": {"port": 2}})
        self.assertEqual(merged, {"db": {"host": "a", "port": 2}})

    def test_lists_are_replaced(self):
        self.assertEqual(merge({"tags": [1, 2]}, {"tags": [3]}), {"tags": [3]})

    def test_base_stays(self):
        base = {"debug": False, "db": {"port": 1}}
        merge(base, {"debug": True, "db": {"port": 2}})
        self.assertEqual(base, {"debug": False, "db": {"port": 1}})


class LayersTest(unittest.TestCase):
    def setUp(self):
        self.layers = Layers({"server": {"port": 80, "hosts": ["localhost"]}})

    def test_later_layers_win(self):
        self.layers.push("user", {"server": {"port": 8080}})
        self.assertEqual(self.layers.get("server.port"), 8080)
        self.assertEqual(self.layers.get("server.hosts"), ["localhost"])
        self.assertIsNone(self.layers.get("server.name"))

    def test_origin(self):
        self.layers.push("user", {"server": {"port": 8080}})
        self.assertEqual(self.layers.origin("server.port"), "user")
        self.assertEqual(self.layers.origin("server.hosts"), "defaults")

    def test_pop_restores(self):
        self.layers.push("user", {"server": {"port": 8080}})
        self.layers.resolved()
        self.layers.pop("user")
        self.assertEqual(self.layers.get("server.port"), 80)


if __name__ == "__main__":
    unittest.main()
