"""The whole program with a fake agent: iterations, keep-champion, selection, swapped parts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from rematch.data.records import Bracket, Decision, Rollout, Task, Vote
from rematch.errors import AgentError, InputError
from rematch.programs import (
    PDR,
    RTV,
    ContextConfig,
    Judge,
    Outcome,
    Rematch,
    RematchConfig,
    RTVConfig,
    Summarizer,
)
from rematch.programs.contexts import ContextKind
from rematch.runs.executor import LocalExecutor
from rematch.seams import Agent, Entrant
from rematch.seams import Judge as JudgeSeam
from rematch.seams import Summarizer as SummarizerSeam
from tests.programs.makers import (
    PATCH_TASK,
    EchoSummarizer,
    FakeAgent,
    PolicyJudge,
    first_slot,
    make_entrants,
    make_rollout,
    prefers,
    run,
)


def solve(
    *,
    judge: JudgeSeam | None = None,
    agent: Agent | None = None,
    n: int = 4,
    iterations: int = 2,
    keep_champion: bool = False,
    kind: ContextKind = "select-k",
    k: int = 2,
    executor: LocalExecutor | None = None,
) -> Outcome:
    program = Rematch(
        EchoSummarizer(),
        RTV(judge or PolicyJudge(first_slot), RTVConfig(votes=3), executor=executor),
        PDR(agent or FakeAgent(), ContextConfig(kind=kind, k=k), executor=executor),
        RematchConfig(n=n, iterations=iterations, keep_champion=keep_champion),
        executor=executor,
    )
    outcome: Outcome = run(program.acall(task=PATCH_TASK, seed=5))
    return outcome


@pytest.mark.parametrize("iterations", [1, 2, 3])
def test_iterations_refine_on_the_survivors_and_end_in_one_pick(iterations: int) -> None:
    agent = FakeAgent()
    outcome = solve(agent=agent, iterations=iterations)
    assert len(outcome.rollouts) == len(outcome.summaries) == 4 * iterations
    assert [bracket.iteration for bracket in outcome.brackets] == list(range(iterations))
    assert [len(b.survivors) for b in outcome.brackets] == [*[2] * (iterations - 1), 1]
    for bracket in outcome.brackets:
        assert {*bracket.entrants} == {f"t{bracket.iteration}-{n}" for n in range(4)}
    for before, rollout in ((r.iteration - 1, r) for r in outcome.rollouts):
        survivors = outcome.brackets[before].survivors if before >= 0 else ()
        assert rollout.priors == survivors
        assert all(f"<{name}>" in agent.told[rollout.id] for name in survivors)
    assert outcome.pick.rollout_id == outcome.brackets[-1].survivors[0]
    assert outcome.pick.seed == 5


def test_a_pick_comes_from_the_last_iteration_only() -> None:
    outcome = solve(judge=PolicyJudge(prefers({"t0-1"})))
    assert "t0-1" in outcome.brackets[0].survivors
    assert outcome.pick.rollout_id.startswith("t1-")


@pytest.mark.parametrize("kind", ["select-k", "single"])
@pytest.mark.parametrize(("champion", "picked"), [("t0-1", "t0-1"), ("t1-2", "t1-2")])
def test_keep_champion_lets_the_last_winner_meet_the_survivors(
    kind: ContextKind, champion: str, picked: str
) -> None:
    outcome = solve(judge=PolicyJudge(prefers({champion})), keep_champion=True, kind=kind)
    final = outcome.brackets[-1]
    assert len(outcome.brackets) == 3
    assert {*final.entrants} == {*outcome.brackets[0].survivors, *outcome.brackets[1].survivors}
    assert outcome.pick.rollout_id == picked


def test_keep_champion_of_one_iteration_is_that_iteration() -> None:
    assert len(solve(iterations=1, keep_champion=True).brackets) == 1


@pytest.mark.parametrize("kind", ["none", "single", "random-k"])
def test_other_contexts_need_no_bracket_between(kind: ContextKind) -> None:
    judge = PolicyJudge(first_slot)
    outcome = solve(judge=judge, kind=kind)
    assert [bracket.iteration for bracket in outcome.brackets] == [1]


def test_equal_patches_of_two_iterations_meet_as_one() -> None:
    outcome = solve(agent=FakeAgent(lambda _, index: f"+ {index // 2}"), keep_champion=True)
    assert [len(bracket.entrants) for bracket in outcome.brackets[:2]] == [2, 2]
    assert len(outcome.brackets[-1].entrants) == 2
    assert len(outcome.rollouts) == 8


def test_the_same_seed_solves_the_same_way_on_any_executor() -> None:
    alone = solve(kind="random-k", judge=PolicyJudge(first_slot))
    for places in (1, 16):
        executor = LocalExecutor(dict.fromkeys(("agent", "judge", "summarizer"), places))
        judge = PolicyJudge(first_slot, delays=7)
        assert solve(kind="random-k", judge=judge, executor=executor) == alone


def test_selecting_among_recorded_rollouts_needs_no_agent() -> None:
    rollouts = [make_rollout(f"r{index}", patch=None if index < 2 else "") for index in range(5)]
    program = Rematch(EchoSummarizer(), RTV(PolicyJudge(prefers({"r3"}))))
    outcome = run(program.acall(task=PATCH_TASK, rollouts=rollouts))
    assert outcome.pick.rollout_id == "r3"
    assert outcome.rollouts == tuple(rollouts)
    assert len(outcome.brackets) == 1


def test_a_single_rollout_is_picked_without_a_match() -> None:
    program = Rematch(EchoSummarizer(), RTV(PolicyJudge(first_slot)))
    outcome = run(program.acall(task=PATCH_TASK, rollouts=[make_rollout("only")]))
    assert (outcome.pick.rollout_id, outcome.brackets[0].matches) == ("only", ())
    assert outcome.pick.reasons == "the only entrant"


def test_nothing_to_select_from_and_nobody_to_ask() -> None:
    program = Rematch(EchoSummarizer(), RTV(PolicyJudge(first_slot)))
    with pytest.raises(InputError, match="no rollouts to select from"):
        run(program.acall(task=PATCH_TASK, rollouts=[]))
    with pytest.raises(ValueError, match="needs a PDR part"):
        run(program.acall(task=PATCH_TASK))


class BrokenAgent:
    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        raise AgentError("no shell in the image")


def test_an_agent_that_cannot_run_stops_the_task_with_its_own_error() -> None:
    with pytest.raises(AgentError, match="no shell in the image"):
        solve(agent=BrokenAgent())


class ReasoningJudge:
    deterministic = True

    async def acall(
        self, *, task: Task, entrants: Sequence[Entrant], order: tuple[int, ...], sample: int
    ) -> Vote:
        return Vote(sample=sample, order=order, winner=order[-1], reasons="It ran the tests.")


def test_a_pick_says_how_it_was_won() -> None:
    outcome = solve(judge=ReasoningJudge(), iterations=1)
    assert "It ran the tests." in outcome.pick.reasons
    assert {match.decided_by for b in outcome.brackets for match in b.matches} == {Decision.VOTES}


def test_parts_stand_behind_their_seams() -> None:
    assert isinstance(FakeAgent(), Agent)
    assert isinstance(PolicyJudge(first_slot), JudgeSeam)
    assert isinstance(Judge(), JudgeSeam)
    assert isinstance(Summarizer(), SummarizerSeam)
    assert isinstance(EchoSummarizer(), SummarizerSeam)


def test_ablations_are_other_parts_or_settings() -> None:
    entrants = make_entrants(6)

    def play(judge: JudgeSeam, **config: object) -> Bracket:
        rtv = RTV(judge, RTVConfig.model_validate({"votes": 4, "early_stop": False, **config}))
        bracket: Bracket = run(rtv.acall(task=PATCH_TASK, entrants=entrants, seed=1))
        return bracket

    one_match = play(PolicyJudge(first_slot), group_size=6)
    assert len(one_match.matches) == 1
    unrotated = play(PolicyJudge(first_slot), rotate=False)
    assert {len({vote.order for vote in match.votes}) for match in unrotated.matches} == {1}
    assert {max(match.tally) for match in unrotated.matches} == {4}
    scored = play(PolicyJudge(first_slot, deterministic=True))
    assert {len(match.votes) for match in scored.matches} == {1}


def test_the_sync_door_opens_with_and_without_a_running_loop() -> None:
    rtv = RTV(PolicyJudge(first_slot, delays=3))
    entrants = make_entrants(5)

    async def from_inside() -> Bracket:
        bracket: Bracket = rtv(task=PATCH_TASK, entrants=entrants, seed=1)
        return bracket

    outside: Bracket = rtv(task=PATCH_TASK, entrants=entrants, seed=1)
    assert asyncio.run(from_inside()) == outside
    assert run(rtv.acall(task=PATCH_TASK, entrants=entrants, seed=1)) == outside
