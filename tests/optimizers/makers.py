"""Labelled tasks for the tests of fitting and evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rematch.evidence.features import BY_NAME
from rematch.optimizers.labelled import Attempt, Candidate, LabelledTask


def make_task(
    id: str,
    rewards: Sequence[float],
    features: Sequence[Mapping[str, float]] = (),
    *,
    steps: Sequence[int] = (),
    tokens: Sequence[int | None] = (),
    patches: Sequence[str] = (),
    eligible: Sequence[bool] = (),
) -> LabelledTask:
    """A task whose attempts are all distinct; what is not given is equal for all."""
    count = len(rewards)
    empty = dict.fromkeys(BY_NAME, 0.0)
    return LabelledTask(
        id=id,
        digest=id,
        attempts=tuple(
            Attempt(
                id=f"{id}-{n}",
                reward=rewards[n],
                steps=steps[n] if steps else 1,
                tokens=tokens[n] if tokens else None,
                patch=patches[n] if patches else "",
            )
            for n in range(count)
        ),
        candidates=tuple(
            Candidate(
                attempt=n,
                features=empty | dict(features[n]) if features else empty,
                eligible=eligible[n] if eligible else True,
                place=n,
            )
            for n in range(count)
        ),
    )
