"""Metrics of those who write: can a judge decide by the text, is it true, is it short enough.

What a text is for counts most: 0.7 for the judge's accuracy, 0.2 for what the record or the
summaries support, 0.1 for length.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

import dspy

from rematch.data.records import Summary, Usage
from rematch.errors import ContextOverflowError
from rematch.evidence.faithfulness import check_claims
from rematch.optimizers.metrics import Examined
from rematch.optimizers.writer_examples import DistillerExample, SummarizerExample
from rematch.programs.asking import ask
from rematch.programs.distiller import read_workspace
from rematch.programs.rendering import number_fenced, render_summary, render_workspace
from rematch.programs.summarizer import read_summary

_ACCURACY, _TRUTH, _LENGTH = 0.7, 0.2, 0.1
_WORD = re.compile(r"\w{4,}")
_SUPPORTED = 0.6  # of an item's longer words must stand in what it was made from


@dataclass(frozen=True)
class Reader:
    """A judge that reads two texts, in both orders.

    Attributes:
        compare: its predictor.
        lm: its model.
    """

    compare: dspy.Predict
    lm: dspy.LM

    async def prefer(self, task: str, first: str, second: str) -> tuple[list[int | None], str]:
        """Which text it names in each order (0, 1; None: nobody), and its last reasons."""
        replies = await asyncio.gather(
            self._ask(task, (first, second)), self._ask(task, (second, first))
        )
        (one, _), (other, reasons) = replies
        return [one, None if other is None else 1 - other], reasons

    async def _ask(self, task: str, texts: Sequence[str]) -> tuple[int | None, str]:
        inputs = {"task": task, "candidates": number_fenced("Candidate", texts)}
        try:
            answer = await ask(self.compare, inputs, lm=self.lm, attempts=2)
        except ContextOverflowError as error:
            return None, str(error)
        if answer.prediction is None:
            return None, answer.problem
        slot = answer.prediction.winner
        return (slot - 1 if 1 <= slot <= len(texts) else None), answer.prediction.reasons


class SummarizerMetric:
    """What a judge can do with a summary, whether it is true to the record, and its length.

    Its parts: `supported`, `contradicted` and `not_checkable`, shares of the claims; `in_length`.

    Args:
        reader: the judge.
        most_characters: the length beyond which the score falls.
    """

    def __init__(self, reader: Reader, most_characters: int) -> None:
        self._reader = reader
        self._most = most_characters

    async def examine(
        self, example: SummarizerExample, made: dspy.Prediction, shown: str = ""
    ) -> Examined:
        """Score a summary."""
        if "final_outcome" not in made.keys():  # noqa: SIM118  (a Prediction is no mapping)
            problem = made.problem
            return Examined(0, 0, f"No summary ({problem}): the fields must be as asked for.")
        summary = read_summary(example.rollout, made, example.left_out, Usage())
        checks = check_claims(summary, example.rollout)
        summary = summary.model_copy(update={"checks": checks})
        text = render_summary(summary)
        named, reasons = await self._reader.prefer(example.judge_task, text, example.opponent)
        right = sum(place == (0 if example.is_better else 1) for place in named) / len(named)
        shares = _share(summary)
        length = min(1.0, self._most / max(len(text), 1))
        return Examined(
            score=_ACCURACY * right + _TRUTH * (1 - shares["contradicted"]) + _LENGTH * length,
            accuracy=right,
            feedback=self._tell(example, summary, right, reasons, len(text)),
            parts={**shares, "in_length": float(len(text) <= self._most)},
        )

    def _tell(
        self,
        example: SummarizerExample,
        summary: Summary,
        right: float,
        reasons: str,
        length: int,
    ) -> str:
        outcome = "better" if example.is_better else "worse"
        told = [
            f"This attempt did {outcome} in the hidden tests than the one it was judged against; "
            + (
                "the judge saw that from the summary."
                if right == 1
                else f"the judge did not see it from the summary in every order: {reasons}"
            )
        ]
        told += [
            f"The record contradicts the claim {check.text!r}: {check.why}."
            for check in summary.checks
            if check.verdict == "contradicted"
        ][:3]
        if length > self._most:
            told.append(f"It has {length:,} characters; {self._most:,} should do.")
        return " ".join(told)


class DistillerMetric:
    """Whether a judge sees from two workspaces which context was followed by more success.

    Its parts: `supported`, the share of items whose words stand in the summaries; `in_length`,
    whether nothing had to be cut.

    Args:
        reader: the judge.
        most_characters: the bound of a workspace.
    """

    def __init__(self, reader: Reader, most_characters: int) -> None:
        self._reader = reader
        self._most = most_characters

    async def examine(
        self, example: DistillerExample, made: dspy.Prediction, shown: str = ""
    ) -> Examined:
        """Score a pair of workspaces."""
        lost = [problem for problem in made.problems if problem]
        if lost:
            return Examined(0, 0, f"No workspace ({lost[0]}): the fields must be as asked for.")
        whole = [read_workspace(reply, 10**9) for reply in made.workspaces]
        kept = [render_workspace(read_workspace(reply, self._most)) for reply in made.workspaces]
        named, reasons = await self._reader.prefer(example.judge_task, *kept)
        better = 0 if example.successes[0] > example.successes[1] else 1
        right = sum(place == better for place in named) / len(named)
        invented = [
            item
            for workspace, summaries in zip(whole, example.summaries, strict=True)
            for item in (*workspace.agreements, *workspace.open_ends, *workspace.dead_ends)
            if not _is_supported(item, summaries)
        ]
        count = sum(len(w.agreements) + len(w.open_ends) + len(w.dead_ends) for w in whole)
        supported = 1 - len(invented) / count if count else 1.0
        longest = max(len(render_workspace(workspace)) for workspace in whole)
        length = min(1.0, self._most / max(longest, 1))
        return Examined(
            score=_ACCURACY * right + _TRUTH * supported + _LENGTH * length,
            accuracy=right,
            feedback=_tell_distiller(better, right, reasons, invented, longest, self._most),
            parts={"supported": supported, "in_length": float(longest <= self._most)},
        )


def _tell_distiller(
    better: int, right: float, reasons: str, invented: Sequence[str], longest: int, most: int
) -> str:
    told = [
        f"Attempts that started from the {('first', 'second')[better]} context passed more often; "
        + (
            "the workspaces show why."
            if right == 1
            else f"the workspaces do not tell the two apart: {reasons}"
        )
    ]
    told += [f"No summary supports the item {item!r}." for item in invented[:3]]
    if longest > most:
        told.append(f"A workspace has {longest:,} characters and is cut at {most:,}.")
    return " ".join(told)


def _is_supported(item: str, summaries: str) -> bool:
    words = set(_WORD.findall(item.casefold()))
    known = set(_WORD.findall(summaries.casefold()))
    return len(words & known) >= _SUPPORTED * len(words)


def _share(summary: Summary) -> dict[str, float]:
    verdicts = [check.verdict for check in summary.checks]
    count = max(len(verdicts), 1)
    return {
        "supported": verdicts.count("supported") / count,
        "contradicted": verdicts.count("contradicted") / count,
        "not_checkable": verdicts.count("not-checkable") / count,
    }
