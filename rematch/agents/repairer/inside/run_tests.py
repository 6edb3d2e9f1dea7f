"""Runs a project's tests, with an edit or without, and reports what failed and where.

Sent into the sandbox as text and run there by its python3: standard library only, Python >= 3.8.
An edit is tried in a copy of the work folder; the folder itself changes only as `--keep` says.

    run_tests.py [--keep passing|always] [--cover] [--in-place] [--seconds N] [--cpu N]
                 [--shown N] COMMAND... <INPUT

COMMAND: `auto` (all test files: unittest and plain test functions), `python3 ...`, or anything
else for bash. INPUT: edits, each `@@ PATH:LINE`, then `-OLD` and `+NEW` lines; and further
tests, `check: CODE` or `raises NAME: CODE`. Output: one line `report: JSON`, then the end of
what the tests printed. Exit code: 0 if all tests passed, 1 if not, 2 if an edit does not fit.
"""

from __future__ import annotations

import importlib
import json
import os
import sys

FLAGS = {"cover", "in-place"}
MOST_CHARACTERS = 90_000


def main(arguments: list[str]) -> int:
    """Do what the command line and the input ask for."""
    trial_module = importlib.import_module("repairer_trial")
    options: dict[str, str] = {}
    while arguments and arguments[0].startswith("--"):
        flag = arguments.pop(0)[2:]
        options[flag] = "" if flag in FLAGS else arguments.pop(0)
    edits, checks = trial_module.read_input(sys.stdin.buffer.read())
    try:
        with trial_module.Trial("in-place" in options) as trial:
            trial.apply(edits)
            report, printed = trial_module.run(arguments, checks, options)
            where = os.getcwd() + os.sep
    except (ValueError, OSError) as error:
        sys.stdout.write(f"no run: {error}\n")
        return 2
    report["opaque"] = arguments[0] not in ("auto", "python3")
    report["in_place"] = trial.in_place
    passed = not report["failing"] and bool(report["ran"] or report["opaque"])
    keep = options.get("keep")
    report["kept"] = bool(edits) and (keep == "always" or (keep == "passing" and passed))
    if report["kept"]:
        for edit in edits:
            edit.apply()
    for part in ("kinds", "imported", "lines"):  # what is too long is cut by the sandbox
        if len(json.dumps(report)) > MOST_CHARACTERS:
            report[part] = {}
    text = f"report: {json.dumps(report)}\n{printed.replace(where, '')}"
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
