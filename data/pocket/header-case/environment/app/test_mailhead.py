import unittest

from mailhead import Headers, dump, parse

TEXT = """\
Subject: the plan
Received: from a
Received: from b,
  on Monday
Content-Type: text/plain
"""


class HeadersTest(unittest.TestCase):
    def setUp(self):
        self.headers = parse(TEXT)

    def test_any_case(self):
        self.assertEqual(self.headers["subject"], "the plan")
        self.assertEqual(self.headers.get("CONTENT-TYPE"), "text/plain")

    def test_all(self):
        self.assertEqual(self.headers.get_all("Received"), ["from a", "from b, on Monday"])

    def test_in(self):
        self.assertIn("Subject", self.headers)
        self.assertNotIn("To", self.headers)

    def test_set_replaces(self):
        self.headers.set("Received", "by c")
        self.assertEqual(self.headers.get_all("Received"), ["by c"])
        self.assertEqual(len(self.headers), 3)

    def test_missing(self):
        with self.assertRaises(KeyError):
            self.headers["To"]
        del self.headers["To"]

    def test_dump(self):
        self.assertEqual(dump(Headers([("A", "1"), ("b", "2")])), "A: 1\nb: 2\n")


if __name__ == "__main__":
    unittest.main()
