"""The refinement context is read whatever stands in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.agents.repairer.context import Priors, normalize_key, read_priors, split_prompt
from rematch.signatures import frame_context

KEY = "shop/cart.py:12 relational: if a < b: -> if a <= b:"


PIECES = ["### Attempt 1\n", "Dead ends:\n", "Open ends:\n", "Lessons:\n", f"{KEY}\n", "[open] ",
          f"- [refuted] {KEY} (steps 3)\n", "- [confirmed] ", "x.py:3 name: ", "\n"]  # fmt: skip


@given(st.text(max_size=200) | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_context_is_read(context: str) -> None:
    priors = read_priors(context)
    keys = {*priors.refuted, *priors.confirmed, *priors.open}
    assert bool(priors) == bool(keys)
    assert all(key == normalize_key(key) for key in keys)
    assert split_prompt(frame_context(context, 1) if context else "")[0] == ""


@pytest.mark.parametrize(
    "line",
    [
        f"- [refuted] {KEY} (steps 4, 5)",
        f"  * [refuted] {KEY} (step 4)",
        f"> [refuted] {KEY}",
        f"[refuted]  {KEY.replace(' ', '  ')}  ",
    ],
)
def test_a_claim_is_known_in_any_dress(line: str) -> None:
    assert dict(read_priors(line).refuted) == {normalize_key(KEY): 1}


@pytest.mark.parametrize(
    "line",
    [
        "[refuted] the cache",
        f"[unknown] {KEY}",
        KEY,
        f"It was [refuted] {KEY}",
        "[refuted] a.py:x y: z",
    ],
)
def test_what_is_no_claim_counts_nowhere(line: str) -> None:
    assert not read_priors(line)


def test_an_attempt_counts_once_on_each_side() -> None:
    claims = f"- [refuted] {KEY}\n- [refuted] {KEY}\n- [open] {KEY}\n"
    priors = read_priors(f"### Attempt 1\n{claims}\n### Attempt 2\n{claims}")
    key = normalize_key(KEY)
    assert (priors.refuted[key], priors.open[key], priors.confirmed[key]) == (2, 2, 0)


def test_a_section_ends_with_the_next_one() -> None:
    context = f"Dead ends:\n- {KEY}\nRisks:\n- {KEY.replace('12', '13')}\n"
    assert list(read_priors(context).refuted) == [normalize_key(KEY)]
    context = f"Open ends:\n- tried {KEY}\n### Attempt 2\n- {KEY.replace('12', '13')}\n"
    assert list(read_priors(context).open) == [normalize_key(KEY)]


def test_a_description_counts_hypotheses() -> None:
    priors = read_priors(f"[open] {KEY}\n[refuted] {KEY}\n[refuted] {KEY.replace('12', '13')}")
    assert priors.describe() == "0 confirmed, 1 open, 2 refuted hypotheses"
    assert not Priors()
