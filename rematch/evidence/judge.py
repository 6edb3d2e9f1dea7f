"""The evidence judge: one deterministic vote for the entrant with the best score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rematch.data.records import Task, Vote
from rematch.evidence.scoring import EvidenceScorer
from rematch.evidence.wording import explain_difference
from rematch.seams import Entrant


class EvidenceJudge:
    """Votes by scores (seams.Judge), so that its bracket equals its ranking.

    Some features are relative to the task's other attempts, which no single match shows:
    `for_task` scores the whole population once and gives the judge of that task. Unprepared, it
    takes the match's entrants for the population.

    Args:
        scorer: makes the scores; hand the same one to RTV, which settles equal scores.
        parts: what each feature adds to the scores of a prepared task, by rollout id.
    """

    deterministic = True

    def __init__(
        self,
        scorer: EvidenceScorer | None = None,
        parts: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        self.scorer = scorer or EvidenceScorer()
        self._parts = parts

    def for_task(self, task: Task, entrants: Sequence[Entrant]) -> EvidenceJudge:
        """The judge that knows all entrants of one task (seams.PopulationJudge)."""
        return EvidenceJudge(self.scorer, self._explain(entrants))

    async def acall(
        self, *, task: Task, entrants: Sequence[Entrant], order: tuple[int, ...], sample: int
    ) -> Vote:
        """Vote for the best score among those shown; equal best scores are no vote."""
        parts = self._explain(entrants) if self._parts is None else self._parts
        rows = [parts[entrant.id] for entrant in entrants]
        scores = [math.fsum(row.values()) for row in rows]
        # Order decides nothing: ties between equal scores are RTV's to settle.
        best, second = sorted(order, key=lambda index: (-scores[index], index))[:2]
        margin = scores[best] - scores[second]
        if margin == 0:
            return Vote(sample=sample, order=order, margin=0.0, reasons="equal evidence")
        reasons = explain_difference(rows[best], rows[second])
        return Vote(sample=sample, order=order, winner=best, margin=margin, reasons=reasons)

    def _explain(self, entrants: Sequence[Entrant]) -> dict[str, Mapping[str, float]]:
        explained = self.scorer.explain(entrants)
        return {entrant.id: row for entrant, row in zip(entrants, explained, strict=True)}
