"""What the SWE-bench harness' files say about a grading.

The harness itself answers None for a patch that does not apply, for a time-out and for whatever
else went wrong; its files tell them apart.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

FINAL = ("graded", "patch-failed", "timeout")
"""Outcomes that another grading with the same limits would repeat."""

_APPLY_FAILED = ">>>>> Patch Apply Failed"
_NEXT_ENTRY = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ - [A-Z]+ - ", re.MULTILINE)
_CHARACTERS = 2_000
_SHOWN = 5


def read_outcome(logs: Path, instance_id: str) -> tuple[str, float, str]:
    """Status, reward and detail of a grading that has ended.

    Args:
        logs: the folder with the harness' files.
        instance_id: names the instance in the report.
    """
    report = _read_json(logs / "report.json")
    if report is not None:
        return _read_report(report.get(instance_id, {}))
    log = _read_text(logs / "run_instance.log")
    # In this order: each file is written after the one before it.
    if (logs / "test_output.txt").exists():
        output = _read_text(logs / "test_output.txt")
        last = output.strip().rpartition("\n")[2]
        if last.startswith("Timeout error: "):
            seconds = last.removeprefix("Timeout error: ").removesuffix(" exceeded.")
            return "timeout", 0.0, f"the tests did not end within {seconds}"
    elif not (logs / "eval.sh").exists() and _APPLY_FAILED in log:
        why = _NEXT_ENTRY.split(log.partition(f"{_APPLY_FAILED}:")[2])[0].strip()
        return "patch-failed", 0.0, why[-_CHARACTERS:] or "the patch does not apply"
    lines = log.strip().splitlines()
    return "grader-failed", 0.0, (lines[-1] if lines else "the harness left no log")[-_CHARACTERS:]


def _read_report(report: dict[str, Any]) -> tuple[str, float, str]:
    if report.get("resolved") is True:
        return "graded", 1.0, ""
    tests = report.get("tests_status")
    if not isinstance(tests, dict):
        reason = report.get("infra_failure_reason")
        suspected = f" (the harness suspects: {reason})" if reason else ""
        return "graded", 0.0, f"the tests gave no result that can be read{suspected}"
    parts = []
    for kind in ("FAIL_TO_PASS", "PASS_TO_PASS"):
        failed, passed = tests[kind]["failure"], tests[kind]["success"]
        shown = ", ".join(failed[:_SHOWN]) + (", ..." if len(failed) > _SHOWN else "")
        part = f"{kind}: {len(passed)} of {len(failed) + len(passed)} pass"
        parts.append(f"{part}, not {shown}" if failed else part)
    return "graded", 0.0, "; ".join(parts)[:_CHARACTERS]


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return loaded if isinstance(loaded, dict) else None
