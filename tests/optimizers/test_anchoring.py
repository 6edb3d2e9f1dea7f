"""A judge that prefers a slot: its bias is learned away on some tasks, and gone on others."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rematch.data.records import Rollout, Summary, Task
from rematch.errors import InputError, ProgramFileError
from rematch.optimizers.anchoring import anchor_judge
from rematch.optimizers.examples import Graded, GradedTask, JudgeExample, make_judge_examples
from rematch.programs import ChoiceJudge, Judge
from rematch.runs.models import ModelConfig, build_lm
from rematch.seams import Entrant
from rematch.seeds import derive_random
from rematch.testing import ChatRequest, Endpoint
from tests.programs.makers import make_entrant, run

_WORTH = re.compile(r"worth=(\d\.\d+)")


@dataclass(frozen=True)
class BiasedChooser:
    """Says how likely each of two is best: by their worth, and for the first slot come what may."""

    bias: float = 0.25
    role: str = "judge"

    def matches(self, request: ChatRequest) -> bool:
        return request.asks_for("winner", "reasons") and not request.asks_for("confidence")

    def reply(self, request: ChatRequest, rng: random.Random) -> Mapping[str, Any]:
        (candidates,) = request.require_prompt().require("candidates")
        first, second = map(float, _WORTH.findall(candidates))
        share = min(0.99, max(0.01, 0.5 + (first - second) / 2 + self.bias))
        shares = {"1": round(share, 4), "2": round(1 - share, 4)}
        return {
            "winner": json.dumps({"probabilities": shares, "confidence": max(shares.values())}),
            "reasons": "by worth",
        }


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(BiasedChooser()) as serving:
        yield serving


def make_judge(endpoint: Endpoint) -> ChoiceJudge:
    return ChoiceJudge(build_lm("judge", ModelConfig(model="openai/biased", api_base=endpoint.url)))


def make_examples(judge: Judge, tasks: range) -> list[JudgeExample]:
    """Two attempts a task, of which the worthier passes."""
    examples = []
    for number in tasks:
        task = Task(id=f"task-{number}", problem=f"Part {number}.")
        rng = derive_random(number, "worth")
        worths = sorted(round(rng.uniform(0.1, 0.9), 3) for _ in range(2))
        attempts = tuple(
            Graded(
                Rollout(id=f"r{n}", task_id=task.id, patch=f"+ {number} {n}"),
                Summary(rollout_id=f"r{n}", final_outcome=f"Done, worth={worth:.3f}"),
                float(n),
            )
            for n, worth in enumerate(worths)
        )
        examples += make_judge_examples(GradedTask(task, attempts), judge)
    return examples


def vote(judge: Judge, *says: str) -> Any:
    entrants: list[Entrant] = [make_entrant(f"r{n}", says=said) for n, said in enumerate(says)]
    task = Task(id="t", problem="Fix it.")
    return run(judge.acall(task=task, entrants=entrants, order=(0, 1), sample=0))


def test_a_choice_is_a_vote_with_its_stated_share(endpoint: Endpoint) -> None:
    cast = vote(make_judge(endpoint), "worth=0.2", "worth=0.9")
    assert (cast.winner, cast.confidence) == (1, pytest.approx(0.6))
    assert cast.reasons == "by worth"
    assert vote(make_judge(endpoint), "worth=0.5", "worth=0.6").winner == 0, "the bias"


def test_the_bias_is_learned_away_and_stays_away_on_other_tasks(endpoint: Endpoint) -> None:
    judge = make_judge(endpoint)
    report = anchor_judge(
        judge, make_examples(judge, range(12)), make_examples(judge, range(100, 116)), threads=1
    )
    assert report.before.first_slot > 0.6
    assert report.after.right > report.before.right
    assert abs(report.after.first_slot - 0.5) < abs(report.before.first_slot - 0.5)
    assert report.gain_ci95[0] > 0
    assert report.weights["2"] > report.weights["1"]
    assert (report.after.n_tasks, report.after.n_votes) == (16, 32)
    assert vote(judge, "worth=0.5", "worth=0.6").winner == 1


def test_each_question_is_asked_once_however_many_weights_are_tried(endpoint: Endpoint) -> None:
    judge = make_judge(endpoint)
    anchor_judge(judge, make_examples(judge, range(8)), make_examples(judge, range(50, 54)))
    assert len(endpoint.calls(role="judge")) == 2 * (8 + 4)


def test_a_fair_judge_is_left_as_it_is() -> None:
    with Endpoint(BiasedChooser(bias=0.0)) as endpoint:
        judge = make_judge(endpoint)
        report = anchor_judge(
            judge, make_examples(judge, range(8)), make_examples(judge, range(50, 54))
        )
    assert (report.before.right, report.gain, report.weights) == (1.0, 0.0, {})


def test_weights_are_saved_with_the_program_and_fit_no_other_judge(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    judge = make_judge(endpoint)
    judge.compare.fields = {"winner": {"weights": {"1": 0.2, "2": 1.0}}}
    judge.save(tmp_path / "judge.json")
    loaded = make_judge(endpoint)
    loaded.load(tmp_path / "judge.json")
    assert vote(loaded, "worth=0.5", "worth=0.6").winner == 1
    with pytest.raises(ProgramFileError, match="other signatures"):
        Judge().load(tmp_path / "judge.json")


def test_a_side_without_examples_is_refused(endpoint: Endpoint) -> None:
    judge = make_judge(endpoint)
    with pytest.raises(InputError, match="both sides"):
        anchor_judge(judge, make_examples(judge, range(2)), [])
