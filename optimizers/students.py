"""Students: what DSPy's optimizers call, one predictor each, fed with an example's own texts.

A student asks exactly what the program asks at run time, once: a reply that cannot be read is a
mistake to learn from. A lost call is none, and ends tuning (HaltError, from the engine). Where it
asks several times, it does so in turn: GEPA draws from the trace, which is in the order of replies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dspy
from dspy.teleprompt.bootstrap_trace import FailedPrediction

from rematch.errors import ContextOverflowError
from rematch.loops import LoopThread
from rematch.optimizers.candidates import Candidates
from rematch.programs.asking import ask


class Student(dspy.Module):
    """Base of the students: one predictor, asked once per question.

    Args:
        predictor: what is tuned.
        loop: where questions are asked.
        candidates: told which prompt answers.
        tell_failures: whether unreadable replies go into the trace, as GEPA reads them.
    """

    def __init__(
        self,
        predictor: dspy.Predict,
        loop: LoopThread,
        candidates: Candidates,
        *,
        tell_failures: bool = False,
    ) -> None:
        super().__init__()
        self.predict = predictor
        self.loop = loop
        self.candidates = candidates
        self.tell_failures = tell_failures

    def forward(self, **inputs: Any) -> dspy.Prediction:
        """The sync door, which DSPy's optimizers use."""
        made: dspy.Prediction = self.loop.run(self.aforward(**inputs))
        return made

    def sign(self, prediction: dspy.Prediction) -> dspy.Prediction:
        """Note which candidate made a prediction, where no prompt shows it."""
        prediction._candidate = self.candidates.name(self.predict)
        return prediction

    async def put(self, **inputs: str) -> tuple[dspy.Prediction | None, str]:
        """Ask once; a prediction, or None with what is wrong.

        Raises:
            HaltError: the call was lost.
        """
        self.candidates.name(self.predict)  # halts what still runs after the end
        bound = self.predict.lm  # SIMBA binds a copy per sample
        number = bound.kwargs.get("rollout_id") or 0 if bound else 0
        try:
            answer = await ask(self.predict, inputs, lm=None, number=number, attempts=1)
        except ContextOverflowError:
            return None, "the prompt is longer than the model's window"
        if answer.prediction is None and self.tell_failures and dspy.settings.trace is not None:
            failed = FailedPrediction(completion_text=answer.unread or answer.problem)
            dspy.settings.trace.append((self.predict, inputs, failed))
        return answer.prediction, answer.problem


class JudgeStudent(Student):
    """Asks CompareRollouts once per order of a group."""

    async def aforward(self, *, task: str, candidates: Sequence[str]) -> dspy.Prediction:
        """One prediction with a list per field: the slots named (None: no vote), reasons, problems.

        Args:
            task: the prompt's field.
            candidates: the prompt's field, once per order.
        """
        replies = [await self.put(task=task, candidates=shown) for shown in candidates]
        made = dspy.Prediction(
            winner=[reply.winner if reply else None for reply, _ in replies],
            reasons=[reply.reasons if reply else "" for reply, _ in replies],
            problems=[problem for _, problem in replies],
        )
        return self.sign(made)


class SummarizerStudent(Student):
    """Asks SummarizeRollout once."""

    async def aforward(self, *, task: str, trajectory: str, result: str) -> dspy.Prediction:
        """The reply with the signature's fields; with `problem` alone where there is none."""
        reply, problem = await self.put(task=task, trajectory=trajectory, result=result)
        return self.sign(reply or dspy.Prediction(problem=problem))


class DistillerStudent(Student):
    """Asks DistillSummaries once per context."""

    async def aforward(self, *, task: str, summaries: Sequence[str]) -> dspy.Prediction:
        """One prediction with a list per field: the replies (None: unreadable), the problems.

        Args:
            task: the prompt's field.
            summaries: the prompt's field, once per context.
        """
        replies = [await self.put(task=task, summaries=shown) for shown in summaries]
        made = dspy.Prediction(
            workspaces=[reply for reply, _ in replies],
            problems=[problem for _, problem in replies],
        )
        return self.sign(made)
