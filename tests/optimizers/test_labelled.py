from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rematch.data.pools import read_pool
from rematch.data.records import ResultKind, Rollout, Summary, Task
from rematch.errors import InputError
from rematch.evidence.judge import EvidenceJudge
from rematch.evidence.scoring import EvidenceScorer, load_model, score
from rematch.optimizers.labelled import LabelledPool, join_labels, read_labels
from rematch.programs import RTV
from rematch.seams import Entrant
from tests.evidence.makers import make_patch, make_rollout

TASK = Task(id="t", problem="p", asks_for=ResultKind.PATCH)


def write(folder: Path, text: str) -> Path:
    path = folder / "labels.tsv"
    path.write_text(text, "utf-8")
    return path


def test_labels_are_read_by_column_name(tmp_path: Path) -> None:
    path = write(tmp_path, "reward\tattempt\tnote\ttask\n1\ta\tx\tt\n0.25\tb\t\tt\n\n")
    assert read_labels(path) == ({("t", "a"): 1.0, ("t", "b"): 0.25}, [])


def test_each_bad_row_is_one_line(tmp_path: Path) -> None:
    rows = "t\ta\tnan\nt\tb\t2\nt\tc\tyes\nt\td\nt\te\t1\nt\te\t0\n"
    labels, problems = read_labels(write(tmp_path, f"task\tattempt\treward\n{rows}"))
    assert labels == {("t", "e"): 1.0}
    assert problems == [
        "labels.tsv:2: reward 'nan' is no number in 0..1",
        "labels.tsv:3: reward '2' is no number in 0..1",
        "labels.tsv:4: reward 'yes' is no number in 0..1",
        "labels.tsv:5: reward '' is no number in 0..1",
        "labels.tsv:7: a second label for t/e",
    ]


@pytest.mark.parametrize("text", ["", "task,attempt,reward\n", "t\ta\t1\n"])
def test_another_header_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="must name the columns task, attempt, reward"):
        read_labels(write(tmp_path, text))


def test_no_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no readable labels"):
        read_labels(tmp_path / "none.tsv")
    (tmp_path / "binary.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no readable labels"):
        read_labels(tmp_path / "binary.tsv")


def join(*rollouts: Rollout, labels: dict[tuple[str, str], float]) -> LabelledPool:
    return join_labels([(TASK, rollouts)], labels)


def test_what_has_no_partner_is_one_line_each() -> None:
    pool = join(
        make_rollout("ls", id="a"),
        make_rollout("ls", id="b"),
        labels={("t", "a"): 1.0, ("t", "x"): 0.0, ("u", "a"): 0.0},
    )
    assert [attempt.id for attempt in pool.tasks[0].attempts] == ["a"]
    assert pool.problems == (
        "t/b: no label; left out",
        "t/x: labelled, not in the pool",
        "u/a: labelled, not in the pool",
    )


def test_an_attempt_is_known_with_or_without_its_task() -> None:
    pool = join(make_rollout("ls", id="t/a"), labels={("t", "a"): 1.0})
    assert (pool.tasks[0].rewards, pool.problems) == ((1.0,), ())


def test_equal_patches_are_one_candidate() -> None:
    patch = make_patch("a.py", "+x")
    pool = join(
        make_rollout("ls", "ls", id="a", patch=patch),
        make_rollout("ls", id="b", patch=patch),
        make_rollout("ls", id="c", patch=""),
        labels={("t", "a"): 1.0, ("t", "b"): 1.0, ("t", "c"): 0.0},
    )
    (task,) = pool.tasks
    assert [task.attempts[one.attempt].id for one in task.candidates] == ["b", "c"]
    assert [one.eligible for one in task.candidates] == [True, False]
    assert task.is_mixed


def test_a_digest_knows_records_whatever_their_names() -> None:
    def digest(*commands: str, id: str) -> str:
        pool = join(make_rollout(*commands, id=id), labels={("t", id): 1.0})
        return pool.tasks[0].digest

    assert digest("ls", id="a") == digest("ls", id="b")
    assert digest("ls", id="a") != digest("ls", "ls", id="a")


def test_a_task_picks_what_the_bracket_picks(shared_data: Path) -> None:
    model, scorer = load_model(), EvidenceScorer()
    for name in ("terminal-bench-2.1", "swe-bench-lite-dev"):
        labels, problems = read_labels(shared_data / name / "labels.tsv")
        assert problems == []
        recorded = list(read_pool([shared_data / name]).tasks.values())
        pool = join_labels(((one.task, one.rollouts) for one in recorded), labels)
        assert pool.problems == ()
        for one, task in zip(recorded, pool.tasks, strict=True):
            entrants = [Entrant(r, Summary(rollout_id=r.id)) for r in one.rollouts]
            rtv = RTV(EvidenceJudge(scorer), scorer=score)
            bracket = asyncio.run(rtv.aforward(task=one.task, entrants=entrants))
            assert task.pick(model.score).id == bracket.survivors[0]
