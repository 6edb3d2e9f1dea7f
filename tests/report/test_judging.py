"""The judge report against matches whose figures were computed by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rematch.data.records import Claim, Decision, Match, Summary, Usage
from rematch.report.judging import Figure, measure_length, report_judge
from tests.report.makers import make_bracket, make_match

SPLIT = make_match("a", "b", ballots=[((0, 1), 0), ((1, 0), 0), ((0, 1), 1), ((1, 0), 0)])
UNANIMOUS = make_match("c", "d", ballots=[((0, 1), 1), ((1, 0), 1)], winner=1, early=True)
LOST = make_match("e", "f", ballots=[((0, 1), None), ((1, 0), 0)])
WALKOVER = make_match("g", "h", decided_by=Decision.NO_RESULT)


def figures(*matches: Match, lengths: Mapping[str, int] | None = None) -> dict[str, Figure]:
    bracket = make_bracket(list(matches))
    return {figure.name: figure for figure in report_judge([bracket], lengths or {})}


def mean(figure: Figure) -> float | None:
    return figure.estimate.mean if figure.estimate else None


@pytest.mark.parametrize(
    ("name", "split", "unanimous", "lost"),
    [
        ("slot-flip rate", 2 / 4, 0.0, None),  # pairs in different orders: 1-2 1-4 | 2-3 3-4
        ("first slot chosen", 1 / 4, 1 / 2, 0.0),
        ("agreement", 3 / 6, 1.0, None),
        ("effective votes", 4.0, 1.0, None),
        ("votes cast", 4.0, 2.0, 2.0),
        ("lost votes", 0.0, 0.0, 1 / 2),
        ("decided early", 0.0, 1.0, 0.0),
    ],
)
def test_figures_of_single_matches(
    name: str, split: float | None, unanimous: float | None, lost: float | None
) -> None:
    found = [mean(figures(match)[name]) for match in (SPLIT, UNANIMOUS, LOST)]
    assert found == [split, unanimous, lost]


def test_figures_are_means_over_matches_with_an_interval() -> None:
    agreement = figures(SPLIT, UNANIMOUS, LOST, WALKOVER)["agreement"].estimate
    assert agreement and (agreement.mean, agreement.n) == (0.75, 2)
    assert agreement.low <= 0.75 <= agreement.high
    cast = figures(SPLIT, UNANIMOUS, LOST, WALKOVER)["votes cast"].estimate
    assert cast and cast.n == 3, "a walkover is no match of the judge"


def test_effective_votes_of_a_group_of_three_by_kish() -> None:
    """Agreement 1/3 is what chance gives among three, 2/3 is half of what is beyond it."""
    orders = [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    match = make_match("a", "b", "c", ballots=list(zip(orders, (0, 0, 1), strict=True)))
    assert mean(figures(match)["effective votes"]) == pytest.approx(3.0)
    match = make_match(
        *("a", "b", "c"), ballots=[((0, 1, 2), 0), ((1, 2, 0), 0), ((2, 0, 1), 0), ((0, 1, 2), 1)]
    )
    rho = (1 / 2 - 1 / 3) / (1 - 1 / 3)
    assert mean(figures(match)["effective votes"]) == pytest.approx(4 / (1 + 3 * rho))


@pytest.mark.parametrize(
    ("lengths", "value"),
    [
        ({"a": 200, "b": 100}, 3 / 4),
        ({"a": 100, "b": 200}, 1 / 4),
        ({"a": 100, "b": 100}, None),
        ({"a": 100}, None),
    ],
)
def test_longer_summary(lengths: dict[str, int], value: float | None) -> None:
    assert mean(figures(SPLIT, lengths=lengths)["longer summary chosen"]) == value


def test_longer_summary_means_nothing_among_three() -> None:
    match = make_match("a", "b", "c", ballots=[((0, 1, 2), 0)])
    lengths = {"a": 3, "b": 2, "c": 1}
    assert mean(figures(match, lengths=lengths)["longer summary chosen"]) is None


def test_a_judge_bound_to_its_first_slot_shows() -> None:
    match = make_match("a", "b", ballots=[((0, 1), 0), ((1, 0), 1)] * 4)
    found = figures(match)
    assert mean(found["first slot chosen"]) == 1.0
    assert mean(found["slot-flip rate"]) == 1.0
    assert mean(found["agreement"]) == pytest.approx(2 * 6 / 28)


def test_without_matches_there_are_no_figures() -> None:
    assert all(figure.estimate is None for figure in report_judge([], {}))
    assert all(figure.meaning for figure in report_judge([], {}))


def test_length_counts_what_a_judge_reads() -> None:
    short = Summary(rollout_id="a", final_outcome="done")
    long = short.model_copy(update={"verified": (Claim(text="x" * 50, steps=(1,)),)})
    same = short.model_copy(update={"rollout_id": "b" * 50, "usage": Usage(calls=9)})
    assert measure_length(long) >= measure_length(short) + 50
    assert measure_length(same) == measure_length(short)
