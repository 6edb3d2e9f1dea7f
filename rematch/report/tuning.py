"""The page of `rematch optimize`: what is proven first, then figures, examples and the diff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rematch.report.text import one_line, plain

_SIDES = ("train", "validation", "test")
_MOST_ROWS = 200


def write_tuning(document: Mapping[str, Any]) -> str:
    """The report as Markdown.

    Args:
        document: the report as JSON holds it (`TuningReport.model_dump(mode="json")`).
    """
    parts = [f"# Tuned with {document['optimizer']} ({document['effort']})\n"]
    for target in document["targets"]:
        parts.append(f"## {target['target']}\n")
        parts += [f"**{plain(line)}**\n" for line in target["headline"]]
        parts.append(_write_sides(target))
        parts.append(_write_parts(target["comparisons"]))
        parts.append(_write_outcomes(target["comparisons"].get("test")))
        parts.append(_write_diff(target["diff"]))
    parts.append(_write_ways(document))
    return "\n".join(part for part in parts if part)


def headlines(document: Mapping[str, Any]) -> list[str]:
    """What to know first, one line each."""
    return [
        f"{target['target']}: {one_line(line, 400)}"
        for target in document["targets"]
        for line in target["headline"]
    ]


def _write_sides(target: Mapping[str, Any]) -> str:
    rows = [
        "| tasks | n | examples | before | after | gain | 95 % | wins | losses | p |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for side in _SIDES:
        one = target["comparisons"].get(side)
        if one is None:
            continue
        name = "**held-out test**" if side == "test" else side
        gain = one["gain"]
        rows.append(
            f"| {name} | {one['n_tasks']} | {one['n_examples']} | {one['before']['mean']:.3f} "
            f"| {one['after']['mean']:.3f} | {gain['mean']:+.3f} | {gain['low']:+.3f} .. "
            f"{gain['high']:+.3f} | {one['wins']} | {one['losses']} | {one['p']:.3g} |"
        )
    return "\n".join([*rows, f"\n{target['tried']} prompts were tried.\n"])


def _write_parts(comparisons: Mapping[str, Any]) -> str:
    test = comparisons.get("test")
    if not test or not test["parts"]:
        return ""
    rows = ["| held-out test | before | after |", "|---|---|---|"]
    for name, (before, after) in test["parts"].items():
        rows.append(f"| {name} | {_figure(before)} | {_figure(after)} |")
    return "\n".join([*rows, ""])


def _write_outcomes(test: Mapping[str, Any] | None) -> str:
    changed = [o for o in test["outcomes"] if o["before"] != o["after"]] if test else []
    if not changed:
        return ""
    rows = ["| held-out example | before | after | |", "|---|---|---|---|"]
    for one in changed[:_MOST_ROWS]:
        word = "win" if one["after"] > one["before"] else "loss"
        key = one_line(one["key"]).replace("|", "\\|")
        rows.append(f"| {key} | {one['before']:.2f} | {one['after']:.2f} | {word} |")
    if len(changed) > _MOST_ROWS:
        rows.append(f"\n{len(changed) - _MOST_ROWS} more stand in report.json.")
    return "\n".join([*rows, ""])


def _write_diff(diff: str) -> str:
    if not diff:
        return "The prompt is the start's.\n"
    text = plain(diff)
    bar = "`" * max(3, max(map(len, _runs(text)), default=0) + 1)
    return f"{bar}diff\n{text}\n{bar}\n"


def _write_ways(document: Mapping[str, Any]) -> str:
    models = ", ".join(f"{role}: {model}" for role, model in document["models"].items())
    lines = [
        "## How\n",
        f"seed {document['seed']}; {models}; {document['calls']:,} calls in all sessions",
    ]
    for target, sides in document["examples"].items():
        counts = ", ".join(f"{sides[side]} {side}" for side in _SIDES)
        lines.append(f"{target}: {counts} examples")
    lines.append(
        "Accuracy: means over tasks, 95 % by a bootstrap over tasks, paired. Wins and losses: "
        "examples; p: McNemar's, exact."
    )
    lines += [f"left out: {one_line(problem)}" for problem in document["problems"][:20]]
    return "\n\n".join(lines) + "\n"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _runs(text: str) -> list[str]:
    runs, run = [], ""
    for sign in text:
        run = run + sign if sign == "`" else ""
        runs.append(run)
    return runs
