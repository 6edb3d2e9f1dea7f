"""What a broken project is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Project:
    """A project to repair. `hidden` is code that passes once it is really repaired."""

    files: dict[str, str]
    issue: str
    hidden: str = ""


_HEAD = "import unittest\n\n"


def write_tests(imports: str, *bodies: str) -> str:
    methods = "".join(
        f"\n    def test_{number}(self):\n"
        + "".join(f"        {line}\n" for line in body.split("\n"))
        for number, body in enumerate(bodies, 1)
    )
    return f"{_HEAD}{imports}\n\n\nclass Tests(unittest.TestCase):{methods}"
