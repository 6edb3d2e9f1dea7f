"""When a search gives a setting up, in which portions it looks, and what it never runs twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.optimizers.search import Measured, Tried, find_pareto, search
from rematch.optimizers.space import Space, parse_space

Rule = Callable[[str, str], tuple[float, float]]
"""(setting, task) to (reward, cost)."""


class RuleBench:
    """Measures by a rule; notes what it is asked, in order."""

    def __init__(self, rule: Rule) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self._rule = rule

    def __call__(self, changes: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Measured]:
        name = str(changes["name"])
        self.asked.append((name, tuple(tasks)))
        made = {task: self._rule(name, task) for task in tasks}
        return {task: Measured(reward=reward, cost=cost) for task, (reward, cost) in made.items()}

    def blocks(self, name: str) -> list[tuple[str, ...]]:
        return [tasks for asked, tasks in self.asked if asked == name]


def make_space(*names: str) -> Space:
    return parse_space({"name": list(names)}, "space")


def run(
    folder: Path,
    rule: Rule,
    *names: str,
    tasks: int = 20,
    trials: int = 30,
    seed: int = 0,
    on_done: Callable[[Tried], None] | None = None,
) -> tuple[dict[str, Tried], RuleBench]:
    """Every setting by name, as its first trial found it."""
    bench = RuleBench(rule)
    tried = search(
        make_space(*names),
        bench,
        [f"t{n:02d}" for n in range(tasks)],
        folder / "deep" / "down" / "study.journal",
        trials=trials,
        seed=seed,
        on_done=on_done,
    )
    found: dict[str, Tried] = {}
    for one in tried:
        found.setdefault(str(one.changes["name"]), one)
    return found, bench


def by_table(**rows: tuple[float, float]) -> Rule:
    return lambda name, task: rows[name]


def test_a_dearer_setting_that_is_as_good_is_out_of_reach_of_nothing(tmp_path: Path) -> None:
    """Equal rewards are a tie: the dear one runs to its end, and is not on the front."""
    found, _ = run(tmp_path, by_table(cheap=(0.5, 1), dear=(0.5, 9)), "cheap", "dear")
    assert not any(one.is_pruned for one in found.values())
    assert [one.changes["name"] for one in find_pareto(list(found.values()))] == ["cheap"]


@pytest.mark.parametrize("seed", range(4))
def test_a_worse_and_dearer_setting_is_given_up_whenever_it_comes_second(
    tmp_path: Path, seed: int
) -> None:
    rule = by_table(good=(1, 1), bad=(0, 2))
    found, bench = run(tmp_path, rule, "good", "bad", seed=seed)
    assert not found["good"].is_pruned
    first = bench.asked[0][0]
    assert found["bad"].is_pruned == (first == "good")
    assert len(bench.blocks("bad")) == (1 if first == "good" else 5)


def test_a_cheaper_setting_is_never_given_up_however_bad(tmp_path: Path) -> None:
    found, bench = run(tmp_path, by_table(good=(1, 2), thrifty=(0, 1)), "good", "thrifty")
    assert not found["thrifty"].is_pruned
    assert len(bench.blocks("thrifty")) == 5
    assert {one.changes["name"] for one in find_pareto(list(found.values()))} == {
        *("good", "thrifty")
    }


@pytest.mark.parametrize("seed", range(4))
def test_a_setting_that_is_much_better_is_not_given_up_for_the_difference(
    tmp_path: Path, seed: int
) -> None:
    found, bench = run(tmp_path, by_table(weak=(0, 1), strong=(1, 1)), "weak", "strong", seed=seed)
    assert not found["strong"].is_pruned
    assert len(bench.blocks("strong")) == 5
    assert found["weak"].is_pruned == (bench.asked[0][0] == "strong")


@pytest.mark.parametrize("seed", range(6))
def test_what_was_given_up_lacks_tasks_and_is_held_against_nobody(
    tmp_path: Path, seed: int
) -> None:
    rule = by_table(good=(1, 1), bad=(0, 2), worse=(0, 3), thrifty=(0, 0.5))
    names = ("good", "bad", "worse", "thrifty")
    found, bench = run(tmp_path, rule, *names, seed=seed)
    order = list(dict.fromkeys(name for name, _ in bench.asked))
    assert sorted(order) == sorted(names)
    for name in ("bad", "worse"):
        assert found[name].is_pruned == (order.index("good") < order.index(name))
    assert len(bench.blocks("thrifty")) == 5


@given(st.integers(1, 23))
@settings(max_examples=12)
def test_tasks_come_in_at_most_five_portions_that_cover_all_once(tasks: int) -> None:
    with TemporaryDirectory() as folder:
        _, bench = run(Path(folder), by_table(only=(1, 1)), "only", tasks=tasks, trials=1)
    blocks = bench.blocks("only")
    assert 1 <= len(blocks) <= 5
    assert sorted(task for block in blocks for task in block) == [f"t{n:02d}" for n in range(tasks)]
    sizes = list(map(len, blocks))
    assert len(set(sizes[:-1])) <= 1 and sizes[-1] <= sizes[0]


def test_the_order_of_tasks_is_the_seeds_and_the_same_for_all_settings(tmp_path: Path) -> None:
    rule = by_table(a=(1, 1), b=(1, 1))
    orders = {}
    for seed in (0, 1):
        _, bench = run(tmp_path / str(seed), rule, "a", "b", seed=seed)
        assert bench.blocks("a") == bench.blocks("b")
        orders[seed] = bench.blocks("a")
    assert orders[0] != orders[1]


def test_each_trial_is_told_once_as_it_ends_and_none_of_an_earlier_session(tmp_path: Path) -> None:
    rule = by_table(a=(1, 1), b=(0, 2))
    told: list[Tried] = []
    run(tmp_path, rule, "a", "b", trials=3, on_done=told.append)
    assert [one.number for one in told] == [0, 1, 2]
    told.clear()
    run(tmp_path, rule, "a", "b", trials=5, on_done=told.append)
    assert [one.number for one in told] == [3, 4]
    told.clear()
    run(tmp_path, rule, "a", "b", trials=4, on_done=told.append)
    assert told == []


def test_a_bench_that_fails_leaves_what_was_finished(tmp_path: Path) -> None:
    def rule(name: str, task: str) -> tuple[float, float]:
        if name == "broken":
            raise ValueError("the bench broke")
        return 1.0, 1.0

    told: list[Tried] = []
    with pytest.raises(ValueError, match="the bench broke"):
        run(tmp_path, rule, "fine", "broken", on_done=told.append)
    again: list[Tried] = []
    mended = by_table(fine=(1, 1), broken=(0, 5))
    found, bench = run(tmp_path, mended, "fine", "broken", trials=8, on_done=again.append)
    assert len(told) + len(again) == 8
    assert "broken" in {name for name, _ in bench.asked}
    assert found["broken"].measured


def test_no_trial_asks_for_nothing(tmp_path: Path) -> None:
    found, bench = run(tmp_path, by_table(a=(1, 1)), "a", trials=0)
    assert (found, bench.asked) == ({}, [])


def test_means_are_over_the_tasks_that_were_run() -> None:
    measured = {"a": Measured(reward=1, cost=3), "b": Measured(reward=0.5, cost=0)}
    tried = Tried(0, {}, measured)
    assert (tried.mean, tried.cost) == (0.75, 1.5)


def test_a_front_of_nothing_is_empty() -> None:
    given_up = Tried(0, {}, {"a": Measured(reward=1, cost=0)}, is_pruned=True)
    assert find_pareto([]) == find_pareto([given_up]) == []
