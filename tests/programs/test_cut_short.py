"""Where the budget ends, the program ends with the best that there is, and says so."""

from __future__ import annotations

import pytest

from rematch.data.records import Rollout, Task
from rematch.errors import BudgetSpentError
from rematch.programs import PDR, RTV, ContextConfig, Outcome, Rematch, RematchConfig, RTVConfig
from rematch.programs.contexts import ContextKind
from tests.programs.makers import (
    PATCH_TASK,
    EchoSummarizer,
    FakeAgent,
    PolicyJudge,
    no_vote,
    prefers,
    run,
)

ALL = frozenset(range(4))


class PoorAgent(FakeAgent):
    """An agent whose rollouts the budget allows only where `paid` says so."""

    def __init__(self, paid: dict[int, frozenset[int]]) -> None:
        super().__init__()
        self._paid = paid

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        if index not in self._paid.get(iteration, frozenset()):
            raise BudgetSpentError("the budget is spent: $1 of $1")
        return await super().attempt(task, context=context, iteration=iteration, index=index)


def solve(
    paid: dict[int, frozenset[int]],
    *,
    best: str = "",
    kind: ContextKind = "select-k",
    iterations: int = 2,
    keep_champion: bool = False,
) -> Outcome:
    judge = PolicyJudge(prefers({best}) if best else no_vote)
    program = Rematch(
        EchoSummarizer(),
        RTV(judge, RTVConfig(votes=3)),
        PDR(PoorAgent(paid), ContextConfig(kind=kind, k=2)),
        RematchConfig(n=4, iterations=iterations, keep_champion=keep_champion),
    )
    outcome: Outcome = run(program.acall(task=PATCH_TASK, seed=2))
    return outcome


@pytest.mark.parametrize("keep_champion", [False, True])
@pytest.mark.parametrize("best", ["t0-1", "t1-0"])
def test_a_cut_iteration_meets_the_best_before_it(best: str, keep_champion: bool) -> None:
    paid = {0: ALL, 1: frozenset({0, 2})}
    outcome = solve(paid, best=best, keep_champion=keep_champion)
    assert {r.id for r in outcome.rollouts} == {"t0-0", "t0-1", "t0-2", "t0-3", "t1-0", "t1-2"}
    final = outcome.brackets[-1]
    assert {*final.entrants} == {"t1-0", "t1-2", *outcome.brackets[0].survivors}
    assert outcome.pick.rollout_id == best
    assert "the budget allowed 2 of 4 rollouts of t1" in final.note


def test_an_iteration_without_any_rollout_leaves_the_pick_to_the_one_before() -> None:
    outcome = solve({0: ALL}, best="t0-3")
    assert outcome.pick.rollout_id == "t0-3"
    assert {*outcome.brackets[-1].entrants} == {*outcome.brackets[0].survivors}
    assert len(outcome.rollouts) == 4


@pytest.mark.parametrize("kind", ["none", "single", "random-k"])
def test_without_a_bracket_between_all_of_the_iteration_before_join(kind: ContextKind) -> None:
    outcome = solve({0: ALL, 1: frozenset({1})}, best="t0-2", kind=kind)
    assert outcome.pick.rollout_id == "t0-2"
    assert len(outcome.brackets[-1].entrants) == 5


def test_three_iterations_cut_in_the_second() -> None:
    outcome = solve({0: ALL, 1: frozenset({3})}, best="t0-0", iterations=3)
    assert outcome.pick.rollout_id == "t0-0"
    assert [bracket.iteration for bracket in outcome.brackets] == [0, 1, 2]


def test_a_first_iteration_that_is_cut_goes_on_with_what_it_has() -> None:
    outcome = solve({0: frozenset({2})}, iterations=1)
    assert outcome.pick.rollout_id == "t0-2"
    assert outcome.brackets[0].note.endswith("the budget allowed 1 of 4 rollouts of t0")


def test_no_rollout_at_all_is_an_error_that_says_so() -> None:
    with pytest.raises(BudgetSpentError, match="the budget allows no rollout"):
        solve({})


def test_matches_without_a_vote_are_settled_by_the_order_for_ties() -> None:
    outcome = solve({0: ALL, 1: ALL})
    assert outcome.pick.rollout_id.startswith("t1-")
    assert all(match.tie_break for bracket in outcome.brackets for match in bracket.matches)
