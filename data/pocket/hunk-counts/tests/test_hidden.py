import unittest

from patchstat import FileStat, parse, table

CREATED = "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1,2 @@\n+a\n+b\n"
CREATED_LINE = "--- /dev/null\n+++ b/line.txt\n@@ -0,0 +1 @@\n+a\n"
DELETED = "--- a/gone.txt\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"
DELETED_LINE = "--- a/line.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
ONE = "--- a/VERSION\n+++ b/VERSION\n@@ -1 +1 @@\n-1.0\n+1.1\n"
GROWN = "--- a/VERSION\n+++ b/VERSION\n@@ -1 +1,3 @@\n 1.0\n+x\n+y\n"
SHRUNK = "--- a/VERSION\n+++ b/VERSION\n@@ -1,3 +1 @@\n-x\n 1.0\n-y\n"


class ParseTest(unittest.TestCase):
    def test_one_line(self):
        self.assertEqual(parse(ONE), [FileStat("VERSION", 1, 1)])

    def test_one_line_on_one_side(self):
        self.assertEqual(parse(GROWN), [FileStat("VERSION", 2, 0)])
        self.assertEqual(parse(SHRUNK), [FileStat("VERSION", 0, 2)])

    def test_zero_lines_are_zero(self):
        self.assertEqual(parse(CREATED + ONE), [FileStat("new.txt", 2, 0), FileStat("VERSION", 1, 1)])
        self.assertEqual(parse(DELETED + ONE), [FileStat("gone.txt", 0, 2), FileStat("VERSION", 1, 1)])

    def test_created_and_deleted_lines(self):
        both = [FileStat("line.txt", 1, 0), FileStat("line.txt", 0, 1)]
        self.assertEqual(parse(CREATED_LINE + DELETED_LINE), both)

    def test_many_files(self):
        names = [file.name for file in parse(ONE + GROWN + CREATED + SHRUNK + DELETED)]
        self.assertEqual(names, ["VERSION", "VERSION", "new.txt", "VERSION", "gone.txt"])

    def test_lines_that_look_like_headers(self):
        diff = "--- a/q.sql\n+++ b/q.sql\n@@ -1 +1 @@\n--- old\n+++ new\n"
        self.assertEqual(parse(diff + ONE), [FileStat("q.sql", 1, 1), FileStat("VERSION", 1, 1)])

    def test_no_newline_marker(self):
        mark = "\\ No newline at end of file\n"
        diff = f"--- a/V\n+++ b/V\n@@ -1 +1 @@\n-1\n{mark}+2\n{mark}"
        self.assertEqual(parse(diff + ONE), [FileStat("V", 1, 1), FileStat("VERSION", 1, 1)])

    def test_text_between_files(self):
        diff = ONE + "diff --git a/x b/x\nindex 1..2\n" + GROWN
        self.assertEqual(table(parse(diff)).splitlines()[-1], "2 files, +3 -1")
