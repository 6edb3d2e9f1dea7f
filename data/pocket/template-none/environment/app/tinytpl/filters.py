"""What can stand after a | in a template."""


def text(value):
    """How a value is written into the page."""
    return str(value)


def upper(value):
    return text(value).upper()


def title(value):
    return text(value).title()


def default(value, fallback):
    """`fallback` where there is no value; zero and False are values."""
    return fallback if value is None else value


def join(value, separator=", "):
    return separator.join(text(item) for item in value)


FILTERS = {"upper": upper, "title": title, "default": default, "join": join}
