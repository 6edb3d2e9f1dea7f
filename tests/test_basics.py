"""What every room rests on: seeds, estimates, settings, errors."""

from __future__ import annotations

import random
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rematch import errors
from rematch.seeds import derive_random, derive_seed
from rematch.settings import Settings
from rematch.statistics import estimate_mean


def test_seeds_are_the_same_everywhere_and_apart() -> None:
    assert derive_seed(0, "rollout", "t", 0, 1) == 2_772_663_111_653_509_720
    seeds = {
        derive_seed(seed, *purpose)
        for seed in (0, 1, -1)
        for purpose in ((), ("a",), ("b",), ("a", "b"), ("ab",), ("a", 1), ("a1",))
    }
    assert len(seeds) == 21
    assert all(0 <= seed < 1 << 63 for seed in seeds)


@given(st.integers(), st.lists(st.text(max_size=5) | st.integers()))
def test_a_purpose_has_one_generator(seed: int, purpose: list[object]) -> None:
    one, other = derive_random(seed, *purpose), derive_random(seed, *purpose)
    random.seed(seed % 7)  # nobody else's draws matter
    assert [one.random() for _ in range(3)] == [other.random() for _ in range(3)]


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 5))
def test_an_estimate_lies_within_its_interval(values: list[float], seed: int) -> None:
    estimate = estimate_mean(values, seed)
    assert estimate is not None
    assert estimate == estimate_mean(values, seed)
    assert estimate.n == len(values)
    assert estimate.mean == pytest.approx(fmean(values))
    assert min(values) - 1e-12 <= estimate.low <= estimate.high <= max(values) + 1e-12


def test_intervals_of_nothing_of_one_and_of_equal_tasks() -> None:
    assert estimate_mean([]) is None
    one = estimate_mean([0.5])
    assert one is not None
    assert (one.low, one.high, one.n) == (0.5, 0.5, 1)
    mixed, more = estimate_mean([0, 1] * 5), estimate_mean([0, 1] * 50)
    assert mixed is not None
    assert more is not None
    assert more.high - more.low < mixed.high - mixed.low


class _Part(Settings):
    number: int = 3
    """How many."""


def test_settings_are_fixed_documented_and_closed() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        _Part.model_validate({"number": 1, "nmber": 2})
    part = _Part()
    with pytest.raises(ValidationError, match="frozen"):
        part.number = 4
    assert _Part.model_fields["number"].description == "How many."


def _classes() -> list[type[BaseException]]:
    found = [value for value in vars(errors).values() if isinstance(value, type)]
    return [one for one in found if issubclass(one, BaseException)]


def test_every_error_is_drawn_where_it_stands() -> None:
    assert errors.__doc__
    lines = errors.__doc__.splitlines()
    drawn = {word: line for line in lines for word in line.split() if word.endswith("Error")}
    for one in _classes():
        assert one.__name__ in drawn
        parent = one.__bases__[0]
        depth = drawn[one.__name__].index(one.__name__)
        if parent.__name__ in drawn:
            assert depth == drawn[parent.__name__].index(parent.__name__) + 4
        else:
            assert depth == 0


def test_only_wrong_usage_exits_with_2() -> None:
    codes = {one: getattr(one, "exit_code", None) for one in _classes()}
    assert {one for one, code in codes.items() if code == 2} == {errors.UsageError}
    assert codes[errors.HaltError] is None
    assert not issubclass(errors.HaltError, Exception)
