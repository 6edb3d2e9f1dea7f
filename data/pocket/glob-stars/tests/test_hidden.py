import unittest

from pathglob import match, select


class MatchTest(unittest.TestCase):
    def check(self, pattern, yes, no):
        for path in yes.split():
            self.assertTrue(match(pattern, path), (pattern, path))
        for path in no.split():
            self.assertFalse(match(pattern, path), (pattern, path))

    def test_in_the_middle(self):
        self.check(
            "src/**/main.py",
            "src/main.py src/a/main.py src/a/b/c/main.py",
            "main.py srcmain.py src/xmain.py src/a/xmain.py asrc/main.py src/main.pyc a/src/main.py",
        )

    def test_at_the_beginning(self):
        self.check("**/main.py", "main.py a/main.py a/b/main.py", "xmain.py a/xmain.py main.py/a")

    def test_at_the_end(self):
        self.check("docs/**", "docs/a docs/a/b.png docs/.hidden", "docs docsa x/docs/a")

    def test_alone(self):
        self.check("**", "a a/b a/b/c.txt", "")

    def test_with_other_wildcards(self):
        self.check("**/*.py", "a.py x/a.py x/y/a.py", "a.txt x/apy x/a.py/b")
        self.check("a/**/b?/[cd]", "a/b1/c a/x/b2/d a/x/y/b3/c", "a/b/c a/b1/e a/b1/x/c")

    def test_several(self):
        self.check("a/**/b/**/c", "a/b/c a/x/b/c a/b/y/z/c a/x/b/y/c", "a/c a/b a/xb/c b/c")
        self.check("**/x/**", "x/a a/x/b a/b/x/c/d", "x a/x xx/a")
        self.check("a/**/**/b", "a/b a/x/b a/x/y/b", "ab a/xb")

    def test_within_a_name(self):
        self.check("a**b", "ab axb axxb", "a/b ax/yb")
        self.check("a**/b", "a/b ax/b", "ax/y/b a/x/b")
        self.check("a/**b", "a/b a/xb", "a/x/b ab")

    def test_single_star_as_before(self):
        self.check("src/*", "src/a src/.b", "src/a/b src")
        self.check("*/a", "x/a", "a x/y/a")
        self.check("[!x]*", "abc", "xbc /a")

    def test_select(self):
        paths = ["a.py", "lib/b.py", "lib/test/c.py", "lib/test/d.txt"]
        self.assertEqual(select(["**/*.py", "!lib/**", "lib/test/*"], paths), ["a.py", "lib/test/c.py", "lib/test/d.txt"])
