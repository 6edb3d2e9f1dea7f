"""The judge: G blinded candidates in, one vote out (paper section 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import dspy

from rematch.data.records import Task, Vote
from rematch.programs.asking import ask
from rematch.programs.ballots import NO_VOTE
from rematch.programs.excerpt import clip
from rematch.programs.program import Program
from rematch.programs.rendering import number_fenced
from rematch.programs.views import KeptView, represent_summary
from rematch.seams import Entrant
from rematch.signatures import ChooseRollout, CompareRollouts, neutralise

_REASONS_CAP = 1_500
_TASK_CAP = 24_000


class Judge(Program):
    """Asks a model which of G candidates is best.

    Args:
        lm: the role's model; None takes DSPy's current one. Independent votes need a
            temperature above 0.
        represent: how an entrant stands in the prompt; must not name agent or model.
        attempts: how often an unreadable reply is asked again before it counts as no vote.
    """

    deterministic = False
    question: ClassVar[type[dspy.Signature]] = CompareRollouts

    def __init__(
        self,
        lm: dspy.LM | None = None,
        represent: Callable[[Entrant], str] = represent_summary,
        attempts: int = 2,
    ) -> None:
        super().__init__()
        self.lm = lm
        self.represent = KeptView(represent)
        self.attempts = attempts
        self.compare = dspy.Predict(self.question)

    def write_inputs(
        self, task: Task, entrants: Sequence[Entrant], order: Sequence[int]
    ) -> dict[str, str]:
        """The prompt's fields for entrants shown in this order."""
        shown = [self.represent(entrants[index]) for index in order]
        return {
            "task": neutralise(clip(task.problem, _TASK_CAP)),
            "candidates": number_fenced("Candidate", shown),
        }

    async def aforward(
        self, *, task: Task, entrants: Sequence[Entrant], order: tuple[int, ...], sample: int
    ) -> Vote:
        """Cast one vote. A reply that names no candidate is no vote, with the reason."""
        inputs = self.write_inputs(task, entrants, order)

        answer = await ask(
            self.compare,
            inputs,
            lm=self.lm,
            number=sample,
            attempts=self.attempts,
            accept=lambda prediction: self.object(prediction, len(order)),
        )
        vote = Vote(sample=sample, order=order, attempts=answer.attempts, usage=answer.usage)
        if answer.prediction is None:
            return vote.model_copy(update={"reasons": f"{NO_VOTE}{answer.problem}"})
        slot, confidence = self.read(answer.prediction)
        return vote.model_copy(
            update={
                "winner": order[slot - 1],
                "confidence": confidence if 0 <= confidence <= 1 else None,
                "reasons": clip(answer.prediction.reasons, _REASONS_CAP),
            }
        )

    def object(self, prediction: dspy.Prediction, shown: int) -> str:
        """What is wrong with a reply on so many candidates; "" when nothing is."""
        slot = self.read(prediction)[0]
        return "" if 1 <= slot <= shown else f"there is no candidate {slot}"

    def read(self, prediction: dspy.Prediction) -> tuple[int, float]:
        """The slot that a reply names, from 1, and its stated confidence."""
        return prediction.winner, prediction.confidence


class ChoiceJudge(Judge):
    """Asks a model how likely each of two candidates is best (DSPy's decision types).

    `ReAnchor` learns weights for its slots (`optimizers.anchoring`), which stand in its saved
    program; without them it votes for the likelier one.
    """

    question = ChooseRollout

    def read(self, prediction: dspy.Prediction) -> tuple[int, float]:
        """The chosen slot, and the share that the model gave it, as it stated it."""
        chosen = prediction.winner
        shares = chosen.probabilities or {}
        total = sum(shares.values())
        stated = shares.get(chosen.value, 0.0) / total if total else chosen.confidence
        return int(chosen.value), stated
