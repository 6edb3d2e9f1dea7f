"""The search: what it finds, what it gives up, and that a kill changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.errors import InputError
from rematch.optimizers.search import Measured, Tried, find_pareto, search
from rematch.optimizers.space import Space, parse_space

TASKS = [f"task{n:02d}" for n in range(20)]
SPACE = parse_space({"v": {"low": 1, "high": 6}, "good": [False, True]}, "space")


class Bench:
    """Better with `good` and with more `v`, which costs more. Counts what it is asked."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.asked = 0
        self._dies_at = dies_at

    def __call__(self, changes: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Measured]:
        self.asked += 1
        if self.asked == self._dies_at:
            raise KeyboardInterrupt
        able = changes["v"] * (2 if changes["good"] else 0.2)
        return {
            task: Measured(reward=float(TASKS.index(task) < 1.5 * able), cost=changes["v"])
            for task in tasks
        }


def run(folder: Path, bench: Bench, trials: int = 40, seed: int = 0) -> list[Tried]:
    return search(SPACE, bench, TASKS, folder / "study.journal", trials=trials, seed=seed)


def test_the_best_settings_are_found_and_none_beats_them(tmp_path: Path) -> None:
    front = find_pareto(run(tmp_path, Bench()))
    assert all(one.changes["good"] for one in front)
    assert [one.changes["v"] for one in front] == sorted({one.changes["v"] for one in front})
    assert front[-1].changes["v"] == 6 and front[-1].mean == 0.9
    for cheap, dear in pairwise(front):
        assert cheap.cost < dear.cost and cheap.mean < dear.mean


def test_what_cannot_win_is_given_up_and_never_on_the_front(tmp_path: Path) -> None:
    tried = run(tmp_path, Bench())
    given_up = [one for one in tried if one.is_pruned]
    assert given_up and all(len(one.measured) < len(TASKS) for one in given_up)
    assert not any(one.changes["good"] and one.changes["v"] == 6 for one in given_up)
    assert not {one.number for one in given_up} & {one.number for one in find_pareto(tried)}


def test_a_setting_that_was_tried_is_not_run_again(tmp_path: Path) -> None:
    bench = Bench()
    tried = run(tmp_path, bench, trials=60)
    assert len(tried) == 60
    assert bench.asked <= 12 * 5, "12 settings, 5 blocks of tasks each"


@pytest.mark.parametrize("dies_at", [1, 3, 8, 17])
def test_a_search_that_was_cut_short_goes_on_as_it_would_have(tmp_path: Path, dies_at: int) -> None:
    whole = run(tmp_path / "whole", Bench(), trials=15)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", Bench(dies_at), trials=15)
    resumed = run(tmp_path / "cut", Bench(), trials=15)
    assert [(o.changes, o.measured) for o in resumed] == [(o.changes, o.measured) for o in whole]


def test_a_finished_search_asks_nothing_and_a_longer_one_only_the_rest(tmp_path: Path) -> None:
    first = run(tmp_path, Bench(), trials=10)
    again = Bench()
    assert run(tmp_path, again, trials=10) == first and again.asked == 0
    assert run(tmp_path, Bench(), trials=14)[:10] == first


def test_another_seed_draws_others(tmp_path: Path) -> None:
    drawn = {
        seed: [o.changes for o in run(tmp_path / str(seed), Bench(), 8, seed)] for seed in (0, 1)
    }
    assert drawn[0] != drawn[1]


def test_a_file_that_is_no_search_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "study.journal").write_text("no journal\n")
    with pytest.raises(InputError, match="holds no search"):
        run(tmp_path, Bench(), trials=1)


def make(number: int, mean: float, cost: float, is_pruned: bool = False) -> Tried:
    measured = {"t": Measured(reward=mean, cost=cost)}
    return Tried(number, {"n": number}, measured, is_pruned)


def test_of_equal_settings_the_one_that_changes_least_stands_for_all() -> None:
    plain = Tried(7, {"a": [], "b": False}, {"t": Measured(reward=1, cost=2)})
    assert find_pareto([make(1, 1, 2), plain, make(9, 1, 2)]) == [plain]


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.integers(1, 4), st.booleans())).filter(
        lambda drawn: any(not pruned for *_, pruned in drawn)
    )
)
def test_the_front_is_what_none_beats(drawn: list[tuple[float, int, bool]]) -> None:
    tried = [make(n, mean, cost, pruned) for n, (mean, cost, pruned) in enumerate(drawn)]
    front = find_pareto(tried)
    for one in tried:
        if one.is_pruned:
            continue
        assert any(f.mean >= one.mean and f.cost <= one.cost for f in front)
    for one in front:
        assert not any(f.mean >= one.mean and f.cost <= one.cost for f in front if f is not one)


def test_a_space_is_a_record() -> None:
    assert Space.model_validate_json(SPACE.model_dump_json()) == SPACE
