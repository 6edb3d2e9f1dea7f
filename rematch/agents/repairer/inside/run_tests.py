"""Runs a project's tests, with a patch, with several in turn or with none, and reports what failed.

Sent into the sandbox as text and run there by its python3: standard library only, Python >= 3.8.
A patch is tried in a copy of the work folder; the folder itself changes only as `--keep` says.

    run_tests.py [--keep passing|always] [--cover] [--in-place] [--seconds N] [--cpu N]
                 [--shown N] COMMAND... <INPUT

COMMAND: `auto` (all test files: unittest and plain test functions), `python3 ...`, or anything
else for bash. INPUT: edits, each `@@ PATH:LINE`, then `-OLD` and `+NEW` lines, an empty line
between patches; and further tests, `check: CODE` or `raises NAME: CODE`. Output, for each patch up
to the first that is kept: one line `report: JSON`, then the end of what the tests printed; or one
line `no run: REASON`. Exit code, of the last run: 0 if all tests passed, 1 if not, 2 if a patch
does not fit.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys

TYPE_CHECKING = False  # as typing has it, whose import would cost 3 ms of each run
if TYPE_CHECKING:
    from typing import Any

    from rematch.agents.repairer.inside.repairer_trial import Edit

FLAGS = {"cover", "in-place"}
MOST_CHARACTERS = 90_000


def main(arguments: list[str]) -> int:
    """Do what the command line and the input ask for."""
    trial_module = importlib.import_module("repairer_trial")
    options: dict[str, str] = {}
    while arguments and arguments[0].startswith("--"):
        flag = arguments.pop(0)[2:]
        options[flag] = "" if flag in FLAGS else arguments.pop(0)
    patches, checks = trial_module.read_patches(sys.stdin.buffer.read())
    trial_module.load_ahead(arguments)
    code = 1
    for edits in patches:
        try:
            report, printed = try_patch(edits, arguments, checks, options)
        except (ValueError, OSError) as error:
            code, text = 2, f"no run: {error}\n"
        else:
            code, text = int(not report["passed"]), write_report(report, printed)
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.flush()
        if code != 2 and report["kept"]:
            break
    return code


def try_patch(
    edits: list[Edit], command: list[str], checks: list[str], options: dict[str, str]
) -> tuple[dict[str, Any], str]:
    """Run the tests with the edits, and make them in the work folder if they shall be kept."""
    trial_module = importlib.import_module("repairer_trial")
    with trial_module.Trial("in-place" in options) as trial:
        trial.apply(edits)
        report, printed = trial_module.run(command, checks, options)
        where = os.getcwd() + os.sep
    report["opaque"] = command[0] not in ("auto", "python3")
    report["in_place"] = trial.in_place
    report["passed"] = not report["failing"] and bool(report["ran"] or report["opaque"])
    keep = options.get("keep")
    report["kept"] = bool(edits) and (keep == "always" or (keep == "passing" and report["passed"]))
    if report["kept"]:
        for edit in edits:
            edit.apply()
    return report, printed.replace(where, "")


def write_report(report: dict[str, Any], printed: str) -> str:
    """The report in one line, and what was printed, in which no line looks like one."""
    for part in ("kinds", "imported", "lines"):  # what is too long is cut by the sandbox
        if len(json.dumps(report)) > MOST_CHARACTERS:
            report[part] = {}
    told = re.sub(r"^(?=report: |no run: )", " ", printed, flags=re.MULTILINE)
    return f"report: {json.dumps(report)}\n" + (f"{told.rstrip()}\n" if told.strip() else "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
