"""`rematch search --suite`: settings run live, and share the attempts that they have in common."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rematch.testing import Endpoint
from tests.cli.projects import write_task
from tests.cli.running import Done, rematch

SPACE = "context.kind: [none, select-k]\niterations: [1, 2]\n"
SMALL = ("-c", "n=2", "-c", "context.k=1", "-c", "agent.repairer.tries=2")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _tell(word: str) -> str:
    """An instruction that is no near-copy of another task's."""
    story = " ".join(f"{word}{number}" for number in range(80))
    return f"{story}: clamp(5, 0, 9) gives 0. Run `python3 -m unittest -q` in /app.\n"


def search(*words: str | Path, trials: int = 3) -> Done:
    """Search on three small tasks in this folder, written where they are not there."""
    for word in ("alpha", "beta", "gamma"):
        if not Path("suite", word).exists():
            folder = write_task(Path("suite", word))
            (folder / "instruction.md").write_text(_tell(word))
    Path("space.yaml").write_text(SPACE)
    given = ("--suite", "suite", "--space", "space.yaml", "--trials", str(trials), "--json")
    return rematch("search", *given, "--sandbox", "process", "-o", "out", *SMALL, *words)


@pytest.mark.slow
def test_settings_are_run_on_tasks_and_the_best_on_held_out_ones() -> None:
    done = search()
    assert done.code == 0, done.err
    result = done.document
    assert (result["unit"], result["trials"], result["held_out"]["kind"]) == ("steps", 3, "live")
    assert sorted(result["search_tasks"] + result["held_out_tasks"]) == ["alpha", "beta", "gamma"]
    assert all(point["cost"] > 0 for point in result["pareto"])
    made = {path: path.stat().st_mtime_ns for path in Path("out/shared").rglob("*.json")}
    shutil.rmtree("out/settings")
    assert search().document == result, "all of it comes back from what settings share"
    assert made == {path: path.stat().st_mtime_ns for path in Path("out/shared").rglob("*.json")}


@pytest.mark.slow
def test_one_iteration_costs_less_than_two() -> None:
    result = search(trials=4).document
    cheapest = result["pareto"][0]
    assert cheapest["changes"]["iterations"] == 1
    assert cheapest["cost"] < result["base"]["cost"]


@pytest.mark.slow
def test_a_models_judging_is_part_of_the_cost(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
    model = ("--summarizer-model", "openai/live", "--api-base", endpoint.url)
    result = search(*model, trials=2).document
    assert result["unit"] == "tokens" and result["base"]["cost"] > 0
    made = len(endpoint.calls(model="live"))
    assert made > 0
    assert search(*model, trials=2).document == result
    assert len(endpoint.calls(model="live")) == made


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("search",), "name either recorded rollouts or a --suite"),
        (("search", "pool", "--suite", "pocket"), "name either recorded rollouts or a --suite"),
        (("search", "pool"), "--labels FILE"),
    ],
)
def test_what_to_search_on_is_said_once(words: tuple[str, ...], told: str) -> None:
    done = rematch(*words)
    assert (done.code, told in done.error) == (2, True)


def test_a_key_of_recorded_pools_is_refused_live() -> None:
    search_folder = Path("space.yaml")
    search_folder.write_text("recorded_n: [2, 3]\n")
    done = rematch("search", "--suite", "pocket", "--space", "space.yaml")
    assert (done.code, "what runs live makes its own" in done.error) == (2, True)
