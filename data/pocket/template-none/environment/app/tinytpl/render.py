"""Fills a template from a context."""

import re
from collections.abc import Mapping

from tinytpl.filters import FILTERS, text

_TAG = re.compile(r"\{\{\s*(?P<path>[\w.]+)\s*(?P<filters>(?:\|[^|}]+)*)\}\}")


class TemplateError(ValueError):
    """The template asks for something that does not exist."""


def render(template, context):
    """Replace every {{ path|filter:argument }} of `template`.

    A path such as `user.city` walks through mappings and attributes; where it leads
    nowhere the value is None. None is written as nothing at all.

    Raises:
        TemplateError: a filter has no such name.
    """

    def fill(match):
        value = lookup(match["path"], context)
        for call in match["filters"].split("|")[1:]:
            value = _apply(call, value)
        return text(value)

    return _TAG.sub(fill, template)


def lookup(path, context):
    """The value at a dotted path, None if there is none."""
    value = context
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        else:
            value = getattr(value, part, None)
    return value


def _apply(call, value):
    name, colon, argument = call.partition(":")
    filter_ = FILTERS.get(name.strip())
    if filter_ is None:
        raise TemplateError(f"unknown filter {name.strip()!r}")
    arguments = [argument.strip().strip('"')] if colon else []
    return filter_(value, *arguments)
