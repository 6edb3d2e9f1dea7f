import unittest

from dotset import BadValue, MissingSetting, Settings

TEXT = """
# the server
HOST = localhost
PORT = 8080
DEBUG = off
DB_NAME = main
"""


class SettingsTest(unittest.TestCase):
    def setUp(self):
        self.settings = Settings.parse(TEXT)

    def test_kinds(self):
        self.assertEqual(self.settings.get("HOST"), "localhost")
        self.assertEqual(self.settings.get("PORT", "integer"), 8080)
        self.assertIs(self.settings.get("DEBUG", "boolean"), False)

    def test_default(self):
        self.assertEqual(self.settings.get("WORKERS", "integer", 4), 4)

    def test_missing(self):
        with self.assertRaises(MissingSetting):
            self.settings.get("WORKERS", "integer")

    def test_bad_value_names_the_setting(self):
        with self.assertRaises(BadValue) as caught:
            self.settings.get("HOST", "integer")
        self.assertEqual(str(caught.exception), "HOST='localhost' is not a valid integer")

    def test_section(self):
        self.assertEqual(self.settings.section("DB_").get("NAME"), "main")


if __name__ == "__main__":
    unittest.main()
