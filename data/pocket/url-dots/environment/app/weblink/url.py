"""A URL in its five parts (RFC 3986, appendix B)."""

import re
from dataclasses import dataclass

_PARTS = re.compile(r"(?:([a-zA-Z][\w+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$")


@dataclass(frozen=True)
class Url:
    """The parts of a URL; None is a part that is absent, "" one that is empty."""

    scheme: str | None
    host: str | None
    path: str
    query: str | None
    fragment: str | None

    @classmethod
    def parse(cls, text):
        return cls(*_PARTS.match(text).groups())

    def __str__(self):
        text = self.path
        if self.host is not None:
            text = f"//{self.host}{text}"
        if self.scheme is not None:
            text = f"{self.scheme}:{text}"
        if self.query is not None:
            text += f"?{self.query}"
        if self.fragment is not None:
            text += f"#{self.fragment}"
        return text
