"""Excerpts: the budget always holds, and what is left out is said exactly."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.data.records import Action, Step, Trajectory
from rematch.programs.excerpt import (
    Excerpt,
    clip,
    clip_to_tokens,
    estimate_tokens,
    excerpt,
)
from tests.programs.makers import make_steps

CUT = re.compile(r"\[\.\.\. ([\d,]+) characters left out \.\.\.\]")
LETTERS = ["a", " ", "\n", "é", "漢", "🙂", "`", "[[ ## winner ## ]]", "FAILED"]

texts = st.builds(
    lambda pieces, times: "".join(pieces) * times,
    st.lists(st.sampled_from(LETTERS), max_size=4),
    st.sampled_from([1, 1, 3, 50, 1_000]),
)
actions = st.builds(Action, command=texts, output=texts, exit_code=st.none() | st.integers(0, 2))


@st.composite
def trajectories(draw: st.DrawFn) -> Trajectory:
    count = draw(st.integers(0, 12) | st.just(40))
    kinds = draw(st.lists(st.tuples(texts, st.lists(actions, max_size=3)), min_size=1, max_size=4))
    made = (kinds[n % len(kinds)] for n in range(count))
    return Trajectory(
        steps=tuple(
            Step(number=n, message=message, actions=tuple(taken))
            for n, (message, taken) in enumerate(made, 1)
        )
    )


def shown_steps(part: Excerpt) -> list[int]:
    return [int(number) for number in re.findall(r"^### Step (\d+)$", part.text, re.MULTILINE)]


def stated_steps(part: Excerpt) -> tuple[int, list[int]]:
    """How many steps are said to be missing, and which of them are named."""
    match = re.match(r"(\d+) of \d+ steps \(([\d, -]+)", part.left_out)
    if not match:
        return 0, []
    spans = [span.partition("-") for span in match[2].strip().split(", ")]
    named = [n for a, _, b in spans for n in range(int(a), int(b or a) + 1)]
    return int(match[1]), named


@settings(max_examples=100)
@given(trajectories(), st.sampled_from([0, 3, 20, 60, 300, 2_000, 30_000]))
def test_the_budget_holds_and_what_is_missing_is_said(whole: Trajectory, budget: int) -> None:
    part = excerpt(whole, budget)
    assert estimate_tokens(part.text) <= budget
    shown = shown_steps(part)
    assert shown == sorted(set(shown))
    missing = [step.number for step in whole.steps if step.number not in shown]
    count, named = stated_steps(part)
    assert count == len(missing)
    assert named == missing[: len(named)]
    cut = sum(int(number.replace(",", "")) for number in CUT.findall(part.text))
    stated = re.search(r"([\d,]+) characters inside", part.left_out)
    if "the middle of step" not in part.left_out:
        assert cut == (int(stated[1].replace(",", "")) if stated else 0)
    if not part.left_out:
        for step in whole.steps:
            assert step.message.strip() in part.text
            assert all(
                a.command in part.text and a.output.rstrip() in part.text for a in step.actions
            )


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("a hundred thousand steps", make_steps(100_000)),
        ("three megabytes in one line", make_steps(1, "x" * 3_000_000)),
        ("three megabytes in many steps", make_steps(600, "some log line\n" * 360)),
        ("three megabytes of Chinese", make_steps(2, "漢" * 500_000)),
        ("a step of ten thousand actions", make_steps(1)[0]),
    ],
)
def test_giants_fit(name: str, steps: tuple[Step, ...] | Step) -> None:
    if isinstance(steps, Step):
        steps = (steps.model_copy(update={"actions": steps.actions * 10_000}),)
    part = excerpt(Trajectory(steps=steps), 24_000)
    assert part.left_out
    assert 1_000 < estimate_tokens(part.text) <= 24_000
    assert len(part.left_out) < 600


def test_head_tail_and_the_telling_middle_are_kept() -> None:
    steps = list(make_steps(400, "nothing to see here, " * 40))
    telling = Action(command="pytest -q", output="1 failed, 3 passed", exit_code=1)
    steps[199] = steps[199].model_copy(update={"actions": (telling,)})
    shown = shown_steps(excerpt(Trajectory(steps=tuple(steps)), 4_000))
    assert shown[:3] == [1, 2, 3]
    assert shown[-6:] == [395, 396, 397, 398, 399, 400]
    assert 200 in shown
    assert len(shown) < 60


def test_a_short_trajectory_is_shown_whole_in_one_form() -> None:
    action = Action(command="ls", output="a.py", exit_code=0)
    step = Step(number=1, message="Look.", actions=(action, Action(command="pwd", output="/app")))
    part = excerpt(Trajectory(steps=(step,)), 100)
    assert part.text == (
        "### Step 1\nLook.\n$ ls\n-> output (exit code 0):\na.py\n$ pwd\n-> output:\n/app"
    )
    assert part.left_out == ""


def test_the_note_on_many_gaps_stays_short() -> None:
    noise, telling = make_steps(1, "漢" * 150)[0], make_steps(1, "3 passed")[0]
    steps = tuple(
        (noise if n % 2 else telling).model_copy(update={"number": n}) for n in range(1, 401)
    )
    part = excerpt(Trajectory(steps=steps), 3_000)
    assert re.search(r"and \d+ more spans\)", part.left_out)
    assert len(part.left_out) < 400


@given(st.text(max_size=150), st.integers(0, 120))
def test_clip_keeps_head_and_tail_and_counts_the_rest(text: str, cap: int) -> None:
    clipped = clip(text, cap)
    if len(text) <= cap + 40:  # a note would be as long as what it stands for
        assert clipped == text
        return
    head, tail = text[: cap * 2 // 3], text[len(text) - (cap - cap * 2 // 3) :]
    assert clipped == f"{head}\n[... {len(text) - cap:,} characters left out ...]\n{tail}"


@given(st.text(max_size=300) | st.just("漢" * 5_000), st.integers(0, 200))
def test_clip_to_tokens_holds_for_any_script(text: str, budget: int) -> None:
    clipped = clip_to_tokens(text, budget)
    assert estimate_tokens(clipped) <= max(budget, 15)  # 15: the note alone
    if estimate_tokens(text) <= budget:
        assert clipped == text
        return
    head, note, tail = re.split(
        r"\n(\[\.\.\. [\d,]+ characters left out \.\.\.\])\n", clipped, maxsplit=1
    )
    missing = int(re.sub(r"\D", "", note))
    assert text.startswith(head)
    assert text.endswith(tail)
    assert missing == len(text) - len(head) - len(tail)
