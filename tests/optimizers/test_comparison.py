"""Before and after: paired figures, exact p, the prompt's diff, and what is told first."""

from __future__ import annotations

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.optimizers.comparison import Comparison, Scored, compare, diff_prompts
from rematch.optimizers.splits import Side
from rematch.optimizers.tuning import Tuned
from rematch.optimizers.tuning_report import report_target
from rematch.programs.saved import SavedPredictor, dump_predictor
from rematch.signatures import CompareRollouts

Rows = list[tuple[str, float]]


def score(rows: Rows, **parts: float | None) -> list[Scored]:
    """One scored example per (task, accuracy)."""
    return [
        Scored(key=f"{task}: {n}", task_id=task, accuracy=value, score=value, parts=parts)
        for n, (task, value) in enumerate(rows)
    ]


def compare_rows(before: list[float], after: list[float], tasks: int | None = None) -> Comparison:
    """Examples of as many tasks, all of their own where nothing is said."""
    names = [f"t{n % (tasks or len(before))}" for n in range(len(before))]
    one, other = (list(zip(names, values, strict=True)) for values in (before, after))
    return compare(score(one), score(other), seed=0)


def test_wins_losses_and_their_exact_p() -> None:
    found = compare_rows([0, 0, 0, 0, 0, 0, 1, 1], [1, 1, 1, 1, 1, 1, 0, 1])
    assert (found.wins, found.losses) == (6, 1)
    assert found.p == pytest.approx(2 * (1 + 7) / 2**7)
    assert (found.before.mean, found.after.mean, found.gain.mean) == (0.25, 0.875, 0.625)
    assert [(o.before, o.after) for o in found.outcomes][6] == (1, 0)


def test_means_are_over_tasks_so_that_large_tasks_do_not_decide() -> None:
    rows = [("large", 0.0)] * 9 + [("small", 0.0)]
    better = [("large", 0.0)] * 9 + [("small", 1.0)]
    found = compare(score(rows), score(better), seed=0)
    assert (found.n_tasks, found.n_examples) == (2, 10)
    assert found.gain.mean == 0.5


def test_the_interval_is_of_the_pairs_and_not_of_the_two_means() -> None:
    before = [n % 2 for n in range(40)]
    found = compare_rows([float(b) for b in before], [max(0.0, b - 0.5) for b in before])
    assert found.gain.high < 0, "each pair differs one way, far as the means spread"
    same = compare_rows([float(b) for b in before], [float(b) for b in before])
    assert (same.gain.low, same.gain.mean, same.gain.high, same.p) == (0, 0, 0, 1)


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])),
        min_size=1,
        max_size=20,
    )
)
def test_swapping_before_and_after_swaps_everything(pairs: list[tuple[float, float]]) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    there, back = compare_rows(one, other, tasks=3), compare_rows(other, one, tasks=3)
    assert (there.wins, there.losses, there.p) == (back.losses, back.wins, back.p)
    assert there.gain.mean == pytest.approx(-back.gain.mean)
    assert there.gain.low <= there.gain.mean + 1e-9 and there.gain.mean <= there.gain.high + 1e-9
    assert there.gain.mean == pytest.approx(there.after.mean - there.before.mean)


def test_parts_are_averaged_over_what_is_known() -> None:
    rows: Rows = [("t", 1.0), ("u", 1.0)]
    after = score(rows, parsed=0.5)
    after[0] = after[0].model_copy(update={"parts": {"parsed": None}})
    found = compare(score(rows, parsed=1.0, extra=None), after, seed=0)
    assert found.parts == {"parsed": (1.0, 0.5), "extra": (None, None)}


def state(instruction: str, *demos: dspy.Example) -> SavedPredictor:
    predictor = dspy.Predict(CompareRollouts.with_instructions(instruction))
    predictor.demos = list(demos)
    return dump_predictor(predictor)


def test_the_diff_shows_lines_and_demonstrations() -> None:
    assert diff_prompts(state("Judge."), state("Judge.")) == ""
    lines = diff_prompts(state("Judge.\nBe fair."), state("Judge.\nBe strict.")).splitlines()
    assert lines[:2] == ["--- start", "+++ tuned"]
    assert "-Be fair." in lines and "+Be strict." in lines and " Judge." in lines
    demo = dspy.Example(task="Mend it.", candidates="c", winner=2)
    assert "+winner: 2" in diff_prompts(state("Judge."), state("Judge.", demo)).splitlines()


GAIN = compare_rows([0.0] * 12, [1.0] * 11 + [0.0])
NO_GAIN = compare_rows([0.0, 1.0] * 6, [1.0, 0.0] * 6)


def report(
    test: Comparison | None,
    *,
    tuned: str = "Judge well.",
    stopped: str = "",
    unmeasured: str = "",
    kept_start: bool = False,
) -> tuple[str, ...]:
    comparisons: dict[Side, Comparison] = {} if test is None else {"test": test}
    made = Tuned(
        start=state("Judge."),
        best=state(tuned),
        comparisons=comparisons,
        tried=3,
        stopped=stopped,
        unmeasured=unmeasured,
        kept_start=kept_start,
    )
    target = report_target("judge", made)
    assert target.is_proven == (test is GAIN)
    assert target.stopped == (stopped or unmeasured)
    return target.headline


def test_a_gain_is_told_with_its_interval() -> None:
    [line] = report(GAIN)
    assert line.startswith("On held-out tasks the accuracy rose: it went from 0.000 to 0.917")
    assert "95 % interval +0." in line and "over 12 tasks" in line


def test_an_interval_that_includes_zero_is_told_first() -> None:
    [line] = report(NO_GAIN)
    assert line.startswith("No gain proven: on held-out tasks")
    lines = report(NO_GAIN, tuned="Judge.")
    assert lines[0].startswith("No gain proven")
    assert lines[1] == "The optimizer found nothing better than the start."


def test_a_worse_choice_is_told_to_have_been_dropped() -> None:
    lines = report(NO_GAIN, tuned="Judge.", kept_start=True)
    assert "did worse on validation, so the start stays" in lines[1]
    assert len(lines) == 2


def test_an_early_end_goes_before_everything() -> None:
    lines = report(GAIN, stopped="the budget is spent: 9 of 9 calls")
    assert lines[0].startswith("Stopped early: the budget is spent: 9 of 9 calls.")
    assert lines[1].startswith("On held-out tasks")
    lines = report(None, stopped="out of order", unmeasured="out of order")
    assert lines[1] == ("No gain proven: the held-out tasks could not be asked (out of order).")
