import unittest

from weblink import join, links

BASE = "http://a/b/c/d;p?q"


class JoinTest(unittest.TestCase):
    def same(self, cases):
        for reference, expected in cases.items():
            self.assertEqual(join(BASE, reference), expected, reference)

    def test_rfc_3986_normal_examples(self):
        self.same(
            {
                "g": "http://a/b/c/g",
                "./g": "http://a/b/c/g",
                "g/": "http://a/b/c/g/",
                "/g": "http://a/g",
                "//g": "http://g",
                "?y": "http://a/b/c/d;p?y",
                "g?y#s": "http://a/b/c/g?y#s",
                ".": "http://a/b/c/",
                "./": "http://a/b/c/",
                "..": "http://a/b/",
                "../": "http://a/b/",
                "../g": "http://a/b/g",
                "../..": "http://a/",
                "../../": "http://a/",
                "../../g": "http://a/g",
            }
        )

    def test_never_above_the_root(self):
        self.same(
            {
                "../../../g": "http://a/g",
                "../../../../g": "http://a/g",
                "../../../..": "http://a/",
                "/../g": "http://a/g",
                "/..": "http://a/",
            }
        )

    def test_dots_in_the_middle(self):
        self.same(
            {
                "g/./h": "http://a/b/c/g/h",
                "g/../h": "http://a/b/c/h",
                "./g/.": "http://a/b/c/g/",
                "g/..": "http://a/b/c/",
                "/./x/../y/": "http://a/y/",
            }
        )

    def test_dots_within_names(self):
        self.same(
            {
                "g.": "http://a/b/c/g.",
                ".g": "http://a/b/c/.g",
                "..g": "http://a/b/c/..g",
                "a..b/v1.2": "http://a/b/c/a..b/v1.2",
                "...": "http://a/b/c/...",
            }
        )

    def test_query_and_fragment_are_left_alone(self):
        self.same(
            {
                "g?y/../x": "http://a/b/c/g?y/../x",
                "../g?y/./x#s/../x": "http://a/b/g?y/./x#s/../x",
            }
        )

    def test_page_without_path(self):
        self.assertEqual(join("http://a", "../g"), "http://a/g")
        self.assertEqual(join("http://a", "g"), "http://a/g")

    def test_links(self):
        self.assertEqual(links(BASE, ["x", "../c/x", "./x#s"]), ["http://a/b/c/x"])
