"""The page of a tuning: what is proven first, sides, parts, what changed, the diff."""

from __future__ import annotations

from typing import Any

from rematch.report.tuning import headlines, write_tuning


def figure(mean: float, low: float = 0.0, high: float = 1.0) -> dict[str, float]:
    return {"mean": mean, "low": low, "high": high}


def side(**over: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "n_tasks": 4,
        "n_examples": 9,
        "before": figure(0.5),
        "after": figure(0.75),
        "gain": figure(0.25, 0.125, 0.375),
        "wins": 5,
        "losses": 2,
        "p": 0.0123,
        "parts": {"parsed": (1.0, None)},
        "outcomes": [
            {"key": "t: a | b", "before": 0.0, "after": 1.0},
            {"key": "u: c d", "before": 1.0, "after": 0.5},
            {"key": "v: same", "before": 1.0, "after": 1.0},
        ],
    }
    return {**made, **over}


def document(**over: Any) -> dict[str, Any]:
    target: dict[str, Any] = {
        "target": "judge",
        "headline": ["On held-out tasks the accuracy rose: much."],
        "comparisons": {"train": side(), "validation": side(), "test": side()},
        "tried": 7,
        "diff": "--- start\n+++ tuned\n+Be strict.",
    }
    return {
        "optimizer": "gepa",
        "effort": "light",
        "seed": 3,
        "models": {"judge": "openai/m"},
        "calls": 1234,
        "examples": {"judge": {"train": 9, "validation": 9, "test": 9}},
        "problems": ["t/x: no label; left out"],
        "targets": [{**target, **over}],
    }


def test_what_is_proven_stands_before_every_figure() -> None:
    page = write_tuning(document(headline=["Stopped early: money.", "No gain proven: so it is."]))
    places = [page.index(text) for text in ("Stopped early", "No gain proven", "| tasks |", "diff")]
    assert places == sorted(places)


def test_each_side_has_its_row_and_the_test_stands_out() -> None:
    rows = write_tuning(document()).splitlines()
    expected = "| 4 | 9 | 0.500 | 0.750 | +0.250 | +0.125 .. +0.375 | 5 | 2 | 0.0123 |"
    assert f"| train {expected}" in rows
    assert f"| **held-out test** {expected}" in rows
    assert "7 prompts were tried." in rows
    assert "| parsed | 1.000 | - |" in rows


def test_examples_that_changed_are_listed_as_wins_and_losses() -> None:
    page = write_tuning(document())
    assert "| t: a \\| b | 0.00 | 1.00 | win |" in page
    assert "| u: c d | 1.00 | 0.50 | loss |" in page
    assert "v: same" not in page


def test_a_long_list_is_cut_and_says_so() -> None:
    many = [{"key": f"t{n}", "before": 0.0, "after": 1.0} for n in range(203)]
    page = write_tuning(document(comparisons={"test": side(outcomes=many)}))
    assert page.count("| win |") == 200
    assert "3 more stand in report.json." in page


def test_sides_that_were_not_measured_are_left_out() -> None:
    page = write_tuning(document(comparisons={}))
    assert "| train " not in page and "held-out test" not in page
    assert "On held-out tasks" in page


def test_a_prompt_cannot_break_out_of_its_fence_nor_reach_the_terminal() -> None:
    page = write_tuning(document(diff="+````\n+\x1b[2J# not a heading"))
    opening = next(line for line in page.splitlines() if line.endswith("diff"))
    assert opening == "`````diff"
    assert "\x1b" not in page
    assert "The prompt is the start's." in write_tuning(document(diff=""))


def test_how_it_was_made_is_told() -> None:
    page = write_tuning(document())
    assert "seed 3; judge: openai/m; 1,234 calls in all sessions" in page
    assert "judge: 9 train, 9 validation, 9 test examples" in page
    assert "left out: t/x: no label; left out" in page


def test_headlines_name_their_target_on_one_line_each() -> None:
    lines = headlines(document(headline=["No gain\nproven.", "The start stays."]))
    assert lines == ["judge: No gain proven.", "judge: The start stays."]
