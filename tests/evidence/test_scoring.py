from __future__ import annotations

import asyncio
import json

import pytest

from rematch.data.records import Ending, ResultKind, Rollout, Task, Vote
from rematch.errors import InputError
from rematch.evidence.facts import read_facts
from rematch.evidence.features import BY_NAME, FEATURES, measure
from rematch.evidence.judge import EvidenceJudge
from rematch.evidence.scoring import EvidenceScorer, load_model, parse_model, score
from tests.evidence.makers import SUBMIT, make_entrant, make_patch, make_rollout

TASK = Task(id="t", problem="p", asks_for=ResultKind.STATE)
GREEN = ("pytest -q", "3 passed in 0.1s", 0)
RED = ("pytest -q", "1 failed, 2 passed in 0.1s", 1)
FILLER = tuple(f"ls {number}" for number in range(8))


def values(name: str, *population: Rollout) -> list[float]:
    rows = measure([read_facts(rollout) for rollout in population], [1] * len(population))
    return [row[name] for row in rows]


BETTER_FIRST = {
    "submitted": (make_rollout("ls"), make_rollout("ls", ending=Ending.LIMIT)),
    "reported": (make_rollout("ls", messages=["x" * 60]), make_rollout("ls", messages=["ok"])),
    "fewer_steps": (make_rollout("ls"), make_rollout("ls", "pwd")),
    "fewer_tokens": (make_rollout("ls", tokens=5), make_rollout("ls", tokens=9)),
    "fewer_failures": (make_rollout("ls"), make_rollout(("ls", "", 1))),
    "calm_end": (make_rollout(("ls", "", 1), *FILLER, *FILLER), make_rollout(("ls", "", 1))),
    "fewer_repeats": (make_rollout("ls", "pwd"), make_rollout("ls", "ls")),
    "last_test": (make_rollout(RED, GREEN), make_rollout(GREEN, RED)),
    "settled": (make_rollout(GREEN), make_rollout(GREEN, "sed -i s/a/b/ a.py")),
    "fewer_hedges": (make_rollout("ls"), make_rollout("ls", messages=["probably untested"])),
    "touches_source": (
        make_rollout(patch=make_patch("a.py", "+x")),
        make_rollout(patch=make_patch("tests/test_a.py", "+x")),
    ),
}


@pytest.mark.parametrize("name", BETTER_FIRST)
def test_higher_is_better(name: str) -> None:
    better, worse = values(name, *BETTER_FIRST[name])
    assert better > worse


def test_agreement_is_with_the_majority() -> None:
    ends = [make_rollout(("cat out", text)) for text in ("42", "42", "17")]
    one, other, odd = values("same_end", *ends)
    assert one == other > odd
    patches = [make_rollout(patch=make_patch("a.py", line)) for line in ("+x", "+x", "+y")]
    one, other, odd = values("same_patch", *patches)
    assert one == other > odd


def test_what_is_not_recorded_counts_as_the_median() -> None:
    known = [make_rollout("ls", tokens=tokens) for tokens in (10, 20, 30)]
    assert values("fewer_tokens", *known, make_rollout("ls"))[3] == 0.0


def test_every_feature_is_tested_and_weighed() -> None:
    assert {*BETTER_FIRST, "same_end", "same_patch"} == set(BY_NAME)
    weights = {weight.name: weight for weight in load_model().weights}
    assert weights.keys() == BY_NAME.keys()
    for feature in FEATURES:
        assert weights[feature.name].meaning == feature.meaning
        assert weights[feature.name].group == feature.group
        assert weights[feature.name].weight >= 0


def test_scores_depend_on_no_order() -> None:
    population = [
        make_entrant(r.model_copy(update={"id": f"r{n}"}))
        for n, r in enumerate(BETTER_FIRST["last_test"] + BETTER_FIRST["calm_end"])
    ]
    assert score(TASK, population[::-1]) == score(TASK, population)[::-1]


def test_weights_are_read_strictly() -> None:
    text = load_model().model_dump_json()
    assert parse_model(text, "w.json") == load_model()
    with pytest.raises(InputError, match=r"^w\.json: no scoring model \(weights"):
        parse_model("{}", "w.json")
    content = json.loads(text)
    content["weights"][0]["name"] = "luck"
    with pytest.raises(InputError, match="unknown feature 'luck'"):
        parse_model(json.dumps(content), "w.json")


def vote(*rollouts: Rollout, judge: EvidenceJudge | None = None) -> Vote:
    entrants = [make_entrant(r.model_copy(update={"id": f"r{n}"})) for n, r in enumerate(rollouts)]
    judge = judge or EvidenceJudge().for_task(TASK, entrants)
    order = tuple(reversed(range(len(entrants))))
    return asyncio.run(judge.acall(task=TASK, entrants=entrants, order=order, sample=0))


def test_the_judge_says_who_by_how_much_and_why() -> None:
    cast = vote(make_rollout(*FILLER, ending=Ending.LIMIT), make_rollout("ls", SUBMIT))
    assert cast.winner == 1
    assert cast.margin is not None and cast.margin > 0
    assert "it ended by submitting its work (+" in cast.reasons
    assert "it took fewer steps (+" in cast.reasons


def test_what_speaks_against_the_winner_is_said() -> None:
    cast = vote(make_rollout("ls", ending=Ending.LIMIT), make_rollout(*FILLER[:3]))
    assert "; against it: " in cast.reasons


def test_equal_evidence_is_no_vote() -> None:
    cast = vote(make_rollout("ls"), make_rollout("ls"))
    assert (cast.winner, cast.margin, cast.reasons) == (None, 0.0, "equal evidence")


def test_only_those_in_the_order_are_compared() -> None:
    entrants = [make_entrant(make_rollout(*FILLER[:n], id=f"r{n}")) for n in (1, 2, 3)]
    judge = EvidenceJudge()
    cast = asyncio.run(judge.acall(task=TASK, entrants=entrants, order=(2, 1), sample=0))
    assert cast.winner == 1


def test_a_prepared_judge_keeps_the_population_in_mind() -> None:
    entrants = [
        make_entrant(make_rollout(("cat out", text), id=f"r{n}"))
        for n, text in enumerate(("17", "42", "42"))
    ]
    judge = EvidenceJudge(EvidenceScorer()).for_task(TASK, entrants)
    pair = entrants[:2]
    cast = asyncio.run(judge.acall(task=TASK, entrants=pair, order=(0, 1), sample=0))
    assert cast.winner == 1
    assert EvidenceJudge.deterministic
