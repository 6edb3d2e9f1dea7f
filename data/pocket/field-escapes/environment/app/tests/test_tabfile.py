import unittest

from tabfile import dumps, loads, records, unescape


class TableTest(unittest.TestCase):
    def test_plain(self):
        self.assertEqual(dumps([["a", "b"], ["c", ""]]), "a\tb\nc\t\n")
        self.assertEqual(loads("a\tb\nc\t\n"), [["a", "b"], ["c", ""]])

    def test_tabs_and_lines_come_back(self):
        rows = [["one\ttwo", "three\nfour"], ["five\r\nsix", ""]]
        self.assertEqual(loads(dumps(rows)), rows)

    def test_one_line_a_row(self):
        self.assertEqual(dumps([["a\nb"], ["c"]]).count("\n"), 2)

    def test_written_elsewhere(self):
        self.assertEqual(unescape(r"one\ttwo"), "one\ttwo")

    def test_records(self):
        content = "name\tage\nada\t36\nbob\n"
        self.assertEqual(records(content), [{"name": "ada", "age": "36"}, {"name": "bob"}])
        self.assertEqual(records(""), [])


if __name__ == "__main__":
    unittest.main()
