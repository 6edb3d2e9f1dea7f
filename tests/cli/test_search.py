"""`rematch search` on recorded pools: by evidence, with a model, killed and continued."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
import yaml

from rematch.testing import Endpoint
from tests.cli.pools import write_labelled
from tests.cli.running import Done, rematch, start_rematch

SPACE = "rtv.votes: [1, 2]\nrecorded_n: {low: 2, high: 4}\n"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")


def search(*words: str | Path, trials: int = 6) -> Done:
    """Search on the pool in this folder, which is written where it is not there."""
    if not Path("pool").exists():
        write_labelled(Path(), tasks=5)
    given = ("--labels", "labels.tsv", "--trials", str(trials), "-o", "out", "--json")
    return rematch("search", "pool", *given, *words)


def test_the_best_are_measured_on_tasks_that_the_search_never_saw() -> None:
    done = search()
    assert done.code == 0, done.err
    result = done.document
    assert set(result["search_tasks"]).isdisjoint(result["held_out_tasks"])
    assert len(result["search_tasks"]) + len(result["held_out_tasks"]) == 5
    names = ["base", *(point["name"] for point in result["pareto"])]
    assert [row["name"] for row in result["held_out"]["rows"]] == names
    for row in result["held_out"]["rows"]:
        assert row["comparisons"]["picked"]["n_tasks"] == len(result["held_out_tasks"])


def test_a_setting_that_was_found_is_a_file_for_c() -> None:
    point = search().document["pareto"][-1]
    path = Path("out") / f"{point['name'].replace(' ', '-')}.yaml"
    told = yaml.safe_load(path.read_text())
    assert told["recorded_n"] == point["changes"]["recorded_n"]
    printed = rematch("select", "pool", "-c", path, "--print-config")
    assert yaml.safe_load(printed.out)["rtv"]["ties"] == point["changes"]["rtv.ties"]


def test_a_model_is_asked_once_for_what_settings_share(endpoint: Endpoint) -> None:
    Path("space.yaml").write_text(SPACE)
    words = ("--space", "space.yaml", "--model", "openai/searched", "--api-base", endpoint.url)
    first = search(*words)
    assert first.code == 0, first.err
    made = len(endpoint.calls(model="searched"))
    assert len(endpoint.calls(model="searched", role="summarizer")) <= 20, "once an attempt"
    second = search(*words)
    assert second.document == first.document
    assert len(endpoint.calls(model="searched")) == made
    assert first.document["unit"] == "tokens"


def test_tables_and_figures_are_written() -> None:
    pytest.importorskip("matplotlib")
    write_labelled(Path(), tasks=5)
    done = rematch("search", "pool", "--labels", "labels.tsv", "--trials", "4")
    assert done.code == 0, done.err
    folder = Path("runs/search-pool")
    assert {"search.json", "study.journal", "pareto.svg", "pareto.png"} <= {
        path.name for path in folder.iterdir()
    }
    assert "held-out tasks:" in done.out and "[4/4] trial 3" in done.err


@pytest.mark.parametrize(
    ("space", "told"),
    [
        ("n: [2, 4]", "those of a recorded pool are made"),
        ("rtv.votes: [1, 2]", "casts one vote"),
        ("rtv.tie: [draw]", "unknown key"),
        ("rtv.ties: [coin]", "rtv.ties"),
        ("recorded_n: [4, 9]", "no task has more than 4 attempts"),
        ("rtv.ties: [evidence]", "has no value but the base's"),
        ("rtv.ties: [", "is not YAML"),
    ],
)
def test_a_space_that_cannot_matter_is_one_line(space: str, told: str) -> None:
    Path("space.yaml").write_text(space)
    done = search("--space", "space.yaml")
    assert done.code in (1, 2) and told in done.error


def test_too_few_tasks_are_one_line() -> None:
    write_labelled(Path(), tasks=1)
    assert "1 task: too few whose texts differ" in search().error


def test_another_question_does_not_go_on_in_the_folder() -> None:
    search()
    done = search("--seed", "5")
    assert (done.code, "seed: 0 there, 5 now" in done.error) == (2, True)
    assert search("--seed", "5", "--redo").code == 2, "redo forgets results, not another question"


@pytest.mark.slow
def test_fifty_trials_on_real_attempts_also_after_a_kill(shared_data: Path) -> None:
    pool = shared_data / "terminal-bench-2.1"
    words = ("search", pool, "--labels", pool / "labels.tsv", "--trials", "50", "--json")
    whole = rematch(*words, "-o", "whole")
    assert whole.code == 0, whole.err
    process = start_rematch(*words, "-o", "cut")
    journal = Path("cut/study.journal")
    while process.poll() is None and _count_over(journal) < 10:
        time.sleep(0.1)
    assert process.poll() is None, "it ended before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert 10 <= _count_over(journal) < 50
    resumed = rematch(*words, "-o", "cut")
    assert resumed.document["pareto"] == [
        {**point, "name": name["name"]}
        for point, name in zip(whole.document["pareto"], resumed.document["pareto"], strict=True)
    ], "the same settings; a trial that the kill cut short leaves a gap in the numbers"
    assert resumed.document["trials"] == 50
    assert len(whole.document["held_out_tasks"]) + len(whole.document["search_tasks"]) == 39


def _count_over(journal: Path) -> int:
    """Trials that are over, by the journal's lines; its last one may be half written."""
    if not journal.exists():
        return 0
    lines = [line for line in journal.read_text().split("\n")[:-1] if line]
    return sum("values" in json.loads(line) for line in lines)
