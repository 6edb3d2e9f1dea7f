import unittest

from weblink import join, links

PAGE = "https://example.org/docs/guide/intro.html?v=2"


class JoinTest(unittest.TestCase):
    def test_neighbour(self):
        self.assertEqual(join(PAGE, "setup.html"), "https://example.org/docs/guide/setup.html")

    def test_from_the_root(self):
        self.assertEqual(join(PAGE, "/about"), "https://example.org/about")

    def test_other_host_and_absolute(self):
        self.assertEqual(join(PAGE, "//cdn.test/x.js"), "https://cdn.test/x.js")
        self.assertEqual(join(PAGE, "mailto:ada@example.org"), "mailto:ada@example.org")

    def test_query_and_fragment(self):
        self.assertEqual(join(PAGE, "?v=3"), "https://example.org/docs/guide/intro.html?v=3")
        self.assertEqual(join(PAGE, "#top"), PAGE + "#top")

    def test_parent_folder(self):
        self.assertEqual(join(PAGE, "../api.html"), "https://example.org/docs/api.html")

    def test_links_are_listed_once(self):
        found = links(PAGE, ["a.html", "./a.html", "a.html#end"])
        self.assertEqual(found, ["https://example.org/docs/guide/a.html"])


if __name__ == "__main__":
    unittest.main()
