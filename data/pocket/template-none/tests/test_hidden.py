import unittest
from types import SimpleNamespace

from tinytpl import TemplateError, render


class RenderTest(unittest.TestCase):
    def test_none_is_blank(self):
        self.assertEqual(render("<{{ a }}>", {"a": None}), "<>")
        self.assertEqual(render("<{{ a.b.c }}>", {"a": None}), "<>")
        self.assertEqual(render("<{{ a.b }}>", {"a": SimpleNamespace(b=None)}), "<>")
        self.assertEqual(render("<{{ nothing }}>", {}), "<>")

    def test_none_is_blank_through_filters(self):
        self.assertEqual(render("<{{ a|upper }}><{{ a|title }}>", {}), "<><>")

    def test_falsy_values_are_values(self):
        context = {"zero": 0, "no": False, "rate": 0.0, "empty": "", "list": []}
        self.assertEqual(render("{{ zero }} {{ no }} {{ rate }}", context), "0 False 0.0")
        self.assertEqual(render("<{{ empty }}>{{ list }}", context), "<>[]")
        self.assertEqual(render("{{ no|upper }}", context), "FALSE")

    def test_default_needs_to_see_none(self):
        self.assertEqual(render('{{ a.city|default:"unknown" }}', {"a": {}}), "unknown")
        self.assertEqual(render('{{ a|default:"x"|upper }}', {"a": None}), "X")
        self.assertEqual(render('{{ a|default:"x" }}', {"a": 0}), "0")
        self.assertEqual(render('{{ a|default:"x" }}', {"a": ""}), "")

    def test_none_in_a_list(self):
        self.assertEqual(render('{{ a|join:"/" }}', {"a": [1, None, 0]}), "1//0")

    def test_the_word_none_is_a_text(self):
        self.assertEqual(render("{{ a }}", {"a": "None"}), "None")

    def test_unknown_filter(self):
        with self.assertRaises(TemplateError):
            render("{{ a|shout }}", {})
