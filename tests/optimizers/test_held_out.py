"""Held-out tasks: what is set apart, what counts as a copy, and whose leak is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.errors import InputError
from rematch.optimizers.leaks import check_leaks, find_leaks, group_copies, list_runs
from rematch.optimizers.splits import (
    SIDES,
    Split,
    Splittable,
    hash_lines,
    hold_out,
    read_split,
    split_tasks,
)
from rematch.seeds import derive_random

WORDS = [f"word{number}" for number in range(200)]


def write_text(number: int, length: int = 40) -> str:
    """A text of its own: no two share a run of words worth speaking of."""
    return " ".join(derive_random(number, "held-out").sample(WORDS, length))


def make_tasks(count: int) -> list[Splittable]:
    return [Splittable(f"org__repo-{n}", write_text(n), n % 4 / 4) for n in range(count)]


@given(st.integers(3, 40), st.floats(0.1, 0.8), st.integers(0, 5))
def test_held_out_tasks_and_the_others_are_a_partition(count: int, share: float, seed: int) -> None:
    tasks = make_tasks(count)
    work, held = hold_out(tasks, share, seed, "runs/a")
    assert not set(work) & set(held)
    assert sorted((*work, *held)) == sorted(task.id for task in tasks)
    assert held and len(work) >= 2
    assert (list(work), list(held)) == (sorted(work), sorted(held))


@given(st.integers(10, 60), st.sampled_from([0.2, 0.25, 0.4, 0.5]))
def test_as_many_are_held_out_as_was_asked_for(count: int, share: float) -> None:
    _, held = hold_out(make_tasks(count), share, 0, "runs/a")
    assert abs(len(held) - share * count) <= 1


def test_what_is_held_out_hangs_on_the_seed_and_not_on_the_order() -> None:
    tasks = make_tasks(30)
    first = hold_out(tasks, 0.4, 0, "runs/a")
    assert hold_out(tasks[::-1], 0.4, 0, "runs/b") == first
    assert any(hold_out(tasks, 0.4, seed, "runs/a") != first for seed in range(1, 4))


def test_copies_are_held_out_together() -> None:
    twins = [Splittable(f"twin-{n}", write_text(900), 0.5) for n in range(3)]
    for seed in range(8):
        work, _ = hold_out([*make_tasks(9), *twins], 0.5, seed, "runs/a")
        assert sum(name.startswith("twin-") for name in work) in (0, 3)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_to_hold_any_out_name_what_they_are(count: int) -> None:
    with pytest.raises(InputError) as told:
        hold_out(make_tasks(count), 0.4, 0, "runs/a: tasks with grades")
    assert str(told.value) == ("runs/a: tasks with grades: too few whose texts differ to split")


def test_many_copies_of_one_text_are_too_few() -> None:
    copies = [Splittable(f"t-{n}", write_text(1).upper(), 0.5) for n in range(12)]
    with pytest.raises(InputError, match=r"^the pool: too few whose texts differ"):
        hold_out(copies, 0.4, 0, "the pool")


def test_tasks_without_a_text_are_each_their_own() -> None:
    split = split_tasks([Splittable(f"t-{n}", "", 0.5) for n in range(3)], (0.3, 0.3, 0.4), 0)
    assert sorted(split.train + split.validation + split.test) == ["t-0", "t-1", "t-2"]


@pytest.mark.parametrize(
    ("rate", "difficulty"),
    [(0.0, "hard"), (1 / 3, "hard"), (0.34, "middle"), (2 / 3, "middle"), (0.67, "easy")],
)
def test_difficulty_is_by_thirds_and_a_bound_belongs_below(rate: float, difficulty: str) -> None:
    assert Splittable("org__repo-1", "", rate).stratum == ("org__repo", difficulty)


@pytest.mark.parametrize("name", ["plain", "one-two", "a_b-1", "__x-1", "org__repo"])
def test_an_id_that_names_no_repository_is_in_none(name: str) -> None:
    assert Splittable(name, "", 0.5).stratum[0] == ""


@given(st.integers(3, 20))
def test_a_tasks_side_is_the_one_that_lists_it(count: int) -> None:
    tasks = make_tasks(count)
    split = split_tasks(tasks, (0.3, 0.3, 0.4), 0)
    for task in tasks:
        side = split.find_side(task.id)
        assert side is not None and task.id in getattr(split, side)
    assert [split.find_side(getattr(split, side)[0]) for side in SIDES] == list(SIDES)


def test_a_split_keeps_its_hashes_in_its_file(tmp_path: Path) -> None:
    split = Split(seed=2, train=("a",), validation=("b",), test=("c",), digest={"judge/test": "x"})
    path = tmp_path / "split.json"
    path.write_text(split.model_dump_json())
    assert read_split(path) == split


@pytest.mark.parametrize("text", ["", "no json", "[]", "null", '{"train": 1}'])
def test_a_file_that_is_no_split_is_one_line_with_its_path(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"other\.json: is no split \(") as told:
        read_split(path)
    assert "\n" not in str(told.value)


def test_a_folder_is_no_split(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_split(tmp_path)


LINES = st.lists(st.text('ab"\\\n', max_size=4), max_size=4)


@given(LINES, LINES)
def test_lines_have_one_hash_and_others_another(one: list[str], other: list[str]) -> None:
    assert (hash_lines(one) == hash_lines(iter(other))) == (one == other)


def test_where_a_line_ends_counts() -> None:
    assert hash_lines(["ab", "c"]) != hash_lines(["a", "bc"]) != hash_lines(["abc"])
    assert len(hash_lines([])) == 16
    assert hash_lines([json.dumps({"a": 1})]) != hash_lines([])


def test_a_text_of_eleven_words_is_whole_and_one_of_twelve_is_in_runs() -> None:
    assert list_runs(" ".join(WORDS[:11])) == {" ".join(WORDS[:11])}
    runs = list_runs(" ".join(WORDS[:12]))
    assert len(runs) == 8
    assert {len(run.split()) for run in runs} == {5}


@given(st.lists(st.sampled_from(WORDS), max_size=30), st.sampled_from([" ", "\n", ", ", " - "]))
def test_signs_and_space_between_words_say_nothing(words: list[str], between: str) -> None:
    assert list_runs(between.join(words)) == list_runs(" ".join(words).upper())


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_groups_hold_every_name_once_and_copies_together(numbers: list[int]) -> None:
    texts = {f"n{place}": write_text(number) for place, number in enumerate(numbers)}
    groups = group_copies(texts)
    assert sorted(name for group in groups for name in group) == sorted(texts)
    for group in groups:
        assert len({texts[name] for name in group}) == 1
    assert len(groups) == len(set(numbers))
    assert [group[0] for group in groups] == sorted(
        (group[0] for group in groups), key=list(texts).index
    )


def test_no_texts_have_no_groups_and_no_leaks() -> None:
    assert group_copies({}) == []
    assert find_leaks({}, {}) == find_leaks({"a": write_text(1)}, {"b": []}) == []


def test_every_leak_is_named_with_the_example_it_is_in() -> None:
    held = {"h2": write_text(2), "h1": write_text(1), "h3": write_text(3)}
    training = {
        "t1": [write_text(8), f"See: {write_text(1)}"],
        "t2": [write_text(2), write_text(1)],
    }
    assert find_leaks(held, training) == [("h1", "t1"), ("h1", "t2"), ("h2", "t2")]


def test_a_text_in_parts_over_several_texts_of_one_task_is_a_leak() -> None:
    words = write_text(1).split()
    parts = [" ".join(words[:22]), " ".join(words[18:])]
    assert find_leaks({"h": " ".join(words)}, {"t": parts}) == [("h", "t")]
    assert find_leaks({"h": " ".join(words)}, {"t": parts[:1], "u": parts[1:]}) == []


def test_three_words_are_a_phrase_and_no_leak_inside_a_longer_text() -> None:
    assert find_leaks({"h": "Fix the bug"}, {"t": ["Please fix the bug at once"]}) == []
    assert find_leaks({"h": "Fix the bug"}, {"t": ["fix THE bug!"]}) == [("h", "t")]
    assert find_leaks({"h": "Fix the old bug"}, {"t": ["fix the old bugs"]}) == []


def test_a_leak_from_training_into_validation_is_told_too() -> None:
    tasks = {"train": {"t": write_text(1)}, "validation": {"v": write_text(2)}}
    shown = {"train": {"t": [write_text(1)]}, "validation": {"v": [write_text(2), write_text(1)]}}
    with pytest.raises(InputError) as told:
        check_leaks(tasks, shown)
    assert str(told.value).startswith("t (train): its text stands in validation, in examples of v")
    assert "put both on one side" in str(told.value)


def test_a_side_may_show_its_own_tasks() -> None:
    texts = {"train": write_text(0), "validation": write_text(1), "test": write_text(2)}
    check_leaks(
        {side: {f"t-{side}": text} for side, text in texts.items()},
        {side: {f"t-{side}": [text, text]} for side, text in texts.items()},
    )
