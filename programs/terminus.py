"""The operator: a terminal's screen in, the next keystrokes out (the paper's Terminus 1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dspy
from pydantic import Field

from rematch.errors import BudgetSpentError, ContextOverflowError, UnreadableReplyError
from rematch.programs.asking import Answer, ask
from rematch.programs.excerpt import clip, estimate_tokens
from rematch.programs.program import Program
from rematch.settings import Settings
from rematch.signatures import OperateTerminal, Turn, fence, neutralise

NO_CONTEXT = "There were no earlier attempts."
_SCREEN_CAP, _TASK_CAP, _TEXT_CAP = 10_000, 48_000, 4_000
_BLOCK = 8
"""Old turns are left out by so many at once: between, the prompt's beginning stays the same, and
a provider's cache serves it."""


class TerminusConfig(Settings):
    """What Terminus 1 is shown, and how often it is asked."""

    input_tokens: int = Field(default=96_000, ge=4_000)
    """Budget for the whole prompt in tokens: the oldest turns are left out first."""
    attempts: int = Field(default=3, ge=1)
    """How often a turn is asked for before a reply that cannot be read ends the rollout."""


class Terminus(Program):
    """Asks a model for one turn at a terminal.

    Args:
        lm: the role's model; None takes DSPy's current one.
        config: budget and attempts.
    """

    def __init__(self, lm: dspy.LM | None = None, config: TerminusConfig | None = None) -> None:
        super().__init__()
        self.lm = lm
        self.config = config or TerminusConfig()
        self.operate = dspy.Predict(OperateTerminal)

    async def aforward(
        self, *, task: str, screen: str, context: str = "", turns: Sequence[Turn] = ()
    ) -> Turn:
        """Decide on the next turn.

        Args:
            task: what is to be done.
            screen: what the terminal shows now.
            context: what earlier attempts found, framed; "" where there were none.
            turns: those taken so far, in order.

        Raises:
            UnreadableReplyError: no reply could be read, or the model did not answer.
            ContextOverflowError: not even the last turn fits the model's window.
            BudgetSpentError: the run's budget is spent.
            ModelRefusedError: the provider will not serve this run.
        """
        now = {
            "task": neutralise(clip(task, _TASK_CAP)),
            "context": neutralise(context) or NO_CONTEXT,
            "terminal": fence(clip(screen, _SCREEN_CAP)),
        }
        answer = await self._ask(now, [_recall(turn) for turn in turns])
        reply = answer.prediction
        if reply is None:
            kind = BudgetSpentError if answer.is_unpaid else UnreadableReplyError
            raise kind(f"no turn: {answer.problem}")
        return Turn(
            screen=screen,
            task_complete=reply.task_complete,
            analysis=clip(_clean(reply.analysis), _TEXT_CAP),
            explanation=clip(_clean(reply.explanation), _TEXT_CAP),
            commands=tuple(
                entry.model_copy(update={"keys": _clean(entry.keys)}) for entry in reply.commands
            ),
            usage=answer.usage,
        )

    async def _ask(self, now: dict[str, Any], past: list[dict[str, Any]]) -> Answer:
        """Ask with as many turns as fit; half of them where the window is smaller than told."""
        budget = self.config.input_tokens
        while True:
            kept = _fit(past, budget - estimate_tokens("".join(now.values())))
            inputs = {"history": dspy.History(messages=kept), **now}
            try:
                return await ask(self.operate, inputs, lm=self.lm, attempts=self.config.attempts)
            except ContextOverflowError:
                if not kept:
                    raise
                budget //= 2


def _clean(text: str) -> str:
    """The text as UTF-8 can hold it: replies may bring lone surrogates."""
    return text.encode("utf-8", "replace").decode()


def _recall(turn: Turn) -> dict[str, Any]:
    """A turn as it stands in the conversation."""
    return {
        "terminal": fence(clip(turn.screen, _SCREEN_CAP)),
        "task_complete": turn.task_complete,
        "analysis": neutralise(turn.analysis),
        "explanation": neutralise(turn.explanation),
        "commands": [entry.model_dump() for entry in turn.commands],
    }


def _fit(past: list[dict[str, Any]], budget: int) -> list[dict[str, Any]]:
    """The newest turns that fit, whole blocks of old ones left out; the first one says so."""
    sizes = [estimate_tokens(str(message)) for message in past]
    left_out = 0
    while left_out < len(past) and sum(sizes[left_out:]) > budget:
        left_out = min(left_out + _BLOCK, len(past))
    kept = past[left_out:]
    if left_out and kept:
        note = f"({left_out} earlier turns are not shown.)\n"
        kept = [{**kept[0], "terminal": note + kept[0]["terminal"]}, *kept[1:]]
    return kept
