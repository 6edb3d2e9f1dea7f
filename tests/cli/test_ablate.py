"""`rematch ablate` on a recorded pool: the endpoint's log is the witness of every call."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from rematch.programs import RTV, Rematch, Summarizer
from rematch.programs import Judge as Judging
from rematch.testing import ChatRequest, Endpoint, Fault, Judge
from tests.cli.pools import write_labelled
from tests.cli.running import Done, rematch

FEW = "variants:\n  one vote: {rtv.votes: 1}\n  trajectory: {judge.represent: trajectory}\n"
MANY = """
base: {rtv.votes: 3}
variants:
  one vote: {rtv.votes: 1}
  no early stop: {rtv.early_stop: false}
  one match: {rtv.group_size: 4}
  no rotation: {rtv.rotate: false}
  drawn ties: {rtv.ties: draw}
  trajectory: {judge.represent: trajectory}
  patch: {judge.represent: patch}
  evidence shown: {judge.represent: evidence}
  evidence judge: {models.judge: null}
  two attempts: {recorded_n: 2}
  other judge: {models.judge.model: openai/other}
  other summaries: {models.summarizer.model: openai/other}
"""

REAL = """
base: {rtv.votes: 2, summarizer.input_tokens: 3000, judge.input_tokens: 3000}
variants:
  one vote: {rtv.votes: 1}
  groups of four: {rtv.group_size: 4}
  no rotation: {rtv.rotate: false}
  drawn ties: {rtv.ties: draw}
  no evidence of size: {evidence.without: [size]}
  trajectory: {judge.represent: trajectory}
  evidence shown: {judge.represent: evidence}
  evidence judge: {models.judge: null}
  three attempts: {recorded_n: 3}
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")


def ablate(endpoint: Endpoint, text: str, *words: str | Path, name: str = "m") -> Done:
    """Ablate on the pool in this folder, which is written where it is not there."""
    if not Path("pool").exists():
        write_labelled(Path())
    Path("ablation.yaml").write_text(text)
    model = ("--model", f"openai/{name}", "--api-base", endpoint.url)
    return rematch("ablate", "ablation.yaml", "pool", "--labels", "labels.tsv", *model, *words)


def test_variants_stand_beside_the_base_and_equal_calls_are_made_once(endpoint: Endpoint) -> None:
    done = ablate(endpoint, MANY, "--json", "-o", "out", name="many")
    assert done.code == 0, done.err
    rows = {row["name"]: row for row in done.document["rows"]}
    assert len(rows) == 13
    calls = {
        name: sum(usage["calls"] for usage in row["usage"].values()) for name, row in rows.items()
    }
    made = len(endpoint.calls(model="many")) + len(endpoint.calls(model="other"))
    assert made == sum(usage["calls"] for usage in done.document["spent"].values())
    assert made < sum(calls.values())
    assert rows["trajectory"]["usage"].keys() == {"judge"}, "nobody reads summaries there"
    assert rows["evidence judge"]["usage"] == {}
    assert calls["one vote"] < calls["base"] < calls["no early stop"]
    assert calls["no early stop"] == 8 + 2 * 3 * 3
    assert calls["two attempts"] == 4 + 2 * 2
    picked = {name: row["comparisons"]["picked"]["mean"] for name, row in rows.items()}
    assert picked["base"] == 1.0, "the judge sees the quality, and the best attempt passes"
    assert done.document["references"]["random"] == 0.5


def test_the_second_run_makes_no_call_and_says_the_same(endpoint: Endpoint) -> None:
    first = ablate(endpoint, FEW, "--json", "-o", "out", name="twice")
    made = len(endpoint.calls(model="twice"))
    second = ablate(endpoint, FEW, "--json", "-o", "out", name="twice")
    assert len(endpoint.calls(model="twice")) == made > 0
    assert second.document["rows"] == first.document["rows"]
    assert second.document["spent"] == {}


def test_another_variant_costs_its_own_calls_alone(endpoint: Endpoint) -> None:
    first = ablate(endpoint, FEW, "--json", "-o", "out", name="more")
    made = len(endpoint.calls(model="more"))
    more = FEW + "  patch: {judge.represent: patch}\n"
    done = ablate(endpoint, more, "--json", "-o", "out", name="more")
    (new,) = [row for row in done.document["rows"] if row["name"] == "patch"]
    assert len(endpoint.calls(model="more")) - made == new["usage"]["judge"]["calls"]
    assert done.document["rows"][:3] == first.document["rows"]


def test_table_csv_and_figures_are_written(endpoint: Endpoint) -> None:
    pytest.importorskip("matplotlib")
    done = ablate(endpoint, FEW, name="files")
    folder = Path("runs/ablation-ablation")
    names = {path.name for path in folder.iterdir() if path.is_file()}
    assert {"ablation.json", "ablation.csv", "ablation-picked.svg", "ablation-picked.png"} <= names
    rows = list(csv.DictReader((folder / "ablation.csv").read_text().splitlines()))
    assert [row["variant"] for row in rows] == ["base", "one vote", "trajectory"]
    assert "one vote" in done.out and "beside them: random 50.0" in done.out
    assert "[3/3] trajectory: 2 tasks" in done.err


def test_each_variants_brackets_can_be_read_by_judge_report(endpoint: Endpoint) -> None:
    ablate(endpoint, FEW, "-o", "out", name="brackets")
    (folder,) = Path("out/variants").glob("one_vote-*")
    assert rematch("judge-report", folder).code == 0


def test_a_variant_that_cannot_matter_is_refused_before_any_call(endpoint: Endpoint) -> None:
    done = ablate(endpoint, "variants: {more: {n: 3}}", name="idle")
    assert (done.code, len(endpoint.calls(model="idle"))) == (2, 0)
    assert done.error.startswith("variant 'more': n says how rollouts are made")
    assert not Path("runs").exists()


def test_a_dry_run_counts_each_variants_calls(endpoint: Endpoint) -> None:
    done = ablate(endpoint, FEW, "--dry-run", "--json", name="dry")
    assert endpoint.calls(model="dry") == []
    most = done.document["calls"]
    assert most["base"] == {"summarizer": 8, "judge": 48}
    assert most["one vote"] == {"summarizer": 8, "judge": 6}
    assert most["trajectory"] == {"judge": 48}
    assert "one vote: summarizer 8, judge 6" in ablate(endpoint, FEW, "--dry-run").out


def test_a_spent_budget_ends_it_and_a_larger_one_goes_on(endpoint: Endpoint) -> None:
    done = ablate(endpoint, FEW, "-o", "out", "-c", "budget.calls=12", name="budget")
    made = len(endpoint.calls(model="budget"))
    assert (done.code, made) == (1, 12)
    assert "raise the budget and run the same command" in done.error
    assert not Path("out/ablation.json").exists()
    whole = ablate(endpoint, FEW, "-o", "out", "--json", name="budget")
    again = ablate(endpoint, FEW, "-o", "fresh", "--json", name="budget")
    assert whole.document["rows"] == again.document["rows"]
    spent = sum(usage["calls"] for usage in whole.document["spent"].values())
    fresh = sum(usage["calls"] for usage in again.document["spent"].values())
    assert spent == fresh - made


def test_lost_calls_are_told_and_asked_again(tmp_path: Path) -> None:
    """A vote that an outage swallowed must not pass for a bad judge."""
    failing = True

    def fault(request: ChatRequest, _: object) -> Fault | None:
        is_hit = failing and request.asks_for("winner") and request.number % 4 == 0
        return Fault.SERVER_ERROR if is_hit else None

    once = ("-c", "models.judge.attempts=1")
    with Endpoint(judge=Judge(), faults=fault) as endpoint:
        broken = ablate(endpoint, FEW, "-o", "out", *once)
        assert broken.code == 1
        assert "calls came to nothing" in broken.err
        failing = False
        mended = ablate(endpoint, FEW, "-o", "out", "--json", *once)
        clean = ablate(endpoint, FEW, "-o", "clean", "--json", *once)
    assert mended.code == clean.code == 0
    assert mended.document["rows"] == clean.document["rows"]


def test_a_provider_that_refuses_half_way_ends_it_in_one_line() -> None:
    """A key that expires in the second variant: no table of what came before."""

    def fault(request: ChatRequest, _: object) -> Fault | None:
        return Fault.EXPIRED_KEY if request.number > 14 else None

    with Endpoint(faults=fault) as endpoint:
        done = ablate(endpoint, FEW, "-o", "out")
    assert (done.code, bool(done.error)) == (1, True)
    assert not Path("out/ablation.json").exists()


def test_tuned_prompts_serve_a_judge_that_reads_no_summaries(endpoint: Endpoint) -> None:
    """The program holds prompts for both roles; a variant that shows patches asks one of them."""
    Rematch(Summarizer(), RTV(Judging())).save("program.json")
    text = FEW + "  patch: {judge.represent: patch}\n  evidence: {models.judge: null}\n"
    done = ablate(endpoint, text, "-c", "program=program.json", "--json", name="tuned")
    assert done.code == 0, done.err
    assert [row["name"] for row in done.document["rows"]][-2:] == ["patch", "evidence"]


def test_what_is_missing_is_one_line(endpoint: Endpoint, tmp_path: Path) -> None:
    pool, _ = write_labelled(tmp_path / "elsewhere")
    file = tmp_path / "a.yaml"
    file.write_text("variants: {v: {evidence.without: [size]}}")
    assert "on what? name either recorded rollouts" in rematch("ablate", file).error
    assert "--labels FILE" in rematch("ablate", file, pool).error
    assert rematch("ablate", tmp_path / "no.yaml", pool).code == 1
    other = rematch("ablate", file, pool, "--labels", tmp_path / "no.tsv")
    assert (other.code, "no readable labels" in other.error) == (1, True)


def test_without_a_model_evidence_is_ablated_and_the_file_names_its_pool(tmp_path: Path) -> None:
    pool, labels = write_labelled(tmp_path / "elsewhere")
    Path("e.yaml").write_text(
        f"pool: {pool}\nlabels: {labels}\nvariants: {{v: {{evidence.without: [size, ending]}}}}"
    )
    done = rematch("ablate", "e.yaml", "--json")
    assert done.code == 0, done.err
    assert done.document["spent"] == {}
    assert done.document["rows"][1]["changes"] == {"evidence.without": ["size", "ending"]}


def test_a_folder_of_another_pool_is_refused(tmp_path: Path) -> None:
    Path("e.yaml").write_text("variants: {v: {evidence.without: [size]}}")
    for name in ("one", "two"):
        pool, labels = write_labelled(tmp_path / name)
        done = rematch("ablate", "e.yaml", pool, "--labels", labels, "-o", "out")
    assert done.code == 2 and "holds a run of another configuration (suite:" in done.error


@pytest.mark.slow
def test_many_variants_on_real_attempts(shared_data: Path, tmp_path: Path) -> None:
    """Nine variants on 39 tasks, once with calls and once without."""
    pool = shared_data / "terminal-bench-2.1"
    Path("ablation.yaml").write_text(REAL)
    with Endpoint(judge=Judge(accuracy=0.8), keep_messages=False) as endpoint:
        words = ("--labels", pool / "labels.tsv", "--api-base", endpoint.url, "--json", "-o", "out")
        first = rematch("ablate", "ablation.yaml", pool, "--model", "openai/m", *words)
        made = len(endpoint.log)
        second = rematch("ablate", "ablation.yaml", pool, "--model", "openai/m", *words)
        assert len(endpoint.log) == made > 1_000
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert first.document["rows"] == second.document["rows"]
    assert len(first.document["rows"]) == 10
    assert first.document["references"]["oracle"] == pytest.approx(38 / 39)
    for row in first.document["rows"][1:]:
        compared = row["comparisons"]["picked"]
        low, high = compared["difference_ci95"]
        assert compared["n_tasks"] == 39
        assert low <= compared["difference"] <= high
