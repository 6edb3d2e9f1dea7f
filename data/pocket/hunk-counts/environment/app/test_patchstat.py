import unittest

from patchstat import FileStat, parse, table

TWO_HUNKS = """\
--- a/notes.txt
+++ b/notes.txt
@@ -1,3 +1,3 @@
 one
-two
+zwei
 three
@@ -10,2 +10,3 @@
 ten
+ten and a half
 eleven
"""
ONE_LINER = """\
--- a/VERSION
+++ b/VERSION
@@ -1 +1 @@
-1.0
+1.1
"""
SQL = """\
--- a/schema.sql
+++ b/schema.sql
@@ -4,3 +4,2 @@
 create table t;
--- old comment
 create table u;
"""


class ParseTest(unittest.TestCase):
    def test_two_hunks(self):
        self.assertEqual(parse(TWO_HUNKS), [FileStat("notes.txt", 2, 1)])

    def test_file_of_one_line(self):
        self.assertEqual(parse(ONE_LINER), [FileStat("VERSION", 1, 1)])

    def test_removed_line_that_looks_like_a_header(self):
        self.assertEqual(parse(SQL), [FileStat("schema.sql", 0, 1)])

    def test_nothing(self):
        self.assertEqual(table(parse("")), "no changes")

    def test_table(self):
        lines = table(parse(TWO_HUNKS + SQL)).splitlines()
        self.assertEqual(lines[0], "notes.txt  | 3 ++-")
        self.assertEqual(lines[-1], "2 files, +2 -2")


if __name__ == "__main__":
    unittest.main()
