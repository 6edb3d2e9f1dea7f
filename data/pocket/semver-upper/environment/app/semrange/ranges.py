"""Requirements such as "^1.2, <1.8" as half-open ranges of versions."""

import re
from dataclasses import dataclass

from semrange.version import Version

_CLAUSE = re.compile(r"(\^|~|>=|<=|==|<)?\s*(.+)$")
ZERO = Version(0)


@dataclass(frozen=True)
class Range:
    """Versions from `lower` up to, but not including, `upper` (None: without end)."""

    lower: Version
    upper: Version | None = None

    def __contains__(self, version):
        if version < self.lower:
            return False
        return self.upper is None or version <= self.upper


def caret(version):
    """^: changes that leave the first non-zero number alone."""
    if version.major:
        return Range(version, version.next_major())
    if version.minor:
        return Range(version, version.next_minor())
    return Range(version, version.next_patch())


_RANGES = {
    "^": caret,
    "~": lambda version: Range(version, version.next_minor()),
    ">=": lambda version: Range(version),
    "<=": lambda version: Range(ZERO, version.next_patch()),
    "<": lambda version: Range(ZERO, version),
    "==": lambda version: Range(version, version.next_patch()),
}


def parse_range(clause):
    """The range of one clause; a bare version means exactly that version."""
    operator, version = _CLAUSE.match(clause.strip()).groups()
    return _RANGES[operator or "=="](Version.parse(version))


def matches(requirement, version):
    """Whether `version` satisfies every clause of a requirement such as "^1.2, <1.8"."""
    wanted = Version.parse(version)
    return all(wanted in parse_range(clause) for clause in requirement.split(","))


def best(requirement, versions):
    """The newest of `versions` that satisfies the requirement, or None."""
    fitting = [version for version in versions if matches(requirement, version)]
    return max(fitting, key=Version.parse, default=None)
