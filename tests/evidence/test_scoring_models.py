"""Scoring models: what each part adds, what is left out, and the words for a difference."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Action, Rollout, Task
from rematch.errors import InputError
from rematch.evidence.features import BY_NAME, FEATURES, GROUPS
from rematch.evidence.scoring import (
    OWN_TESTS,
    EvidenceScorer,
    ScoringModel,
    Weight,
    load_model,
    parse_model,
)
from rematch.evidence.wording import explain_difference
from tests.evidence.makers import make_entrant, make_patch, make_rollout

TASK = Task(id="t", problem="It is wrong.")
NAMES = sorted(BY_NAME)
values = st.floats(-100, 100)
rows = st.dictionaries(st.sampled_from(NAMES), values)
EVEN = ScoringModel(
    weights=tuple(
        Weight(name=one.name, group=one.group, weight=1.0, scale=2.0, meaning=one.meaning)
        for one in FEATURES
    )
)


def written(**changes: Any) -> str:
    weight = {"name": NAMES[0], "group": "g", "weight": 1, "scale": 1, "meaning": "m"} | changes
    return json.dumps({"weights": [weight]})


@given(rows)
def test_a_score_is_the_sum_of_what_is_explained(row: dict[str, float]) -> None:
    parts = load_model().explain(row)
    assert load_model().score(row) == pytest.approx(math.fsum(parts.values()))
    assert set(parts) == {weight.name for weight in load_model().weights}
    assert all(parts[name] == 0 for name in parts if name not in row)


@given(rows)
def test_weights_are_per_scale_and_an_opposite_row_has_the_opposite_score(
    row: dict[str, float],
) -> None:
    assert EVEN.score(row) == pytest.approx(math.fsum(row.values()) / 2)
    opposite = {name: -value for name, value in row.items()}
    assert load_model().score(opposite) == pytest.approx(-load_model().score(row))


@given(rows, st.sets(st.sampled_from(GROUPS)))
def test_a_group_that_is_left_out_adds_nothing(row: dict[str, float], groups: set[str]) -> None:
    whole, rest = load_model().explain(row), load_model().without(groups).explain(row)
    kept = {name for name in whole if BY_NAME[name].group not in groups}
    assert rest == {name: whole[name] for name in kept}


def test_leaving_out_changes_a_copy_and_knows_no_other_groups() -> None:
    before = load_model().model_copy()
    assert load_model().without(GROUPS).weights == ()
    assert load_model().without(["no such group"]) == load_model()
    assert load_model() == before


def test_a_model_goes_through_its_file_whole() -> None:
    assert parse_model(load_model().model_dump_json(), "copy.json") == load_model()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file"),
        ("[]", "the file"),
        ("{}", "weights"),
        (written(scale=0), "weights.0.scale"),
        (written(weight="much"), "weights.0.weight"),
        (written(price=3), "weights.0.price"),
        (written(name="luck"), "unknown feature 'luck'"),
        (json.dumps({"schema_version": 99, "weights": []}), "schema version 99"),
    ],
)
def test_what_is_no_model_is_one_line_with_file_and_place(text: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_model(text, "mine.json")
    line = str(caught.value)
    assert line.startswith("mine.json: ")
    assert told in line
    assert "\n" not in line


def tried(exit_code: int | None, *commands: str, patch: str = "+a") -> Rollout:
    rollout = make_rollout(*commands, patch=make_patch("a.py", patch))
    return rollout.model_copy(
        update={"own_tests": Action(command="make test", exit_code=exit_code)}
    )


def test_tests_of_the_users_own_outweigh_all_other_evidence() -> None:
    plain = make_rollout("pytest", "ls", patch=make_patch("a.py", "+b"))
    worst = tried(0, *["false"] * 30)
    scores = EvidenceScorer()(TASK, [make_entrant(one) for one in (plain, worst)])
    assert scores[1] > scores[0] + 50


@pytest.mark.parametrize("exit_code", [1, -9, 124, None])
def test_only_an_exit_code_of_0_is_a_pass(exit_code: int | None) -> None:
    entrants = [make_entrant(tried(exit_code, "ls")), make_entrant(tried(0, "ls"))]
    failed, passed = EvidenceScorer().explain(entrants)
    assert failed[OWN_TESTS] == 0
    assert passed[OWN_TESTS] > 0


def test_an_attempt_whose_tests_were_not_run_did_not_pass() -> None:
    untried, failed = make_rollout("ls"), tried(1, "ls")
    parts = EvidenceScorer().explain([make_entrant(untried), make_entrant(failed)])
    assert [part[OWN_TESTS] for part in parts] == [0, 0]


def test_without_such_tests_nobody_is_measured_by_them() -> None:
    parts = EvidenceScorer().explain([make_entrant(make_rollout("ls")) for _ in range(2)])
    assert all(OWN_TESTS not in part for part in parts)


def test_nobody_and_somebody_alone_have_scores_too() -> None:
    assert EvidenceScorer()(TASK, []) == ()
    alone = EvidenceScorer(EVEN)(TASK, [make_entrant(make_rollout("ls", "make"))])
    assert alone == (0.0,)  # the median attempt is itself


def test_a_pass_is_said_in_words() -> None:
    told = explain_difference({OWN_TESTS: 100.0}, {OWN_TESTS: 0.0})
    assert told == "it passes the user's own tests (+100.00)"
    assert explain_difference({OWN_TESTS: 100.0}, {}) == told


@given(better=rows.filter(bool), worse=rows, most=st.integers(1, 4))
def test_no_more_reasons_are_named_than_asked_for(
    better: dict[str, float], worse: dict[str, float], most: int
) -> None:
    told = explain_difference(better, worse, most)
    reasons = [part for part in told.split("; ") if not part.startswith("against it: ")]
    gains = [better[name] - worse.get(name, 0.0) for name in better]
    assert len([reason for reason in reasons if reason]) == min(most, sum(g > 0 for g in gains))
    assert ("against it: " in told) == (min(gains) < -0.05)


def test_what_hardly_speaks_against_it_is_not_said() -> None:
    one, other = NAMES[:2]
    assert "against" not in explain_difference({one: 1.0, other: -0.05}, {})
    told = explain_difference({one: 1.0, other: -0.06}, {})
    assert told.endswith(f"against it: {other.replace('_', ' ')} (-0.06)")
