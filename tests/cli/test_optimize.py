"""`rematch optimize` for prompts: folder, report, resume, budget, outage, leaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rematch.testing import ChatRequest, Endpoint, Fault
from tests.app.lessons import USEFUL, coached, write_lessons
from tests.cli.running import Done, rematch

SMALL = ("-c", "tuning.groups=1", "--optimizer", "copro", "-w", "8")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "any")


def optimize(endpoint: Endpoint, *words: str | Path, target: str = "judge") -> Done:
    return rematch(
        *("optimize", target, "pool", "--labels", "pool/labels.tsv", "--api-base", endpoint.url),
        *("--judge-model", "openai/votes", "--reflection-model", "openai/writes", *words),
    )


def read(path: str) -> Any:
    return json.loads(Path(path).read_text())


def read_lines(path: str) -> list[Any]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_a_tuning_leaves_program_start_report_and_examples_and_asks_nothing_twice() -> None:
    write_lessons(Path("pool"), tasks=12)
    with coached() as endpoint:
        done = optimize(endpoint, *SMALL, "-o", "out")
        assert done.code == 0, done.err
        calls = len(endpoint.log)
        first = {p: Path("out", p).read_bytes() for p in ("program.json", "start.json")}
        again = optimize(endpoint, *SMALL, "-o", "out")
        assert again.out == done.out
        assert len(endpoint.log) == calls
    assert first == {name: Path("out", name).read_bytes() for name in first}
    assert {path.name for path in Path("out/judge").iterdir()} == {
        *("train.jsonl", "validation.jsonl", "test.jsonl", "candidates.jsonl", "optimizer.log")
    }
    assert done.err.count("note: judge: prompt ") >= 2, "progress is told while DSPy is silenced"
    assert "Average Metric" in Path("out/judge/optimizer.log").read_text()
    assert "Average Metric" not in done.out + done.err
    report, split = read("out/report.json"), read("out/split.json")
    assert report["calls"] == calls
    assert sum(report["examples"]["judge"].values()) == 12
    assert sorted(split["digest"]) == ["judge/test", "judge/train", "judge/validation"]
    assert done.out.splitlines()[0].startswith("judge: ")
    page = Path("out/report.md").read_text()
    assert page.index("held-out tasks") < page.index("| tasks |"), "what is proven stands first"
    ended = read_lines("out/judge/candidates.jsonl")
    assert len(ended) >= 2 and all(0 <= one["mean"] <= 1 for one in ended)


def test_the_tuned_program_goes_into_select() -> None:
    write_lessons(Path("pool"), tasks=12)
    with coached() as endpoint:
        assert optimize(endpoint, *SMALL, "-o", "out").code == 0
        instruction = read("out/program.json")["state"]["rtv.judge.compare"]["signature"]
        done = rematch(
            *("select", "pool", "--judge-model", "openai/new", "--api-base", endpoint.url),
            *("-v", "1", "--program", "out/program.json"),
        )
        assert done.code == 0, done.err
        asked = endpoint.calls(model="new")
    last = instruction["instructions"].splitlines()[-1]
    assert asked and all(last in str((call.messages or [])[0]) for call in asked)


def test_a_spent_budget_ends_with_the_best_so_far_and_says_so_first() -> None:
    write_lessons(Path("pool"), tasks=12)
    with coached() as endpoint:
        done = optimize(endpoint, *SMALL, "-o", "out", "--max-calls", "75")
        assert done.code == 1
        assert len(endpoint.log) <= 90
        assert done.out.startswith("judge: Stopped early: the budget is spent: ")
        assert "held-out tasks the accuracy" in done.out, "the reserve paid for measuring"
        more = optimize(endpoint, *SMALL, "-o", "out", "--max-calls", "2000")
        assert more.code == 0, more.err
    with coached() as endpoint:
        assert optimize(endpoint, *SMALL, "-o", "whole").code == 0
    parted, whole = (Path(name, "program.json").read_text() for name in ("out", "whole"))
    assert parted == whole, "going on ends where one go ends"


def test_an_endpoint_that_dies_is_no_bad_score() -> None:
    write_lessons(Path("pool"), tasks=12)
    served = 0

    def dies(request: object, rng: object) -> Fault | None:
        nonlocal served
        served += 1
        return Fault.SERVER_ERROR if served > 55 else None

    quick = ("-c", "models.judge.attempts=1", "-c", "models.reflection.attempts=1")
    with coached(faults=dies) as endpoint:
        done = optimize(endpoint, *SMALL, *quick, "-o", "out")
    assert done.code == 1
    assert done.out.startswith("judge: Stopped early: ")
    assert "No gain proven: the held-out tasks could not be asked" in done.out
    assert "tuning was ended early" in done.error
    scored = read_lines("out/judge/candidates.jsonl")
    best = max(scored, key=lambda one: (one["mean"], -one["number"]))
    assert read("out/program.json")["state"]["rtv.judge.compare"] == best["state"]
    assert best["mean"] >= scored[0]["mean"]


@pytest.mark.parametrize("optimizer", ["gepa", "mipro", "copro", "simba", "bootstrap"])
def test_each_optimizer_is_ended_by_a_lost_call(optimizer: str) -> None:
    """DSPy's optimizers catch what fails, some of them for ever; this reaches us through each."""
    write_lessons(Path("pool"), tasks=12)
    served = 0
    dying = "judge" if optimizer == "bootstrap" else "coach"

    def dies(request: ChatRequest, rng: object) -> Fault | None:
        nonlocal served
        measured = served >= 24  # the start: 12 groups in two orders
        served += request.role == "judge"
        return Fault.SERVER_ERROR if request.role == dying and measured else None

    quick = ("-c", "models.judge.attempts=1", "-c", "models.reflection.attempts=1")
    with coached(faults=dies, accuracy=0.7) as endpoint:
        done = optimize(
            *(endpoint, "-c", "tuning.groups=1", "--optimizer", optimizer, *quick, "-o", "out")
        )
    assert done.code == 1
    assert done.out.startswith("judge: Stopped early: The server had an error")
    assert read("out/program.json")["state"] == read("out/start.json")["state"]


def test_an_endpoint_that_is_dead_from_the_start_tunes_nothing() -> None:
    write_lessons(Path("pool"), tasks=12)
    with coached(faults=lambda request, rng: Fault.SERVER_ERROR) as endpoint:
        done = optimize(endpoint, *SMALL, "-c", "models.judge.attempts=1", "-o", "out")
    assert done.code == 1
    assert "judge: ended while the start was measured, so nothing was tuned: " in done.error
    assert not Path("out/program.json").exists()


def test_planted_held_out_text_is_caught_before_any_call() -> None:
    write_lessons(Path("pool"), tasks=12)
    with coached() as endpoint:
        assert optimize(endpoint, *SMALL, "-o", "out").code == 0
        made = len(endpoint.log)
        split = read("out/split.json")
        held, training = split["test"][0], split["train"][0]
        for path in Path("pool", training).iterdir():
            document = json.loads(path.read_text())
            text = json.loads(next(Path("pool", held).iterdir()).read_text())["messages"][1]
            document["messages"][1]["content"] += "\n" + text["content"]
            path.write_text(json.dumps(document))
        done = optimize(endpoint, *SMALL, "-o", "other", "--split", "out/split.json")
        assert done.code == 1
        assert f"{held} (test): its text stands in train, in examples of {training}" in done.error
        assert len(endpoint.log) == made
        moved = {**split, "train": [*split["train"], held]}
        Path("moved.json").write_text(json.dumps(moved))
        assert (
            "stands in train and in test"
            in optimize(endpoint, *SMALL, "-o", "third", "--split", "moved.json").error
        )


def test_other_rollouts_need_another_folder() -> None:
    pool = write_lessons(Path("pool"), tasks=12)
    with coached() as endpoint:
        assert optimize(endpoint, *SMALL, "-o", "out").code == 0
        path = next((pool / "org__repo0-0").iterdir())
        path.write_text(path.read_text().replace("tried=", "tried=0"))
        refused = optimize(endpoint, *SMALL, "-o", "out")
        assert refused.code == 2 and "holds other examples (judge/" in refused.error
        assert optimize(endpoint, *SMALL, "-o", "out", "--redo").code == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("optimize", "judge", "pool"), 2, "judge: needs a model: --judge-model provider/name"),
        (
            ("optimize", "judge", "pool", "--judge-model", "openai/m"),
            1,
            "pool: --labels FILE is needed",
        ),
        (
            ("optimize", "judge", "pool", "--judge-model", "openai/m", "--labels", "none.tsv"),
            1,
            "none.tsv: cannot be read",
        ),
        (
            ("optimize", "judge", "pool", "--judge-model", "openai/m", "--optimizer", "adam"),
            2,
            "tuning.optimizer: Input should be 'gepa'",
        ),
        (
            ("optimize", "judge", "pool", "-c", "tuning.shares=[0.5,0.5,0]"),
            2,
            "tuning.shares: must be three numbers above 0 that sum to 1",
        ),
        (
            ("optimize", "evidence", "pool"),
            2,
            "1 pools need as many --labels, not 0",
        ),
    ],
)
def test_what_is_missing_is_one_line(words: tuple[str, ...], code: int, message: str) -> None:
    write_lessons(Path("pool"), tasks=3)
    done = rematch(*words)
    assert done.code == code
    assert message in done.error


def test_a_pool_without_mixed_outcomes_has_nothing_to_teach() -> None:
    pool = write_lessons(Path("pool"), tasks=3)
    labels = pool / "labels.tsv"
    labels.write_text(labels.read_text().replace("\t0", "\t1"))
    done = rematch("optimize", "judge", pool, "--labels", labels, "--judge-model", "openai/m")
    assert done.code == 1
    assert "judge: nothing to learn from: no task has attempts" in done.error


def test_json_is_the_report() -> None:
    write_lessons(Path("pool"), tasks=12)
    with coached() as endpoint:
        done = optimize(endpoint, *SMALL, "-o", "out", "--json")
    assert done.document == read("out/report.json")
    assert USEFUL[0] not in str(done.document["targets"][0]["headline"])
