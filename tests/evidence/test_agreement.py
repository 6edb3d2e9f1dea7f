from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.evidence.agreement import measure_agreement

bags = st.lists(st.frozensets(st.sampled_from("abcdefgh"), max_size=6), min_size=1, max_size=6)


def cosine(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / math.sqrt(len(one) * len(other)) if one and other else 0.0


@given(bags)
def test_it_is_the_mean_cosine_with_the_others(population: list[frozenset[str]]) -> None:
    measured = measure_agreement(population, [1] * len(population), copies=False)
    for index, bag in enumerate(population):
        others = [cosine(bag, other) for i, other in enumerate(population) if i != index]
        expected = sum(others) / len(others) if others else 0.0
        assert measured[index] == pytest.approx(expected, abs=1e-6)


@given(bags, st.data())
def test_weights_stand_for_copies(population: list[frozenset[str]], data: st.DataObject) -> None:
    weights = [data.draw(st.integers(1, 3)) for _ in population]
    whole = [bag for bag, weight in zip(population, weights, strict=True) for _ in range(weight)]
    expected = measure_agreement(whole, [1] * len(whole), copies=True)
    measured = measure_agreement(population, weights, copies=True)
    place = 0
    for agreement, weight in zip(measured, weights, strict=True):
        assert agreement == pytest.approx(expected[place], abs=1e-6)
        place += weight


def test_without_copies_an_entrant_agrees_with_others_only() -> None:
    assert measure_agreement([{"a"}, {"b"}], [5, 1], copies=False) == [0.0, 0.0]
    assert measure_agreement([{"a"}, {"b"}], [5, 1], copies=True) == [0.8, 0.0]


def test_alone_and_empty_agree_with_nobody() -> None:
    assert measure_agreement([{"a"}], [1], copies=True) == [0.0]
    assert measure_agreement([set(), set()], [1, 1], copies=False) == [0.0, 0.0]
