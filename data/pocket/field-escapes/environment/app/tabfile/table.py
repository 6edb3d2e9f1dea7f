"""Whole tables."""

from tabfile.escapes import escape, unescape


def dumps(rows):
    """Rows of texts as the content of a file."""
    return "".join("\t".join(escape(field) for field in row) + "\n" for row in rows)


def loads(content):
    """The rows in a file's content, each as long as its line has fields."""
    lines = content.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [[unescape(field) for field in line.split("\t")] for line in lines]


def records(content):
    """Rows as dicts, named by the first row; short rows lack their last names."""
    rows = loads(content)
    if not rows:
        return []
    names, *rest = rows
    return [dict(zip(names, row)) for row in rest]
