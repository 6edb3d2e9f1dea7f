r"""How a field is written, so that no tab or line end is within it.

    tab              \t
    line feed        \n
    carriage return  \r
    backslash        \\

Everything else stands for itself. Databases read and write the same format.
"""

_CODES = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\"}


def escape(text):
    """The field as it is written."""
    for char, code in _CODES.items():
        text = text.replace(char, code)
    return text


def unescape(field):
    """The text of a written field."""
    for char, code in reversed(_CODES.items()):
        field = field.replace(code, char)
    return field
