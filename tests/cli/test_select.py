"""`rematch select` without a model: what is read, picked, told, and what is wrong with it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.app.recordings import atif, make_patch, make_turns, mini_swe, write, write_pool
from tests.cli.running import rematch


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    """Two tasks, three attempts each."""
    return write_pool(tmp_path / "pool")


def test_every_task_gets_its_bracket_and_its_pick(pool: Path) -> None:
    done = rematch("select", pool)
    assert done.code == 0
    assert done.err.splitlines() == [
        f"[{number}/2] org__repo-{number - 1}: picked org__repo-{number - 1}/attempt{winner}"
        for number, winner in enumerate(_winners(pool), 1)
    ]
    lines = done.out.splitlines()
    for number, winner in enumerate(_winners(pool)):
        start = lines.index(f"org__repo-{number}")
        bracket = lines[start : lines.index("", start)]
        assert bracket[1] == "bracket of 3 entrants, iteration 0, seed 0"
        assert [line for line in bracket if line.endswith("has a bye")]
        left = f"  left: org__repo-{number}/attempt{winner}   cost: no model calls"
        assert bracket[-1] == left
    head = next(index for index, line in enumerate(lines) if line.startswith("task "))
    rows = [line.split()[:3] for line in lines[head + 1 : head + 3]]
    assert rows == [
        [f"org__repo-{number}", "3", f"org__repo-{number}/attempt{winner}"]
        for number, winner in enumerate(_winners(pool))
    ]
    assert lines[-1] == "no model calls: everything was answered from evidence"


def _winners(pool: Path) -> list[str]:
    picked = rematch("select", pool, "--json").document["tasks"]
    return [task["pick"]["rollout_id"][-1] for task in picked.values()]


def test_json_alone_stands_on_stdout_and_nothing_else_anywhere(pool: Path) -> None:
    done = rematch("select", pool, "--json")
    assert (done.code, done.err) == (0, "")
    assert done.document.keys() == {
        *("tasks", "usage", "faults", "notes"),
        *("failures", "refusal", "problems"),
    }
    for task_id, task in done.document["tasks"].items():
        assert task.keys() == {"pick", "origin", "bracket"}
        assert task["pick"]["task_id"] == task_id
        assert task["pick"]["rollout_id"] == task["bracket"]["survivors"][0]
        assert task["pick"]["reasons"]
        assert Path(task["origin"]["path"]).is_file()
    assert (done.document["usage"], done.document["failures"], done.document["problems"]) == (
        {},
        {},
        [],
    )


def test_same_seed_same_result_and_the_seed_counts(tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool", tasks=1, attempts=6)
    first, second = (rematch("select", pool, "--json", "--seed", "5") for _ in range(2))
    assert first == second
    entrants = {
        json.dumps(
            rematch("select", pool, "--json", "--seed", str(seed)).document["tasks"]["org__repo-0"][
                "bracket"
            ]["rounds"]
        )
        for seed in range(4)
    }
    assert len(entrants) > 1


def test_formats_may_mix_within_a_task(tmp_path: Path) -> None:
    folder = tmp_path / "serve"
    write(folder / "one.json", atif(make_turns(4)))
    write(folder / "two.traj.json", mini_swe(make_turns(3)))
    (folder / "three.patch").write_text(make_patch("new"))
    document = rematch("select", folder, "--json").document
    (task,) = document["tasks"].values()
    assert sorted(task["bracket"]["entrants"]) == ["one", "three", "two"]
    assert document["problems"] == []


def test_group_by_folder_lies_over_what_files_say(pool: Path) -> None:
    shutil.copytree(pool / "org__repo-0", pool / "other" / "here")
    by_instance = rematch("select", pool, "--json").document["tasks"]
    assert {task: len(told["bracket"]["entrants"]) for task, told in by_instance.items()} == {
        "org__repo-0": 3,  # the copies are the same patches, and merge
        "org__repo-1": 3,
    }
    by_folder = rematch("select", pool, "--json", "--group-by", "folder").document["tasks"]
    assert by_folder.keys() == {"org__repo-0", "org__repo-1", "here"}


def test_paths_may_be_files_and_may_repeat(pool: Path) -> None:
    files = sorted((pool / "org__repo-0").iterdir())
    document = rematch("select", *files, files[0], pool / "org__repo-0", "--json").document
    assert sorted(document["tasks"]["org__repo-0"]["bracket"]["entrants"]) == [
        "attempt0",
        "attempt1",
        "attempt2",
    ]


def test_lone_rollout_is_picked(pool: Path) -> None:
    done = rematch("select", pool / "org__repo-0" / "attempt0.traj.json")
    assert done.code == 0
    assert "bracket of 1 entrant," in done.out and "the only entrant" in done.out


BAD = {
    "empty.json": b"",
    "truncated.json": b'{"messages": [',
    "binary.traj": bytes(range(256)) * 4,
    "number.json": b"17",
    "unknown.json": b'{"what": "is this"}',
}


def test_bad_files_are_one_line_each_and_the_rest_is_picked(pool: Path) -> None:
    for name, data in BAD.items():
        (pool / "org__repo-0" / name).write_bytes(data)
    done = rematch("select", pool)
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert done.code == 1
    assert len(errors) == len(BAD)
    for name in BAD:
        assert [line for line in errors if line.startswith(f"error: {pool}/org__repo-0/{name}: ")]
    assert "left: org__repo-1/attempt" in done.out and "left: org__repo-0/attempt" in done.out
    problems = rematch("select", pool, "--json").document["problems"]
    assert sorted(Path(problem["path"]).name for problem in problems) == sorted(BAD)
    assert all(problem["reason"] and "\n" not in problem["reason"] for problem in problems)


def test_nothing_found_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = rematch("select", "empty")
    assert (done.code, done.out) == (1, "")
    assert done.error == "empty: no recorded rollouts found (see docs/formats.md)"
    missing = rematch("select", "nowhere", "empty")
    assert missing.code == 1 and missing.error.startswith("nowhere: cannot be opened")


def test_only_bad_files_is_one_line(tmp_path: Path) -> None:
    for name, data in BAD.items():
        (tmp_path / name).write_bytes(data)
    done = rematch("select", ".")
    assert (done.code, done.out) == (1, "")
    assert done.error.endswith(f"(and {len(BAD) - 1} more)")


def test_dry_run_counts_and_makes_nothing(pool: Path, tmp_path: Path) -> None:
    without = rematch("select", pool, "--dry-run", "-o", tmp_path / "out")
    assert without.out.splitlines() == [
        "2 tasks, 6 rollouts",
        "no model calls: everything is answered from evidence",
    ]
    words = ("select", pool, "--dry-run", "--model", "openai/x", "-v", "4")
    header, titles, *rows = rematch(*words).out.splitlines()
    assert header == "2 tasks, 6 rollouts"
    assert titles.split()[:4] == ["role", "calls", "at", "most"]
    assert [row.split()[:2] for row in rows] == [
        ["summarizer", "6"],
        ["judge", "16"],  # 2 tasks, 2 matches each, 4 votes each
        ["all", "22"],
    ]
    assert all(row.endswith("price unknown") for row in rows)
    document = rematch(*words, "--json").document
    assert document.pop("forecast")[1]["role"] == "judge"
    assert document == {"tasks": 2, "rollouts": 6, "calls": {"summarizer": 6, "judge": 16}}
    assert not (tmp_path / "out").exists()


EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"


def test_no_escape_code_of_a_rollout_reaches_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "task"
    for index in range(3):
        turns = [(f"{EVIL} I see {index}", f"cat {EVIL}", f"{EVIL} ok"), *make_turns(2 + index)]
        document = mini_swe(turns, problem=f"{EVIL} repair", status=f"Submitted{EVIL}")
        write(folder / f"run{EVIL}{index}.json", document)
    (folder / f"bad{EVIL}.json").write_text("{")
    for words in (["-o", "out"], ["--json"]):
        done = rematch("select", folder, *words)
        _assert_harmless(done.out + done.err)
        assert done.code == 1
    _assert_harmless(rematch("show", "out").out)
    _assert_harmless(rematch("show", "out", "task").out)


def _assert_harmless(text: str) -> None:
    assert text
    assert [c for c in text if c in "\x1b\x07\x9b\u202e"] == []


def test_file_name_that_is_no_text_stops_nothing(pool: Path) -> None:
    good = pool / "org__repo-0" / "attempt0.traj.json"
    shutil.copyfile(good, bytes(pool) + b"/org__repo-1/odd\xff.traj.json")
    done = rematch("select", pool)
    assert done.code in (0, 1) and "fault" not in done.err, done.err
    assert "left: org__repo-0/" in done.out
