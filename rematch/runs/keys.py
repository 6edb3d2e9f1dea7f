"""What a call is known by, a hash of all that was asked and of whom, and its reply as JSON."""

from __future__ import annotations

import hashlib
import importlib
import json
import threading
from collections import Counter
from typing import Any

from dspy import lm15

# The only form that loses nothing, and what DSPy's own cache uses. By name, because mypy would
# take the rest of DSPy for typed once it finds lm15's types.
serde: Any = importlib.import_module("dspy._vendor.lm15.serde")


def name_call(request: lm15.Request, *, role: str, model: str, api_base: str | None) -> bytes:
    """The name of what is asked, and of whom: equal names are equal questions.

    Args:
        request: messages, tools and parameters.
        role: who asks.
        model: provider/name.
        api_base: where the model is, None for the provider's own place.
    """
    asked = serde.request_to_dict(request)
    asked["model"] = model
    text = json.dumps([role, api_base, asked], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def name_sample(call: bytes, sample: tuple[str | int | None, ...]) -> bytes:
    """The key of one of several independent answers: asked and paid for once."""
    return hashlib.sha256(call + repr(sample).encode()).digest()


def name_rollout_call(rollout_id: str, context: str, *, model: str) -> bytes:
    """The key of one rollout, whose calls its agent makes by itself."""
    text = json.dumps([rollout_id, context, model], separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def dump_reply(response: lm15.Response) -> dict[str, Any]:
    """A reply as JSON can hold it, without the provider's raw body."""
    dumped: dict[str, Any] = serde.response_to_dict(response)
    return dumped


def load_reply(dumped: dict[str, Any]) -> lm15.Response:
    """What `dump_reply` dumped."""
    response: lm15.Response = serde.response_from_dict(dumped)
    return response


class Occurrences:
    """Numbers equal calls whose callers do not say which sample they want (optimizers).

    The k-th of equal calls gets the k-th answer, in this session and in the next one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: Counter[bytes] = Counter()

    def number(self, call: bytes) -> int:
        """The call's next number, from 1."""
        with self._lock:
            self._seen[call] += 1
            return self._seen[call]
