"""Put one question to a model: parse strictly, ask again when unreadable, count what it cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.utils.exceptions import (
    AdapterParseError,
    ContextWindowExceededError,
    LMAuthError,
    LMBillingError,
    LMConfigurationError,
    LMError,
    LMNotConfiguredError,
    LMUnsupportedFeatureError,
    LMUnsupportedModelError,
)

from rematch.data.records import Usage
from rematch.errors import (
    BudgetSpentError,
    ContextOverflowError,
    ModelRefusedError,
    RematchError,
)
from rematch.programs.chat import Chat
from rematch.programs.excerpt import estimate_tokens
from rematch.seams import same_requests, sample, spent

_ADAPTER = Chat()
_REFUSALS = (
    LMAuthError,
    LMBillingError,
    LMNotConfiguredError,
    LMUnsupportedModelError,
    LMUnsupportedFeatureError,
    LMConfigurationError,
)
_SAMPLES_APART = 1_000


@dataclass(frozen=True)
class Answer:
    """A prediction, or None with the problem; what all attempts cost together.

    `is_unpaid`: the question was not asked, for the budget is spent. `unread` is the last reply
    where it could not be read.
    """

    prediction: dspy.Prediction | None
    usage: Usage
    attempts: int
    problem: str = ""
    is_unpaid: bool = False
    unread: str = ""


def accept_all(_: dspy.Prediction) -> str:
    """No objection to any reply that could be parsed."""
    return ""


async def ask(
    predict: dspy.Predict,
    inputs: dict[str, Any],
    *,
    lm: dspy.LM | None,
    number: int = 0,
    attempts: int = 2,
    accept: Callable[[dspy.Prediction], str] = accept_all,
) -> Answer:
    """Ask until a reply can be read, at most `attempts` times.

    Args:
        predict: the predictor.
        inputs: its input fields.
        lm: the role's model; None takes DSPy's current one.
        number: which independent sample this is; equal samples may share a recorded reply.
        attempts: how often to ask before giving up on this sample.
        accept: says what is wrong with a parsed reply, "" when nothing is.

    Raises:
        ModelRefusedError: the provider will not serve this run (key, money, model).
        ContextOverflowError: the prompt is longer than the model's window.
    """
    costs: list[Usage] = []
    problem, unread = "", ""
    for attempt in range(attempts):
        try:
            with _watch(costs, number + attempt * _SAMPLES_APART, alone=attempt > 0):
                prediction = await _ask_once(predict, inputs, lm)
        except AdapterParseError as error:
            problem, unread = "unreadable reply", str(error.lm_response)
            continue
        except LMError as error:
            problem, is_unpaid = _explain(error)
            if is_unpaid:
                return Answer(None, sum(costs, Usage()), attempt + 1, problem, is_unpaid=True)
            break
        problem = accept(prediction)
        if not problem:
            return Answer(prediction, sum(costs, Usage()), attempt + 1)
    return Answer(None, sum(costs, Usage()), attempt + 1, problem, unread=unread)


@contextmanager
def _watch(costs: list[Usage], number: int, *, alone: bool) -> Iterator[None]:
    """Collect what is spent; a question that is put again has no equals to wait for."""
    collecting = spent.set(costs)
    numbering = sample.set(number)
    joining = same_requests.set(1 if alone else same_requests.get())
    try:
        yield
    finally:
        same_requests.reset(joining)
        sample.reset(numbering)
        spent.reset(collecting)


async def _ask_once(
    predict: dspy.Predict, inputs: dict[str, Any], lm: dspy.LM | None
) -> dspy.Prediction:
    model = lm or dspy.settings.lm
    if model is None:
        raise ModelRefusedError("no model: hand one to the program or call dspy.configure(lm=...)")
    # DSPy warns that a sample number means nothing at temperature 0, and it is right.
    config = {} if model.kwargs.get("temperature") == 0 else {"rollout_id": sample.get()}
    with dspy.context(lm=model, adapter=_ADAPTER):
        return await predict.acall(**inputs, config=config)


def measure(predict: dspy.Predict) -> int:
    """Tokens of a question's prompt before any input is filled in; tuning makes it longer."""
    signature = predict.signature
    empty = dict.fromkeys(signature.input_fields, "")
    messages = _ADAPTER.format(signature, predict.demos, empty)
    return sum(estimate_tokens(str(message["content"])) for message in messages)


def _explain(error: LMError) -> tuple[str, bool]:
    """One line for a lost sample, and whether only money was missing.

    Raises for what is more than a lost sample.
    """
    ours = error.__cause__
    if isinstance(ours, BudgetSpentError):
        return str(ours), True
    if isinstance(ours, RematchError):
        raise ours
    line = " ".join(str(error).split())[:300]
    if isinstance(error, ContextWindowExceededError):
        raise ContextOverflowError(line) from error
    if isinstance(error, _REFUSALS):
        raise ModelRefusedError(line) from error
    return line, False
