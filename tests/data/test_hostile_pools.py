"""Bad files beside good ones: one line each, the good ones still there, memory bounded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rematch.data.pools import Problem, read_pool
from tests.data.formats.reading import rollouts_of, write_json
from tests.data.formats.samples import as_lines, atif, mini_v2, predictions, trial

BAD = {
    "archive.json": b"PK\x03\x04" + bytes(100),
    "binary.json": bytes(range(256)) * 40,
    "bomb.zip": b"",
    "cut.json": json.dumps(mini_v2()).encode()[:-40],
    "deep.json": b'{"messages":' + b"[" * 200_000,
    "empty.json": b"",
    "list.json": b"[1, 2, 3]",
    "nan.json": json.dumps({**trial(), "reward": float("nan")}).encode(),
    "number.json": b"12",
    "null.json": b"null",
    "other.json": b'{"hello": "world"}',
    "page.bin": b"<html><body>no</body></html>",
    "string.json": b'"messages"',
    "utf16.json": json.dumps(mini_v2()).encode("utf-16"),
    "escapes.json": json.dumps(mini_v2("../../etc/passwd")).encode(),
    "lines.jsonl": b'{"hello": 1}\n' * 50,
}


def write_pool(folder: Path) -> Path:
    for name, data in BAD.items():
        (folder / name).write_bytes(data)
    write_json(folder / "a" / "good.json", mini_v2())
    write_json(folder / "z" / "good.json", mini_v2())
    return folder


def test_each_bad_file_is_one_line(tmp_path: Path) -> None:
    pool = read_pool([write_pool(tmp_path)])
    assert sorted(Path(problem.path).name for problem in pool.problems) == sorted(BAD)
    for problem in pool.problems:
        line = str(problem)
        assert line.startswith(f"{problem.path}: ")
        assert "\n" not in line
        assert "report it" not in line
    assert pool.sizes == {"shop__basket-1": 2}
    assert len(rollouts_of(pool)) == 2


def test_what_is_odd_but_readable_is_read(tmp_path: Path) -> None:
    document = mini_v2()
    document["info"]["model_stats"] = {"api_calls": 10**30, "instance_cost": -1e300}
    document["messages"][3]["extra"]["returncode"] = 10**40
    document["messages"][4]["content"] = "\ud800 lone"
    text = json.dumps(document)
    (tmp_path / "odd.json").write_bytes(text.encode().replace(b"1 failed", b"1 f\xffiled"))
    pool = read_pool([tmp_path])
    assert pool.problems == ()
    [rollout] = rollouts_of(pool)
    assert rollout.usage.cost_usd is None
    assert rollout.trajectory.steps[0].actions[0].exit_code is None
    assert rollout.trajectory.steps[0].actions[0].output == "1 f\ufffdiled\n"
    assert rollout.model_dump_json().encode()


def test_links_in_circles_end(tmp_path: Path) -> None:
    write_json(tmp_path / "pool" / "basket" / "a.json", atif())
    (tmp_path / "pool" / "basket" / "up").symlink_to(tmp_path / "pool")
    (tmp_path / "pool" / "self").symlink_to("self")
    (tmp_path / "pool" / "gone").symlink_to("nowhere")
    (tmp_path / "pool" / "twin").symlink_to("basket")
    pool = read_pool([tmp_path / "pool"])
    assert pool.sizes == {"basket": 1}
    assert [Path(problem.path).name for problem in pool.problems] == ["gone", "self"]


def test_two_links_to_one_file_are_two_attempts(tmp_path: Path) -> None:
    original = write_json(tmp_path / "original.json", atif())
    (tmp_path / "basket").mkdir()
    for name in ("a.json", "b.json"):
        (tmp_path / "basket" / name).symlink_to(original)
    assert read_pool([tmp_path / "basket"]).sizes == {"basket": 2}


def test_what_is_no_file_is_a_problem(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    pool = read_pool([tmp_path, tmp_path / "missing", Path("/dev/zero")])
    reasons = {Path(problem.path).name: problem.reason for problem in pool.problems}
    assert reasons["pipe.json"] == "is not a regular file"
    assert reasons["zero"] == "is not a regular file"
    assert reasons["missing"].startswith("cannot be opened (no such file or directory)")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_files_and_folders_are_problems(tmp_path: Path) -> None:
    write_json(tmp_path / "good" / "a.json", atif())
    secret = write_json(tmp_path / "secret.json", atif())
    locked = tmp_path / "locked"
    locked.mkdir()
    secret.chmod(0)
    locked.chmod(0)
    try:
        pool = read_pool([tmp_path])
    finally:
        locked.chmod(0o700)
    assert [Path(problem.path).name for problem in pool.problems] == ["locked", "secret.json"]
    assert all("permission denied" in problem.reason for problem in pool.problems)


def test_an_error_of_ours_stops_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_json(tmp_path / "basket" / "a.json", atif())
    write_json(tmp_path / "basket" / "b.json", mini_v2())
    monkeypatch.setattr("rematch.data.formats.mini_swe.strip_prompt", lambda text: 1 / 0)
    pool = read_pool([tmp_path])
    assert pool.sizes == {"basket": 1}
    [problem] = pool.problems
    assert problem.reason == (
        "cannot be read (ZeroDivisionError: division by zero); please report it"
    )


def test_a_problem_is_what_where_and_what_to_do() -> None:
    problem = Problem("pool/a.json", "is empty; remove it or record the attempt again")
    assert str(problem) == "pool/a.json: is empty; remove it or record the attempt again"


MEASURE = """
import resource, sys
from rematch.data.pools import read_pool
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pool = read_pool(sys.argv[1:])
steps = sum(len(r.trajectory.steps) for task in pool.tasks.values() for r in task.rollouts)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) * 1024, steps, len(pool.problems))
"""


def measure(path: Path) -> tuple[float, int, int]:
    """Bytes at the peak over those at the start, steps read, problems; in a process of its own."""
    command = [sys.executable, "-c", MEASURE, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    peak, steps, problems = map(int, result.stdout.split())
    return peak, steps, problems


def many_steps(count: int) -> str:
    """A chat of so many replies, compact."""
    reply = '{"role":"assistant","content":"","extra":{"actions":[{"command":"ls"}]}}'
    return f'{{"info":{{}},"messages":[{",".join([reply] * count)}]}}'


@pytest.mark.parametrize(
    "name", ["long line", "many steps", "a million steps", "tiny values", "cut", "many lines"]
)
def test_memory_is_bounded_by_the_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / "attempt.json"
    document = mini_v2()
    document["messages"][3]["extra"]["raw_output"] = "é" + "x" * 30_000_000
    text = {
        "long line": lambda: json.dumps(document, ensure_ascii=False),
        "cut": lambda: json.dumps(document, ensure_ascii=False)[:-30],
        "many steps": lambda: many_steps(50_000),
        "a million steps": lambda: many_steps(1_000_000),
        "tiny values": lambda: f'{{"messages":[{"[]," * 10_000_000}0]}}',
        "many lines": lambda: as_lines([predictions()["shop__basket-1"]]) * 50_000,
    }[name]()
    path.write_text(text)
    peak, steps, problems = measure(path)
    assert peak < 100e6 + 6 * path.stat().st_size
    assert steps == {"long line": 2, "many steps": 50_000}.get(name, 0)
    assert problems == (steps == 0)


def test_a_pool_is_never_in_memory_at_once(tmp_path: Path) -> None:
    document = mini_v2()
    document["messages"][3]["extra"]["raw_output"] = "x" * 5_000_000
    for number in range(20):
        write_json(
            tmp_path / f"task-{number}" / "a.json", {**document, "instance_id": f"t{number}"}
        )
    peak, steps, problems = measure(tmp_path)
    assert (steps, problems) == (40, 0)
    assert peak < 40e6


def test_the_shared_pool_is_read_within_its_budget(shared_data: Path) -> None:
    peak, steps, problems = measure(shared_data / "terminal-bench-2.1")
    assert (steps, problems) == (10_824, 0)
    assert peak < 60e6
