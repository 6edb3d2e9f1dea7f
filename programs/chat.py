"""How a question is put: in DSPy's chat format, of which equal parts are written once.

The votes of a match differ in nothing but their sample, and every question of a program has the
same rules and demonstrations. DSPy builds a schema for each field each time that it writes one.
"""

from __future__ import annotations

from functools import lru_cache
from inspect import unwrap
from typing import Any

import dspy

_KEPT = 64
"""Parts of each kind that are kept: those of the matches under way."""
_DSPYS = dspy.ChatAdapter()


class Chat(dspy.ChatAdapter):
    """DSPy's chat format, word for word; a reply that does not follow it is not read."""

    # Inherited ones are wrapped once more by DSPy, and would tell its callbacks twice.
    format = unwrap(dspy.ChatAdapter.format)
    parse = unwrap(dspy.ChatAdapter.parse)

    def __init__(self) -> None:
        super().__init__(use_json_adapter_fallback=False)

    def format_system_message(self, signature: Any) -> str:
        """The rules of a question: its fields, their form and what is to be done."""
        # DSPy makes a new signature for every change, but for one of the instructions.
        return _write_rules(signature, signature.__doc__)

    def format_user_message_content(
        self,
        signature: Any,
        inputs: dict[str, Any],
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        """What is asked about, or what a demonstration was about."""
        given = tuple((name, inputs[name]) for name in signature.input_fields if name in inputs)
        if not all(type(value) is str for _, value in given):
            return str(
                super().format_user_message_content(signature, inputs, prefix, suffix, main_request)
            )
        return _write_inputs(signature, given, prefix, suffix, main_request)


@lru_cache(_KEPT)
def _write_rules(signature: Any, _: str | None) -> str:
    return str(_DSPYS.format_system_message(signature))


@lru_cache(_KEPT)
def _write_inputs(
    signature: Any,
    given: tuple[tuple[str, str], ...],
    prefix: str,
    suffix: str,
    main_request: bool,
) -> str:
    return str(
        _DSPYS.format_user_message_content(signature, dict(given), prefix, suffix, main_request)
    )
