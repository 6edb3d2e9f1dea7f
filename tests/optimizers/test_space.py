"""Spaces: what is drawn from them, and every way to write one wrong."""

from __future__ import annotations

from typing import Any

import optuna
import pytest

from rematch.errors import UsageError
from rematch.optimizers.space import parse_space

SPACE = {
    "rtv.votes": [1, 2, 4],
    "models.judge": [None, {"model": "openai/m"}],
    "recorded_n": {"low": 2, "high": 4},
    "evidence.without": {"any_of": ["size", "tests"]},
}


def draw(times: int) -> list[dict[str, Any]]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    space = parse_space(SPACE, "space")
    return [space.suggest(study.ask()) for _ in range(times)]


def test_every_value_is_drawn_and_no_other() -> None:
    drawn = draw(80)
    assert {one["rtv.votes"] for one in drawn} == {1, 2, 4}
    assert {one["recorded_n"] for one in drawn} == {2, 3, 4}
    assert {tuple(one["evidence.without"]) for one in drawn} == {
        (),
        ("size",),
        ("tests",),
        ("size", "tests"),
    }
    judges = [one["models.judge"] for one in drawn]
    assert None in judges and {"model": "openai/m"} in judges


def test_values_are_listed_one_by_one() -> None:
    dimensions = parse_space(SPACE, "space").dimensions
    assert dimensions["recorded_n"].list_values() == [2, 3, 4]
    assert dimensions["evidence.without"].list_values() == [["size"], ["tests"]]
    assert dimensions["models.judge"].list_values() == [None, {"model": "openai/m"}]


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        (None, "a space maps dotted keys"),
        ([], "a space maps dotted keys"),
        ({}, "a space maps dotted keys"),
        ({"n": 3}, "n: "),
        ({"n": []}, "n: give a list of values, or low and high, or any_of"),
        ({"n": {"low": 1}}, "n: low and high are given together"),
        ({"n": {"low": 3, "high": 1}}, "n: low is 3, above high"),
        ({"n": {"low": 1, "high": 2, "any_of": ["a"]}}, "n: give a list of values"),
        ({"n": {"lo": 1}}, "n.lo"),
    ],
)
def test_a_mistake_is_one_line_with_its_key(tree: Any, told: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_space(tree, "space.yaml")
    assert str(error.value).startswith("space.yaml: ") and told in str(error.value)
