"""Hypothesis strategies for every record."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rematch.data.records import (
    Action,
    Bracket,
    CheckedClaim,
    Claim,
    Decision,
    Ending,
    Grade,
    Hypothesis,
    Match,
    Origin,
    Pick,
    Record,
    ResultKind,
    Rollout,
    Round,
    Step,
    Summary,
    Task,
    Trajectory,
    Usage,
    Vote,
    Workspace,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = texts.filter(bool)
counts = st.integers(0, 10**9)
shares = st.floats(0, 1)
positive = st.floats(0, 1e6)


def many(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=3).map(tuple)


usages = st.builds(
    Usage,
    calls=counts,
    input_tokens=counts,
    output_tokens=counts,
    cached_tokens=counts,
    cost_usd=st.none() | positive,
)
actions = st.builds(Action, command=texts, output=texts, exit_code=st.none() | st.integers())
steps = st.builds(Step, number=st.integers(1), message=texts, actions=many(actions))
trajectories = st.builds(
    Trajectory, steps=many(steps), ending=st.sampled_from(Ending), ending_detail=texts
)
claims = st.builds(Claim, text=texts, steps=many(st.integers()))
hypotheses = st.builds(
    Hypothesis, text=texts, steps=many(st.integers()), fate=st.sampled_from(["confirmed", "open"])
)
checks = st.builds(
    CheckedClaim,
    text=texts,
    steps=many(st.integers()),
    verdict=st.sampled_from(["supported", "contradicted", "not-checkable"]),
    why=texts,
)
votes = st.builds(
    Vote,
    sample=counts,
    order=many(st.integers(0, 9)),
    winner=st.none() | st.integers(0, 9),
    confidence=st.none() | shares,
    margin=st.none() | positive,
    reasons=texts,
    attempts=st.integers(1, 9),
    usage=usages,
)
matches = st.builds(
    Match,
    entrants=st.tuples(names, names),
    votes=many(votes),
    winner=st.integers(0, 1),
    decided_by=st.sampled_from(Decision),
    tie_break=texts,
    stopped_early=st.booleans(),
)
MAKERS: dict[type[Record], st.SearchStrategy[Any]] = {
    Usage: usages,
    Action: actions,
    Step: steps,
    Trajectory: trajectories,
    Claim: claims,
    Hypothesis: hypotheses,
    CheckedClaim: checks,
    Vote: votes,
    Match: matches,
    Round: st.builds(Round, matches=many(matches), byes=many(names)),
    Origin: st.builds(Origin, agent=texts, model=texts, path=texts, format=texts),
    Task: st.builds(
        Task, id=names, problem=texts, asks_for=st.sampled_from(ResultKind), suite=texts
    ),
    Rollout: st.builds(
        Rollout,
        id=names,
        task_id=names,
        iteration=counts,
        trajectory=trajectories,
        patch=st.none() | texts,
        usage=usages,
        seconds=st.none() | positive,
        priors=many(names),
    ),
    Summary: st.builds(
        Summary,
        rollout_id=names,
        final_outcome=texts,
        hypotheses=many(hypotheses),
        verified=many(claims),
        checks=many(checks),
        left_out=texts,
        author=st.sampled_from(["model", "evidence"]),
        usage=usages,
    ),
    Workspace: st.builds(Workspace, agreements=many(texts), dead_ends=many(texts), usage=usages),
    Bracket: st.builds(
        Bracket,
        task_id=names,
        entrants=many(names),
        merged=st.dictionaries(names, many(names), max_size=2),
        rounds=many(st.builds(Round, matches=many(matches), byes=many(names))),
        survivors=many(names),
        seed=st.integers(),
        note=texts,
    ),
    Pick: st.builds(Pick, task_id=names, rollout_id=names, reasons=texts, seed=st.integers()),
    Grade: st.builds(
        Grade, task_id=names, rollout_id=names, reward=shares, status=texts, seconds=positive
    ),
}
