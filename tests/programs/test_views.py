"""What a judge is shown of an entrant, and the rules that settle ties."""

from collections.abc import Sequence

import pytest

from rematch.data.records import Ending, Task
from rematch.programs.entries import TieRule, order_ties
from rematch.programs.excerpt import estimate_tokens
from rematch.programs.rtv import RTV, RTVConfig
from rematch.programs.views import PatchView, TrajectoryView
from rematch.seams import Entrant
from tests.programs.makers import PATCH_TASK, PolicyJudge, make_entrant, no_vote, run


def test_a_trajectory_is_shown_with_its_steps_and_its_ending() -> None:
    text = TrajectoryView(4_000)(make_entrant("r", steps=4))
    assert text.startswith("Ended: submitted.\n")
    for number in range(1, 5):
        assert f"run {number}" in text
    assert "Left out" not in text


def test_a_long_trajectory_fits_and_says_what_is_left_out() -> None:
    entrant = make_entrant("r", steps=400)
    text = TrajectoryView(1_000)(entrant)
    assert estimate_tokens(text) < 1_300
    assert "Left out to fit: " in text and "run 1" in text and "run 400" in text


def test_neither_view_shows_the_summary_or_a_name() -> None:
    entrant = make_entrant("secret-name", says="Everything passes!", patch="+ x")
    for view in (TrajectoryView(2_000), PatchView(2_000)):
        assert "Everything passes" not in view(entrant)
        assert "secret-name" not in view(entrant)


def test_a_patch_is_shown_whole_or_cut_in_its_middle() -> None:
    assert PatchView(500)(make_entrant("r", patch="+ x")) == "Ended: submitted.\n+ x"
    cut = PatchView(500)(make_entrant("r", patch="\n".join(f"+ line {n}" for n in range(5_000))))
    assert "+ line 0\n" in cut and cut.endswith("+ line 4999") and "characters left out" in cut
    assert estimate_tokens(cut) < 520


@pytest.mark.parametrize("patch", [None, "  \n"])
def test_a_missing_patch_is_said(patch: str | None) -> None:
    entrant = make_entrant("r", patch=patch, ending=Ending.LIMIT)
    assert PatchView(500)(entrant) == "Ended: limit.\nNo patch was handed in."


def prefer_last(task: Task, entrants: Sequence[Entrant]) -> tuple[float, ...]:
    return tuple(float(place) for place in range(len(entrants)))


@pytest.mark.parametrize(
    ("rule", "reason"),
    [("evidence", "evidence margin"), ("cost", "cheaper rollout"), ("draw", "seeded draw")],
)
def test_a_rule_begins_where_it_says(rule: TieRule, reason: str) -> None:
    entrants = [make_entrant("cheap", tokens=10), make_entrant("dear", tokens=20)]
    ties = order_ties(PATCH_TASK, entrants, prefer_last, 0, rule)
    first = ties.ranks.index(0)
    assert ties.reason(first, 1 - first) == reason
    assert rule == "draw" or entrants[first].id == {"evidence": "dear", "cost": "cheap"}[rule]


def test_draws_depend_on_the_seed_alone() -> None:
    entrants = [make_entrant(f"r{n}", tokens=n + 1, weight=n + 1) for n in range(6)]
    drawn = [order_ties(PATCH_TASK, entrants, prefer_last, seed, "draw").ranks for seed in range(9)]
    assert drawn == [
        order_ties(PATCH_TASK, entrants, None, seed, "draw").ranks for seed in range(9)
    ]
    assert len(set(drawn)) > 5


def test_a_tournament_settles_its_ties_by_the_rule() -> None:
    entrants = [make_entrant(f"r{n}", tokens=10 + n) for n in range(4)]
    picked = {}
    for rule in ("evidence", "cost"):
        rtv = RTV(PolicyJudge(no_vote), RTVConfig(ties=rule, votes=2), scorer=prefer_last)
        bracket = run(rtv.acall(task=PATCH_TASK, entrants=entrants))
        picked[rule] = bracket.survivors[0]
    assert picked == {"evidence": "r3", "cost": "r0"}
