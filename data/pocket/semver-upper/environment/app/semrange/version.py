"""Versions of three numbers."""

import re
from dataclasses import dataclass

_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?$")


@dataclass(frozen=True, order=True)
class Version:
    """major.minor.patch, ordered by number."""

    major: int
    minor: int = 0
    patch: int = 0

    @classmethod
    def parse(cls, text):
        """Read "1.2.3"; parts left out are zero and a leading v is ignored."""
        match = _VERSION.match(text.strip())
        if not match:
            raise ValueError(f"not a version: {text!r}")
        return cls(*(int(part or 0) for part in match.groups()))

    def next_major(self):
        return Version(self.major + 1)

    def next_minor(self):
        return Version(self.major, self.minor + 1)

    def next_patch(self):
        return Version(self.major, self.minor, self.patch + 1)

    def __str__(self):
        return f"{self.major}.{self.minor}.{self.patch}"
