"""What a search may change: keys of the configuration, each with the values to choose from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

import optuna
from pydantic import Field, ValidationError, model_validator

from rematch.data.records import Record
from rematch.errors import UsageError


class Dimension(Record):
    """One key's values: some to choose one of, a range of whole numbers, or a set to draw from.

    `choices` are any values, null among them; `any_of` gives a list with any of these.
    """

    choices: tuple[Any, ...] = ()
    low: int | None = None
    high: int | None = None
    any_of: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high are given together")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low is {self.low}, above high")
        kinds = [bool(self.choices), self.low is not None, bool(self.any_of)]
        if sum(kinds) != 1:
            raise ValueError("give a list of values, or low and high, or any_of")
        return self

    def suggest(self, trial: optuna.Trial, key: str) -> Any:
        """A value for one trial."""
        if self.low is not None and self.high is not None:
            return trial.suggest_int(key, self.low, self.high)
        if self.any_of:
            return [
                one
                for one in self.any_of
                if trial.suggest_categorical(f"{key}:{one}", [False, True])
            ]
        texts = [json.dumps(choice, sort_keys=True) for choice in self.choices]
        return json.loads(str(trial.suggest_categorical(key, texts)))

    def list_values(self) -> list[Any]:
        """Values that the key may take; of a set, the single ones."""
        if self.low is not None and self.high is not None:
            return list(range(self.low, self.high + 1))
        return [[one] for one in self.any_of] or list(self.choices)


class Space(Record):
    """Dimensions by dotted key."""

    dimensions: dict[str, Dimension] = Field(min_length=1)

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """Dotted keys with the values of one trial."""
        return {key: one.suggest(trial, key) for key, one in self.dimensions.items()}


def parse_space(tree: Any, name: str) -> Space:
    """A space from a mapping: a list is choices, a mapping a dimension's fields.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(tree, Mapping) or not tree:
        raise UsageError(f"{name}: a space maps dotted keys to their values")
    written = {
        str(key): {"choices": value} if isinstance(value, list) else value
        for key, value in tree.items()
    }
    try:
        return Space.model_validate({"dimensions": written})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"][1:])) or "the space"
        message = str(first["msg"]).removeprefix("Value error, ")
        raise UsageError(f"{name}: {place}: {message}") from error
