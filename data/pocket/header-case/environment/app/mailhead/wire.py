"""Headers as they are sent."""

from mailhead.headers import Headers


def parse(text):
    """Read "Name: value" lines; an indented line goes on with the one before."""
    lines = []
    for line in text.splitlines():
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += " " + line.strip()
        elif line:
            lines.append(line)
    headers = Headers()
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"not a header: {line!r}")
        headers.add(name.strip(), value.strip())
    return headers


def dump(headers):
    """The headers as text, one line each."""
    return "".join(f"{name}: {value}\n" for name, value in headers)
