"""Print every figure beside its bar; a missed one says SHORT. Arguments choose groups."""

from __future__ import annotations

import importlib
import os
import sys

GROUPS = (
    *("selection", "grading", "votes", "tokens", "stopping", "ledger", "memory", "agents"),
    "flow",
)
"""Modules here whose `measure` returns figures."""


def main(names: list[str]) -> None:
    """Measure and print."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    os.environ.setdefault("OPENAI_API_KEY", "none")
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        sys.exit(f"no such group: {', '.join(unknown)} (there are {', '.join(GROUPS)})")
    for name in names or GROUPS:
        group = importlib.import_module(f"bench.{name}")
        if name == "grading" and (fault := group.find_fault()):
            sys.stdout.write(f"grading: left out: {fault}\n")
            continue
        for figure in group.measure():
            sys.stdout.write(figure.show() + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
