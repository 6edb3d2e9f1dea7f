import unittest

from tinytpl import TemplateError, render


class RenderTest(unittest.TestCase):
    def test_plain_and_nested(self):
        context = {"user": {"name": "ada", "langs": ["en", "fr"]}}
        template = "Hi {{ user.name|title }} ({{user.langs|join}})"
        self.assertEqual(render(template, context), "Hi Ada (en, fr)")

    def test_missing_value_is_left_blank(self):
        self.assertEqual(render("City: {{ user.city }}.", {"user": {"city": None}}), "City: .")

    def test_missing_value_stays_blank_through_a_filter(self):
        self.assertEqual(render("[{{ code|upper }}]", {}), "[]")

    def test_default(self):
        self.assertEqual(render('{{ city|default:"unknown" }}', {}), "unknown")

    def test_numbers(self):
        self.assertEqual(render("{{ count }} new", {"count": 3}), "3 new")

    def test_unknown_filter(self):
        with self.assertRaises(TemplateError):
            render("{{ a|shout }}", {"a": 1})


if __name__ == "__main__":
    unittest.main()
