"""A small task folder in Harbor's format that the tests make: one wrong operator."""

from __future__ import annotations

from pathlib import Path

MODULE = '''"""Bounds."""


def clamp(value, low, high):
    """The value, kept within low and high."""
    if value > low:
        return low
    return min(value, high)
'''
FIXED = MODULE.replace("value > low", "value < low")
VISIBLE = """import unittest

from bounds import clamp


class Visible(unittest.TestCase):
    def test_inside(self):
        self.assertEqual(clamp(5, 0, 9), 5)

    def test_above(self):
        self.assertEqual(clamp(12, 0, 9), 9)


if __name__ == "__main__":
    unittest.main()
"""
GRADER = """#!/bin/bash
tests=${TESTS_DIR:-/tests} app=${APP_DIR:-/app} out=${VERIFIER_DIR:-/logs/verifier}
mkdir -p "$out" && echo 0 >"$out/reward.txt"
cd "$app" && python3 -c 'from bounds import clamp; assert clamp(-3, 0, 9) == 0; \
assert clamp(5, 0, 9) == 5' && echo 1 >"$out/reward.txt"
exit 0
"""


def write_task(folder: Path, *, grader: str = GRADER) -> Path:
    """Write the task folder and return it."""
    app = folder / "environment" / "app"
    app.mkdir(parents=True)
    (folder / "tests").mkdir()
    (folder / "task.toml").write_text(
        'version = "1.0"\n[verifier]\ntimeout_sec = 20\n[agent]\ntimeout_sec = 60\n'
    )
    (folder / "instruction.md").write_text(
        "clamp(5, 0, 9) gives 0 instead of 5. The project is in /app; run its tests with "
        "`python3 -m unittest -q`.\n"
    )
    (folder / "environment" / "Dockerfile").write_text(
        "FROM python:3.12-slim\nCOPY app/ /app/\nWORKDIR /app\n"
    )
    (app / "bounds.py").write_text(MODULE)
    (app / "test_bounds.py").write_text(VISIBLE)
    (folder / "tests" / "test.sh").write_text(grader)
    return folder
