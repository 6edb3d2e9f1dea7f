"""Labels as people write them, and attempts that share names: what is matched, what is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import ResultKind, Rollout, Task
from rematch.errors import InputError
from rematch.optimizers.labelled import LabelledPool, find_label, join_labels, read_labels
from tests.evidence.makers import make_patch, make_rollout
from tests.optimizers.makers import make_task

TASK = Task(id="t", problem="p")
HEADER = "task\tattempt\treward\n"


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "labels.tsv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("task\tattempt\treward\nt\ta\t1\n", "utf-8-sig"),
        ("task\tattempt\treward\r\nt\ta\t1\r\n", "utf-8"),
        (" Task\tATTEMPT \tReward\nt\ta\t1", "utf-8"),
        ("task\tattempt\treward\n t \t a\t 1.0 \n", "utf-8"),
        ("reward\ttask\tattempt\n1e0\tt\ta\n\n\n", "utf-8"),
    ],
)
def test_what_spreadsheets_make_of_a_file_is_read(tmp_path: Path, text: str, encoding: str) -> None:
    assert read_labels(write(tmp_path, text, encoding)) == ({("t", "a"): 1.0}, [])


@pytest.mark.parametrize("reward", ["-0.1", "1.01", "inf", "-inf", "nan", "1,0", "true", "", "1/2"])
def test_a_reward_out_of_bounds_is_told_with_its_line(tmp_path: Path, reward: str) -> None:
    labels, (problem,) = read_labels(write(tmp_path, f"{HEADER}t\ta\t{reward}\nt\tb\t0\n"))
    assert labels == {("t", "b"): 0.0}
    assert problem == f"labels.tsv:2: reward {reward!r} is no number in 0..1"


def test_empty_lines_do_not_shift_the_numbers(tmp_path: Path) -> None:
    _, problems = read_labels(write(tmp_path, f"{HEADER}\nt\ta\t1\n\nt\tb\tbad\n"))
    assert problems == ["labels.tsv:5: reward 'bad' is no number in 0..1"]


@pytest.mark.parametrize("cell", ['"never closed', "x" * 200_000])
def test_a_cell_that_is_none_is_one_line_with_its_place(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path, f"{HEADER}t\t{cell}\t1\nt\tb\t0\n")
    with pytest.raises(InputError, match=r"labels\.tsv:\d+: \S"):
        read_labels(path)


def test_only_a_line_feed_ends_a_row(tmp_path: Path) -> None:
    labels, problems = read_labels(write(tmp_path, f"{HEADER}t\ta\u2028b\t1\n"))
    assert (labels, problems) == ({("t", "a\u2028b"): 1.0}, [])


def test_a_header_alone_labels_nothing(tmp_path: Path) -> None:
    assert read_labels(write(tmp_path, HEADER)) == ({}, [])


def test_a_folder_is_no_file_of_labels(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no readable labels \(IsADirectoryError\)"):
        read_labels(tmp_path)


NAMES = st.text("abc/.-_ 0", min_size=1, max_size=8).map(str.strip).filter(bool)


@given(st.dictionaries(st.tuples(NAMES, NAMES), st.floats(0, 1), max_size=8))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, labels: object) -> None:
    assert isinstance(labels, dict)
    rows = "".join(f"{task}\t{attempt}\t{reward!r}\n" for (task, attempt), reward in labels.items())
    path = tmp_path_factory.mktemp("labels") / "labels.tsv"
    path.write_text(HEADER + rows)
    assert read_labels(path) == (labels, [])


def rollout(id: str, *commands: str, patch: str | None = None) -> Rollout:
    return make_rollout(*(commands or ("ls",)), id=id, patch=patch)


@pytest.mark.parametrize(
    ("id", "key"),
    [("a/b/c", "a/b/c"), ("a/b/c", "b/c"), ("a/b/c", "c"), ("c", "c")],
)
def test_an_attempt_is_known_by_any_end_of_its_path(id: str, key: str) -> None:
    assert find_label(TASK, rollout(id), {("t", key): 1.0}) == ("t", key)


@pytest.mark.parametrize("key", ["a", "a/b", "b", "bc", "/c", ""])
def test_no_other_part_of_a_path_is_its_name(key: str) -> None:
    assert find_label(TASK, rollout("a/b/c"), {("t", key): 1.0}) is None


def test_the_longest_name_wins_and_another_tasks_label_never_does() -> None:
    labels = {("t", "c"): 0.0, ("t", "b/c"): 1.0, ("u", "a/b/c"): 0.5}
    assert find_label(TASK, rollout("a/b/c"), labels) == ("t", "b/c")


def test_one_label_serves_one_attempt() -> None:
    """Two attempts of one name: the second has no label, rather than the first one's."""
    pool = join_labels([(TASK, [rollout("x/a"), rollout("y/a")])], {("t", "a"): 1.0})
    assert [one.id for one in pool.tasks[0].attempts] == ["x/a"]
    assert pool.problems == ("t/y/a: no label; left out",)


def test_a_task_without_any_label_is_left_out_whole() -> None:
    other = TASK.model_copy(update={"id": "u"})
    labels = {("u", "b"): 0.0}
    pool = join_labels([(TASK, [rollout("a")]), (other, [rollout("b")])], labels)
    assert [task.id for task in pool.tasks] == ["u"]
    assert labels == {("u", "b"): 0.0}, "what was handed in is left as it was"
    assert join_labels([], {}) == LabelledPool(())


def test_tasks_stand_in_the_order_in_which_they_come() -> None:
    tasks = [TASK.model_copy(update={"id": name}) for name in "zam"]
    labels = {(name, "a"): 1.0 for name in "amz"}
    pool = join_labels([(task, [rollout("a")]) for task in tasks], labels)
    assert [task.id for task in pool.tasks] == ["z", "a", "m"]


def test_a_state_needs_no_patch_to_be_eligible() -> None:
    state = TASK.model_copy(update={"asks_for": ResultKind.STATE})
    for task, eligible in ((TASK, False), (state, True)):
        pool = join_labels([(task, [rollout("a")])], {("t", "a"): 1.0})
        assert [one.eligible for one in pool.tasks[0].candidates] == [eligible]


def test_the_seed_decides_only_among_equals() -> None:
    attempts = [rollout(f"r{n}", patch=make_patch("a.py", f"+{n}")) for n in range(5)]
    labels = {("t", f"r{n}"): float(n % 2) for n in range(5)}
    found = [join_labels([(TASK, attempts)], labels, seed).tasks[0] for seed in range(12)]
    assert len({tuple(one.place for one in task.candidates) for task in found}) > 3
    for task in found:
        assert sorted(one.place for one in task.candidates) == list(range(5))
        assert (task.attempts, task.digest) == (found[0].attempts, found[0].digest)


def test_the_best_score_is_picked_and_a_result_goes_before_it() -> None:
    rows = ({"submitted": 1.0}, {"submitted": 3.0}, {"submitted": 2.0})
    task = make_task("t", (0, 0.5, 1), rows, eligible=(True, False, True))
    assert task.pick(lambda row: row["submitted"]).id == "t-2"
    assert task.pick(lambda row: -row["submitted"]).id == "t-0"
    assert task.pick(lambda row: 0.0).id == "t-0", "the first place, where all are equal"
    assert (task.mean_reward, task.is_mixed) == (0.5, True)
