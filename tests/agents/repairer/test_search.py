"""The search: what is tried in which order, and what it makes of the tests' answers.

The sandbox is played: each hypothesis gets the report that the test says.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from rematch.agents.repairer.bench import Bench, Output, Turn
from rematch.agents.repairer.changes import Patch, name_patch
from rematch.agents.repairer.config import RepairerConfig
from rematch.agents.repairer.context import Priors, normalize_key, read_priors
from rematch.agents.repairer.search import Search
from rematch.agents.repairer.source import Source
from tests.agents.repairer.acting import act, fail, read_one, report

CODE = "def less(a, b):\n    return a < b\n\n\ndef more(a, b):\n    return a - b\n"
FIX = "a.py:2 relational: return a < b -> return a <= b"
OTHER = "a.py:6 arithmetic: return a - b -> return a + b"
FAILS = (
    fail("t1", "AssertionError", "False is not true", ["a.py", 2]),
    fail("t2", "AssertionError", "1 != 3", ["a.py", 6]),
)
BASELINE = report(4, *FAILS)


def play(answers: Mapping[str, Output], other: Output = BASELINE) -> Callable[[Turn], Output]:
    """Answers each try by its key, all others alike; as in the sandbox, what is kept ends it."""

    def answer(turn: Turn) -> Output:
        if turn.text.rpartition("\n")[2].startswith("No change makes all tests pass"):
            return report(4, FAILS[1], kept=True)
        given = [answers.get(key, other) for key in read_tries(turn)] or [other]
        green = next((n for n, one in enumerate(given) if '"kept": true' in one.text), len(given))
        return Output("".join(one.text for one in given[: green + 1]), 1)

    return answer


def read_tries(turn: Turn) -> list[str]:
    lines = turn.text.split("\n")
    return [line.removeprefix("try: ") for line in lines if line.startswith("try: ")]


def make_search(context: str = "", seed: int = 0, tries: int = 30, **settings: Any) -> Search:
    baseline = read_one(BASELINE.text)
    assert baseline is not None
    bench = Bench(RepairerConfig(tries=tries, **settings), sources={"a.py": Source("a.py", CODE)})
    return Search(
        bench=bench,
        issue="`less(1, 1)` is true.",
        names={"less"},
        baseline=baseline,
        priors=read_priors(context),
        rng=random.Random(seed),
        left=tries,
    )


def run(
    search: Search, answers: Mapping[str, Output], other: Output = BASELINE
) -> tuple[Patch, list[str]]:
    patch, turns = act(search.run(), play(answers, other))
    return patch, [key for turn in turns for key in read_tries(turn)]


GREEN = report(4, kept=True)


def test_what_the_tests_confirm_ends_the_search() -> None:
    patch, tried = run(make_search(), {FIX: GREEN})
    assert name_patch(patch) == FIX
    assert FIX in tried[-4:]  # the last command's
    assert len(set(tried)) == len(tried)


def test_nothing_found_is_no_patch_and_the_budget_is_kept() -> None:
    search = make_search(tries=7)
    patch, tried = run(search, {})
    assert patch == ()
    assert len(tried) == 7
    assert search.left == 0


@pytest.mark.parametrize(("batch", "tries"), [(1, 5), (4, 8), (4, 6), (9, 3)])
def test_a_command_tries_a_batch_and_never_more_than_is_left(batch: int, tries: int) -> None:
    search = make_search(tries=tries, batch=batch)
    _, turns = act(search.run(), play({}))
    sizes = [len(read_tries(turn)) for turn in turns if read_tries(turn)]
    assert sum(sizes) == tries
    assert all(size == batch for size in sizes[:-1])
    assert sizes[-1] <= batch


def test_what_a_killed_command_left_untried_is_tried_by_the_next() -> None:
    def kill_first(turn: Turn) -> Output:
        tries = len(read_tries(turn))
        return Output("Killed", 137) if tries == 3 else Output(BASELINE.text * max(1, tries), 1)

    search = make_search(tries=3, batch=3)
    _, turns = act(search.run(), kill_first)
    first, second = (read_tries(turn) for turn in turns if read_tries(turn))
    assert second == first[1:]
    assert search.left == 0


def test_after_one_that_holds_the_others_of_its_batch_have_no_verdict() -> None:
    search = make_search(tries=400, batch=50)
    patch, turns = act(search.run(), play({FIX: GREEN}))
    assert name_patch(patch) == FIX
    batch = read_tries(turns[-1])
    told = search.bench.say("").split("\n")
    assert told[-1] == f"confirmed: {FIX}"
    assert len(told) == batch.index(FIX) + 1


def test_the_search_ends_when_nothing_is_left_to_try() -> None:
    search = make_search(tries=100_000)
    patch, tried = run(search, {})
    assert patch == ()
    assert search.left > 0
    assert len({normalize_key(key) for key in tried}) == len(tried) > 50


@pytest.mark.parametrize("seed", range(3))
def test_the_seed_alone_orders_the_tries(seed: int) -> None:
    orders = [run(make_search(seed=one), {}) for one in (seed, seed, seed + 1)]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]


def test_a_sharp_search_follows_the_weights() -> None:
    _, tried = run(make_search(seed=1, sharpness=60), {})
    _, again = run(make_search(seed=2, sharpness=60), {})
    assert tried[0] == again[0]


def test_an_open_change_is_built_upon() -> None:
    half = report(4, FAILS[1])
    joint = f"{OTHER}; {FIX}"
    patch, tried = run(make_search(tries=400), {FIX: half, joint: GREEN})
    assert name_patch(patch) == joint
    after = tried[tried.index(FIX) + 4 :]  # behind its batch
    assert after
    assert all(key.endswith(f"; {FIX}") for key in after)


def test_the_best_that_helped_is_kept_where_none_holds() -> None:
    search = make_search(tries=60)
    patch, turns = act(search.run(), play({FIX: report(4, FAILS[1])}))
    assert name_patch(patch) == FIX
    assert f"open: {FIX} (1 of 2 failing tests pass)" in "\n".join(turn.text for turn in turns)
    assert turns[-1].text.endswith(f"Keep the best one: {FIX}")
    assert "--keep always" in turns[-1].command


def test_what_breaks_a_test_that_passed_is_refuted() -> None:
    worse = report(4, fail("t3"))  # both repaired, another one broken
    search = make_search(tries=60)
    patch, _ = run(search, {FIX: worse})
    assert patch == ()
    assert search.base == ()


def test_tests_that_run_for_the_first_time_may_fail() -> None:
    search = make_search(tries=60)
    patch, tried = run(search, {FIX: report(9, fail("t7"))}, other=BASELINE)
    assert FIX in tried
    assert search.base == patch != ()


@pytest.mark.parametrize("answer", [Output("Killed", 137), report(0), Output("no run: gone", 2)])
def test_a_run_without_tests_refutes(answer: Output) -> None:
    search = make_search(tries=60)
    _, turns = act(search.run(), play({FIX: answer}))
    assert any(text.startswith(f"refuted: {FIX}") for text in _lines(turns))


def _lines(turns: list[Turn]) -> list[str]:
    return [line for turn in turns for line in turn.text.split("\n")]


def test_earlier_attempts_come_first_by_what_they_found() -> None:
    context = f"[open] {OTHER}\n### Attempt 2\n[confirmed] {FIX}\n"
    _, tried = run(make_search(context), {}, other=report(4, *FAILS))
    assert tried[:2] == [FIX, OTHER]


def test_what_was_refuted_is_tried_no_more_and_a_key_of_nothing_is_passed_over() -> None:
    context = f"[refuted] {FIX}\n[confirmed] b.py:1 name: x -> y\n[open] a.py:9 name: {FIX} -> z\n"
    search = make_search(context, tries=100_000)
    _, tried = run(search, {})
    assert tried
    assert FIX not in tried


def test_two_open_findings_are_tried_together() -> None:
    context = f"[open] {FIX}\n### Attempt 2\n[open] {OTHER}\n"
    half = {FIX: report(4, FAILS[1]), OTHER: report(4, FAILS[0])}
    joints = {f"{FIX}; {OTHER}": GREEN, f"{OTHER}; {FIX}": GREEN}
    patch, tried = run(make_search(context), half | joints)
    assert len(tried) == 2
    assert name_patch(patch) in joints


def test_a_joint_finding_is_read_back() -> None:
    joint = f"{OTHER}; {FIX}"
    patch, tried = run(make_search(f"[confirmed] {joint}\n"), {joint: GREEN})
    assert tried == [joint]
    assert name_patch(patch) == joint


def test_what_more_attempts_agree_on_comes_first_more_often() -> None:
    context = f"[open] {FIX}\n" + "".join(f"### Attempt {n}\n[open] {OTHER}\n" for n in range(2, 9))
    first = [run(make_search(context, seed=seed, tries=1), {})[1][0] for seed in range(40)]
    assert first.count(OTHER) > 30


def test_a_change_that_was_refuted_on_top_of_another_one_is_doubted() -> None:
    search = make_search(f"[refuted] {FIX}; {OTHER}\n")
    plain = {change.key: change.weight for change in make_search()._list()}
    doubted = {change.key: change.weight for change in search._list()}
    assert doubted[FIX] == pytest.approx(0.2 * plain[FIX])
    assert doubted[OTHER] == plain[OTHER]


def test_coverage_is_measured_once_before_the_own_search() -> None:
    _, turns = act(make_search(tries=3).run(), play({}))
    covered = ["--cover" in turn.command for turn in turns]
    assert covered == [True, False]
    assert turns[0].text == "Measure which lines the 2 failing tests run (Ochiai)."
    _named, turns = act(make_search(f"[confirmed] {FIX}\n").run(), play({FIX: GREEN}))
    assert not any("--cover" in turn.command for turn in turns)


def test_lines_whose_change_alters_a_failure_gain_and_those_that_break_lose() -> None:
    search = make_search()
    (change,) = [one for one in search._list() if one.key == FIX]

    def learn(*failed: Any, ran: int = 4) -> float:
        search.factors.clear()
        search._learn(change, read_one(report(ran, *failed).text))
        return search.factors["a.py", 2]

    same = learn(*FAILS)
    altered = learn(fail("t1", "KeyError", "'x'"), FAILS[1])
    altered_and_broke = learn(fail("t1", "KeyError", "'x'"), FAILS[1], fail("t3"))
    broke = learn(*FAILS, fail("t3"))
    assert altered > altered_and_broke > same > broke
    search.factors.clear()
    search._learn(change, None)
    assert search.factors["a.py", 2] == same


def test_an_example_that_alone_is_left_bounds_what_is_still_tried() -> None:
    search = make_search(tries=60)
    left = report(5, fail("issue example 1"))
    baseline = read_one(report(5, fail("issue example 1"), *FAILS).text)
    assert baseline is not None
    search.baseline = baseline
    _, tried = run(search, {FIX: left}, other=report(5, fail("issue example 1"), *FAILS))
    assert len(tried) - tried.index(FIX) - 1 <= 5


def test_priors_are_what_they_say() -> None:
    assert not make_search().priors
    assert make_search(f"[open] {FIX}").priors == Priors(open=Priors().open + _count(FIX))


def _count(key: str) -> Any:
    counter = Priors().open
    counter[normalize_key(key)] += 1
    return counter
