import unittest

from mailhead import Headers, dump, parse

NAMES = ["Set-Cookie", "set-cookie", "SET-COOKIE", "sEt-cOoKiE"]


class HeadersTest(unittest.TestCase):
    def setUp(self):
        self.headers = Headers([("Host", "h"), ("Set-Cookie", "a"), ("SET-cookie", "b")])

    def test_set(self):
        for name in NAMES:
            self.headers.set(name, "c")
            self.assertEqual(list(self.headers), [("Host", "h"), (name, "c")])

    def test_delete(self):
        for name in NAMES:
            headers = Headers(self.headers)
            del headers[name]
            self.assertEqual(list(headers), [("Host", "h")])

    def test_get_all(self):
        for name in NAMES:
            self.assertEqual(self.headers.get_all(name), ["a", "b"])

    def test_in(self):
        for name in NAMES:
            self.assertTrue(name in self.headers)
        self.assertFalse("cookie" in self.headers)

    def test_get(self):
        for name in NAMES:
            self.assertEqual(self.headers[name], "a")
            self.assertEqual(self.headers.get(name), "a")

    def test_names_keep_their_case(self):
        self.headers.add("host", "i")
        self.assertEqual(dump(self.headers), "Host: h\nSet-Cookie: a\nSET-cookie: b\nhost: i\n")

    def test_other_names_stay(self):
        del self.headers["hos"]
        del self.headers["Set"]
        self.assertEqual(len(self.headers), 3)
        self.assertEqual(self.headers.get_all("Set"), [])

    def test_parsed(self):
        headers = parse("content-TYPE: text/plain;\n charset=utf-8\nX: 1\n")
        headers.set("Content-Type", "text/html")
        self.assertEqual(dump(headers), "X: 1\nContent-Type: text/html\n")
