"""With the evidence judge a bracket says what the ranking says, whatever its shape."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.data.records import (
    Action,
    Ending,
    ResultKind,
    Rollout,
    Step,
    Summary,
    Task,
    Trajectory,
)
from rematch.evidence.judge import EvidenceJudge
from rematch.evidence.scoring import EvidenceScorer
from rematch.programs import RTV, RTVConfig
from rematch.programs.entries import merge_equal, order_ties
from rematch.seams import Entrant, PopulationJudge

PATCHES = (
    None,
    "",
    "+++ b/a.py\n+x = 1\n",
    "+++ b/a.py\n+x = 2\n-y\n",
    "+++ b/tests/test_a.py\n+z\n",
)
COMMANDS = ("ls", "pytest -q", "sed -i s/a/b/ src/a.py", "python run.py")
OUTPUTS = ("", "3 passed in 0.1s", "1 failed, 2 passed in 0.1s")


def steps() -> st.SearchStrategy[tuple[Step, ...]]:
    action = st.builds(
        Action,
        command=st.sampled_from(COMMANDS),
        output=st.sampled_from(OUTPUTS),
        exit_code=st.sampled_from((0, 1, None)),
    )
    return st.lists(action, max_size=6).map(
        lambda actions: tuple(
            Step(number=number, actions=(action,)) for number, action in enumerate(actions, 1)
        )
    )


@st.composite
def pools(draw: st.DrawFn) -> list[Entrant]:
    entrants = []
    for number in range(draw(st.integers(1, 9))):
        trajectory = Trajectory(steps=draw(steps()), ending=draw(st.sampled_from(Ending)))
        rollout = Rollout(
            id=f"r{number}",
            task_id="t",
            trajectory=trajectory,
            patch=draw(st.sampled_from(PATCHES)),
        )
        entrants.append(Entrant(rollout, Summary(rollout_id=rollout.id)))
    return entrants


@settings(max_examples=60, deadline=None)
@given(
    entrants=pools(),
    group_size=st.integers(2, 5),
    votes=st.integers(1, 8),
    keep=st.integers(1, 4),
    kind=st.sampled_from(ResultKind),
    merge=st.booleans(),
    seed=st.integers(0, 5),
)
def test_survivors_are_the_ranking(
    entrants: list[Entrant],
    group_size: int,
    votes: int,
    keep: int,
    kind: ResultKind,
    merge: bool,
    seed: int,
) -> None:
    task = Task(id="t", problem="p", asks_for=kind)
    scorer = EvidenceScorer()
    config = RTVConfig(group_size=group_size, votes=votes, merge=merge)
    rtv = RTV(EvidenceJudge(scorer), config, scorer)
    winner = asyncio.run(rtv.aforward(task=task, entrants=entrants, keep=1, seed=seed))
    kept = asyncio.run(rtv.aforward(task=task, entrants=entrants, keep=keep, seed=seed))

    distinct = merge_equal(entrants)[0] if merge else entrants
    ranks = order_ties(task, distinct, scorer, seed).ranks
    ranking = sorted(
        range(len(distinct)),
        key=lambda index: (not distinct[index].rollout.has_result(kind), ranks[index]),
    )
    best = distinct[ranking[0]].id
    assert winner.survivors == (best,)
    assert best in kept.survivors


def test_rtv_tells_the_judge_all_entrants_first() -> None:
    assert isinstance(EvidenceJudge(), PopulationJudge)
