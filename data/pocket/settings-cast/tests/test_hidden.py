import unittest

from dotset import BadValue, MissingSetting, Settings, SettingsError


class SettingsTest(unittest.TestCase):
    def setUp(self):
        self.settings = Settings.parse("PORT=80b0\nRATE=fast\nDEBUG=maybe\nTAGS=[1,\nN = 7\n")

    def test_every_kind_is_checked(self):
        kinds = {"PORT": "integer", "RATE": "number", "DEBUG": "boolean", "TAGS": "json"}
        for key, kind in kinds.items():
            with self.assertRaises(BadValue) as caught:
                self.settings.get(key, kind)
            self.assertEqual(caught.exception.key, key)
            self.assertIn(f"is not a valid {kind}", str(caught.exception))

    def test_a_default_hides_no_bad_value(self):
        with self.assertRaises(BadValue):
            self.settings.get("PORT", "integer", 80)

    def test_unknown_kind_is_a_mistake_of_the_program(self):
        with self.assertRaises(KeyError) as caught:
            self.settings.get("N", "int")
        self.assertNotIsInstance(caught.exception, SettingsError)

    def test_missing_is_not_bad(self):
        with self.assertRaises(MissingSetting):
            self.settings.get("HOST", "integer")
        self.assertIsNone(self.settings.get("HOST", "integer", None))

    def test_good_values(self):
        settings = Settings.parse('A=-3\nB=2.5\nC=YES\nD={"x": [1]}\nE= a=b \n')
        kinds = ["integer", "number", "boolean", "json", "text"]
        values = [settings.get(key, kind) for key, kind in zip("ABCDE", kinds)]
        self.assertEqual(values, [-3, 2.5, True, {"x": [1]}, "a=b"])
