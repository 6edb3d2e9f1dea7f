"""`rematch anchor`: from labelled rollouts to a judge whose slots are weighed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rematch.testing import Endpoint, Fault
from tests.app.recordings import make_patch, make_turns, mini_swe, write
from tests.cli.running import Done, rematch
from tests.optimizers.test_anchoring import BiasedChooser


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(BiasedChooser()) as serving:
        yield serving


def write_pool(tasks: int = 14) -> None:
    """Two attempts a task, shown by their patch, of which the worthier passes."""
    rows = ["task\tattempt\treward"]
    for number in range(tasks):
        task = f"org__repo-{number}"
        for attempt in range(2):
            worth = f"worth=0.{3 + (number + 2 * attempt) % 5}{attempt + 1}"
            document = mini_swe(
                make_turns(3 + attempt),
                task=task,
                patch=make_patch(f"fix {number} {attempt} {worth}"),
                problem=" ".join(f"word{number}x{n}" for n in range(40)),
            )
            write(Path("pool") / task / f"attempt{attempt}.traj.json", document)
        better = int(((number + 2) % 5, 2) > (number % 5, 1))
        rows += [f"{task}\tattempt{n}\t{int(n == better)}" for n in range(2)]
    Path("labels.tsv").write_text("\n".join(rows) + "\n")


def anchor(endpoint: Endpoint, *words: str) -> Done:
    if not Path("pool").exists():
        write_pool()
    asked = ("--judge-model", "openai/biased", "--api-base", endpoint.url)
    shown = ("-c", "judge.represent=patch", "-o", "out")
    return rematch("anchor", "pool", "--labels", "labels.tsv", *asked, *shown, *words)


def test_the_bias_goes_and_the_program_is_one_for_select(endpoint: Endpoint) -> None:
    done = anchor(endpoint, "--json")
    assert done.code == 0, done.err
    report = done.document["report"]
    assert set(done.document["fitted_tasks"]).isdisjoint(done.document["test_tasks"])
    assert report["before"]["first_slot"] > report["after"]["first_slot"]
    assert report["after"]["right"] > report["before"]["right"]
    asked = ("--judge-model", "openai/biased", "--api-base", endpoint.url, "-v", "1")
    choice = ("-c", "judge.kind=choice", "-c", "judge.represent=patch")
    picks = rematch("select", "pool", *asked, *choice, "--program", "out/program.json", "--json")
    assert picks.code == 0, picks.err
    other = rematch("select", "pool", *asked, "--program", "out/program.json")
    assert (other.code, "other signatures" in other.error) == (1, True)


def test_a_second_run_asks_nothing_and_says_the_same(endpoint: Endpoint) -> None:
    first = anchor(endpoint)
    made = len(endpoint.log)
    second = anchor(endpoint)
    assert (second.out, len(endpoint.log)) == (first.out, made)
    assert "slot 1 named:" in first.out and "held-out tasks" in first.out


def test_an_outage_is_told_and_no_weights_are_written() -> None:
    with Endpoint(BiasedChooser(), faults=lambda request, _: Fault.SERVER_ERROR) as failing:
        done = anchor(failing, "-c", "models.judge.attempts=1")
    assert done.code == 1 and done.error
    assert not Path("out/program.json").exists()


def test_what_is_missing_is_one_line(endpoint: Endpoint) -> None:
    write_pool(tasks=1)
    assert "1 tasks with mixed outcomes: too few" in anchor(endpoint).error
    without = rematch("anchor", "pool", "--labels", "labels.tsv")
    assert (without.code, "--judge-model" in without.error) == (2, True)
    larger = anchor(endpoint, "-c", "judge.kind=choice", "-c", "rtv.group_size=3")
    assert (larger.code, "set rtv.group_size=2" in larger.error) == (2, True)
