"""Splits by task: every stratum on every side, near-copies together, nothing on two sides."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.errors import InputError
from rematch.optimizers.leaks import check_leaks, find_leaks, group_copies, list_runs
from rematch.optimizers.splits import SIDES, Split, Splittable, read_split, split_tasks
from rematch.seeds import derive_random

SHARES = (0.3, 0.3, 0.4)
WORDS = [f"word{number}" for number in range(200)]


def write_text(number: int, length: int = 40) -> str:
    """A text of its own: no two share a run of words worth speaking of."""
    return " ".join(derive_random(number, "text").sample(WORDS, length))


def make_tasks(count: int, repositories: int = 3) -> list[Splittable]:
    return [
        Splittable(f"org__repo{n % repositories}-{n}", write_text(n), (n // repositories % 4) / 4)
        for n in range(count)
    ]


def sides_of(split: Split) -> dict[str, str]:
    return {name: side for side in SIDES for name in getattr(split, side)}


@given(st.integers(3, 60), st.integers(0, 5), st.integers(1, 4))
def test_every_task_is_on_one_side_and_none_is_empty(
    count: int, seed: int, repositories: int
) -> None:
    tasks = make_tasks(count, repositories)
    split = split_tasks(tasks, SHARES, seed)
    dealt = [name for side in SIDES for name in getattr(split, side)]
    assert sorted(dealt) == sorted(task.id for task in tasks)
    assert all(getattr(split, side) for side in SIDES)
    assert split == split_tasks(list(reversed(tasks)), SHARES, seed), "order of files says nothing"


def test_sides_follow_the_shares_in_every_stratum() -> None:
    tasks = make_tasks(240)
    sides = sides_of(split_tasks(tasks, SHARES, 0))
    assert Counter(sides.values()) == {"train": 72, "validation": 72, "test": 96}
    for stratum in {task.stratum for task in tasks}:
        own = [task.id for task in tasks if task.stratum == stratum]
        counts = Counter(sides[name] for name in own)
        for side, share in zip(SIDES, SHARES, strict=True):
            assert abs(counts[side] - share * len(own)) <= 1, (stratum, counts)


def test_a_stratum_is_repository_and_difficulty() -> None:
    assert Splittable("org__repo-12", "", 0.2).stratum == ("org__repo", "hard")
    assert Splittable("org__re-po-12", "", 0.5).stratum == ("org__re-po", "middle")
    assert Splittable("chess-best-move", "", 1.0).stratum == ("", "easy")


def test_seeds_draw_different_splits() -> None:
    tasks = make_tasks(60)
    assert split_tasks(tasks, SHARES, 0).test != split_tasks(tasks, SHARES, 1).test


def test_near_copies_go_together_whatever_was_changed_in_them() -> None:
    copies = {
        "org__a-1": write_text(900),
        "org__b-1": write_text(900).upper().replace(" ", "\n  "),
        "org__c-1": f"Reported by users. {write_text(900)} Please fix.",
    }
    tasks = [*make_tasks(30), *(Splittable(name, text, 0.5) for name, text in copies.items())]
    for seed in range(5):
        sides = sides_of(split_tasks(tasks, SHARES, seed))
        assert len({sides[name] for name in copies}) == 1


def test_copies_chain_and_others_stay_apart() -> None:
    text = write_text(1, 60).split()
    chain = {"a": " ".join(text[:40]), "b": " ".join(text[8:48]), "c": " ".join(text[16:56])}
    groups = group_copies({**chain, "d": write_text(2), "e": "Make it work.", "f": "make it work"})
    assert groups == [["a", "b", "c"], ["d"], ["e", "f"]]


def test_empty_texts_are_copies_of_nothing() -> None:
    assert group_copies({"a": "", "b": " \n"}) == [["a"], ["b"]]
    assert find_leaks({"a": ""}, {"b": ["", "anything"]}) == []


@given(st.text())
def test_any_text_is_its_own_copy(text: str) -> None:
    runs = list_runs(text)
    assert runs == list_runs(text.casefold())
    assert bool(runs) == bool(re.search(r"\w", text.casefold()))


def test_too_few_tasks_are_one_line() -> None:
    copies = [Splittable(f"t-{n}", write_text(7), 0.5) for n in range(9)]
    with pytest.raises(InputError, match=r"^1 tasks that differ in their text"):
        split_tasks(copies, SHARES, 0)


def test_three_tasks_suffice_whatever_the_shares() -> None:
    split = split_tasks(make_tasks(3), (0.01, 0.01, 0.98), 0)
    assert [len(getattr(split, side)) for side in SIDES] == [1, 1, 1]


def plant(text: str) -> dict[str, dict[str, list[str]]]:
    """Sides whose training shows `text` in the midst of a summary."""
    summary = f"Final outcome: done. {text} Verified: nothing was."
    return {"train": {"t1": [write_text(1), summary]}, "test": {"h1": [write_text(2)]}}


TASKS = {"train": {"t1": write_text(1)}, "test": {"h1": write_text(2)}}


def test_held_out_text_that_is_planted_in_training_is_caught() -> None:
    check_leaks(TASKS, plant("All is well."))
    with pytest.raises(InputError, match=r"^h1 \(test\): its text stands in train, .* of t1"):
        check_leaks(TASKS, plant(write_text(2)))


def test_most_of_a_text_is_a_leak_and_a_little_is_none() -> None:
    words = write_text(2).split()
    check_leaks(TASKS, plant(" ".join(words[:18])))
    with pytest.raises(InputError, match="h1"):
        check_leaks(TASKS, plant(" ".join(words[:34])))


def test_a_short_text_is_found_inside_a_long_one() -> None:
    tasks = {"train": {"t1": write_text(1)}, "test": {"h1": "Make part 2 work."}}
    check_leaks(tasks, plant("Make part 3 work."))
    with pytest.raises(InputError, match="h1"):
        check_leaks(tasks, plant("MAKE part 2: work!"))


def test_a_task_on_two_sides_is_caught() -> None:
    tasks = {"train": {"t1": "a", "t2": "b"}, "test": {"t2": "b"}}
    with pytest.raises(InputError, match=r"^t2: stands in train and in test"):
        check_leaks(tasks, {side: {} for side in tasks})


def test_a_split_is_read_back_and_other_files_are_told(tmp_path: Path) -> None:
    split = split_tasks(make_tasks(9), SHARES, 3)
    path = tmp_path / "split.json"
    path.write_text(split.model_dump_json())
    assert read_split(path) == split
    assert split.find_side(split.test[0]) == "test"
    assert split.find_side("unknown") is None
    path.write_text('{"train": []}')
    with pytest.raises(InputError, match=r"split.json: is no split \(Field required\)"):
        read_split(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_split(tmp_path / "missing.json")
