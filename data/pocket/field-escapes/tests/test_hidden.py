import itertools
import unittest

from tabfile import dumps, escape, loads, records, unescape


class EscapeTest(unittest.TestCase):
    def test_written_form(self):
        self.assertEqual(escape("a\tb"), r"a\tb")
        self.assertEqual(escape("a\nb\r"), r"a\nb\r")
        self.assertEqual(escape("a\\b"), r"a\\b")
        self.assertEqual(escape(r"C:\temp"), r"C:\\temp")
        self.assertEqual(escape("\\\t"), "\\\\\\t")

    def test_reading(self):
        self.assertEqual(unescape(r"a\tb\nc\rd"), "a\tb\nc\rd")
        self.assertEqual(unescape(r"C:\\temp\\new"), r"C:\temp\new")
        self.assertEqual(unescape("\\\\\\t"), "\\\t")
        self.assertEqual(unescape("\\\\\\\\t"), "\\\\t")

    def test_every_short_text_comes_back(self):
        for length in range(1, 6):
            for letters in itertools.product("\\tn\t", repeat=length):
                text = "".join(letters)
                self.assertEqual(unescape(escape(text)), text)

    def test_carriage_returns(self):
        for text in ("\\r", "\r\n", "\\\r", "r\\\\r\r"):
            self.assertEqual(unescape(escape(text)), text)

    def test_nothing_separates_within_a_field(self):
        self.assertFalse(set(escape("\t\n\r\\\t")) & set("\t\n\r"))

    def test_plain_text_stands_for_itself(self):
        text = "tnr \u2028 é \"quoted\", /slash/ 100%"
        self.assertEqual(escape(text), text)
        self.assertEqual(unescape(text), text)

    def test_tables(self):
        rows = [["path", "note"], [r"C:\temp\new.txt", "a\tb\\"], ["\\", "\\\n"]]
        self.assertEqual(loads(dumps(rows)), rows)
        self.assertEqual(records(dumps(rows))[1], {"path": "\\", "note": "\\\n"})
