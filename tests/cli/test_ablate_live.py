"""`rematch ablate --suite`: variants as runs, with what they have in common made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from rematch.testing import Endpoint
from tests.cli.projects import write_task
from tests.cli.running import Done, rematch

SMALL = "base: {n: 2, iterations: 2, context.k: 1, agent.repairer.tries: 2}\n"
FEW = SMALL + "variants:\n  no context: {context.kind: none}\n  one iteration: {iterations: 1}\n"
SIX = """
suite: pocket
ids: [settings-cast, token-bucket, hunk-counts, url-dots]
base: {n: 2, iterations: 2, context.k: 2, agent.repairer.tries: 3}
variants:
  no context: {context.kind: none}
  own summary: {context.kind: single}
  one at random: {context.kind: random-k, context.k: 1}
  one selected: {context.k: 1}
  one iteration: {iterations: 1}
  champion stays: {keep_champion: true}
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def ablate(text: str, *words: str | Path) -> Done:
    """Ablate on a small task in this folder, which is written where it is not there."""
    if not Path("clamp").exists():
        write_task(Path("clamp"))
    Path("live.yaml").write_text(text)
    given = ("--suite", "clamp", "--sandbox", "process", "-o", "out", "--json")
    return rematch("ablate", "live.yaml", *given, *words)


def count_attempts() -> int:
    return len(list(Path("out/shared/attempts").rglob("*.json")))


def test_variants_share_iteration_0_and_a_second_run_makes_nothing() -> None:
    first = ablate(FEW)
    assert first.code == 0, first.err
    assert first.document["kind"] == "live"
    assert first.document["measures"] == ["picked", "last iteration"]
    assert count_attempts() == 2 + 2 + 2, "iteration 0 once, iteration 1 with and without context"
    times = {path: path.stat().st_mtime_ns for path in Path("out/shared").rglob("*.json")}
    second = ablate(FEW)
    assert second.document == first.document
    assert times == {path: path.stat().st_mtime_ns for path in Path("out/shared").rglob("*.json")}


def test_a_killed_ablation_goes_on_with_what_it_has() -> None:
    whole = ablate(FEW)
    (half,) = Path("out/variants").glob("no_context-*")
    (half / "brought.json").unlink()  # as a kill leaves it: tasks there, the variant not done
    made = count_attempts()
    again = ablate(FEW)
    assert again.document["rows"] == whole.document["rows"]
    assert count_attempts() == made


@pytest.mark.slow
def test_a_variant_under_another_name_is_known_again() -> None:
    whole = ablate(FEW)
    renamed = ablate(FEW.replace("one iteration", "T is 1"))
    assert renamed.document["rows"][2]["name"] == "T is 1"
    assert renamed.document["rows"][2]["comparisons"] == whole.document["rows"][2]["comparisons"]


@pytest.mark.slow
def test_redo_forgets_everything() -> None:
    ablate(FEW)
    before = {path: path.stat().st_mtime_ns for path in Path("out/shared").rglob("*.json")}
    ablate(FEW, "--redo")
    after = {path: path.stat().st_mtime_ns for path in Path("out/shared").rglob("*.json")}
    assert set(before.items()).isdisjoint(after.items())


def test_a_distilled_context_counts_its_distiller(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
    text = SMALL + (
        "variants:\n  distilled: {context.distill: true, models.distiller: "
        f"{{model: openai/distills, api_base: '{endpoint.url}'}}}}\n"
    )
    done = ablate(text)
    assert done.code == 0, done.err
    made = len(endpoint.calls(model="distills"))
    assert made == done.document["rows"][1]["usage"]["distiller"]["calls"] > 0
    assert done.document["rows"][0]["usage"] == {}
    again = ablate(text)
    assert again.document["rows"] == done.document["rows"]
    assert len(endpoint.calls(model="distills")) == made


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ("{recorded_n: 2}", "n says how many"),
        ("{rtv.votes: 1}", "casts one vote"),
        ("{iterations: 1, context.k: 2}", "T=1"),
        ("{agent.name: 'harbor:oracle'}", "Harbor runs its own"),
    ],
)
def test_what_cannot_matter_live_is_refused(changes: str, told: str) -> None:
    done = ablate(f"{SMALL}variants: {{v: {changes}}}")
    assert (done.code, told in done.error) == (2, True)
    assert not Path("out").exists()


def test_a_dry_run_counts_rollouts() -> None:
    calls = ablate(FEW, "--dry-run").document["calls"]
    assert calls["base"] == {"rollouts": 4}
    assert calls["one iteration"] == {"rollouts": 2}


def test_a_pool_and_a_suite_together_are_refused() -> None:
    done = ablate(FEW, "clamp")
    assert (done.code, "either recorded rollouts (pool) or a suite" in done.error) == (2, True)


@pytest.mark.slow
def test_six_variants_on_four_pocket_tasks() -> None:
    Path("six.yaml").write_text(SIX)
    words = ("ablate", "six.yaml", "--sandbox", "process", "-o", "out")
    first = rematch(*words, "--json")
    assert first.code == 0, first.err
    made = count_attempts()
    second = rematch(*words)
    assert second.code == 0 and count_attempts() == made
    assert "no model call was made" in second.out
    rows = {row["name"]: row for row in first.document["rows"]}
    assert len(rows) == 7
    for row in list(rows.values())[1:]:
        for measure in ("picked", "last iteration"):
            assert row["comparisons"][measure]["n_tasks"] == 4
    alone = rows["one iteration"]["comparisons"]["last iteration"]["mean"]
    assert alone == pytest.approx(first.document["references"]["one attempt"])
    assert "last iteration" in second.out and "beside them: one attempt" in second.out
