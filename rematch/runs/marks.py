"""Where a prompt is marked, for models that keep prompts in their provider's cache when told to.

Anthropic's do: up to a mark, writing costs a quarter more than reading anew, and reading what was
written a tenth, for five minutes after its last use. So a beginning is marked where it comes again.
What is sent beside the request that writes it goes without the mark: before that one is answered,
it would pay for writing the same once more (docs/cost.md has the arithmetic).
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from dspy import lm15

KEPT_SECONDS = 300.0
"""How long a provider keeps a prompt after its last use."""
_MARK = {"type": "ephemeral"}
_FIELD = re.compile(r"^\[\[ ## \w+ ## \]\]$", re.MULTILINE)


@dataclass(frozen=True)
class Cut:
    """Where a beginning ends: behind so many characters of that message; marked, or only cut."""

    message: int
    length: int
    is_marked: bool = True


def find_cuts(request: lm15.Request, role: str, *, repeated: bool) -> list[Cut]:
    """The beginnings that come again, the shorter one first; none where there is more than text.

    A judge's prompts on one task differ in their last field only, the candidates. Of other roles'
    prompts, what precedes the last message stays: examples, or a conversation so far. A system
    prompt alone is shorter than what providers keep.

    Args:
        request: what is sent.
        role: who asks.
        repeated: whether the whole prompt comes again.
    """
    plain = isinstance(request.system, str | None) and not request.tools
    if not plain or any(len(m.parts) != 1 or not m.text for m in request.messages):
        return []
    texts = [message.text or "" for message in request.messages]
    last = len(texts) - 1
    fields = [match.start() for match in _FIELD.finditer(texts[last])]
    cuts = []
    if role == "judge" and len(fields) > 1:
        cuts.append(Cut(last, fields[-1]))
    elif last > 0:
        cuts.append(Cut(last - 1, len(texts[last - 1])))
    return [*cuts, Cut(last, len(texts[last]))] if repeated else cuts


def mark_natively(request: lm15.Request, cuts: Sequence[Cut]) -> lm15.Request:
    """The request with marks as the native engine sends them to Anthropic.

    It marks the ends of the system prompt and of one message: so a message that is cut in its midst
    goes as two, which Anthropic reads as one turn, and the whole prompt is marked by Anthropic's
    own parameter.
    """
    messages, config = list(request.messages), request.config
    for cut in cuts:
        message = request.messages[cut.message]
        text = message.text or ""
        is_cut = cut.length < len(text)
        if is_cut:
            halves = (text[: cut.length], text[cut.length :])
            both = [replace(message, parts=(lm15.TextPart(half),)) for half in halves]
            messages[cut.message : cut.message + 1] = both
        if not cut.is_marked:
            continue
        if is_cut or cut.message < len(request.messages) - 1:
            config = replace(config, cache=lm15.CacheConfig(prefix_until_index=cut.message))
        else:
            extensions = {**(config.extensions or {}), "cache_control": _MARK}
            config = replace(config, extensions=extensions)
    return replace(request, messages=tuple(messages), config=config)


def mark_blocks(messages: Sequence[Mapping[str, Any]], cuts: Sequence[Cut]) -> list[dict[str, Any]]:
    """Chat messages in OpenAI's form with marked blocks, as litellm takes them for all providers.

    Args:
        messages: texts; a system prompt may precede those that the cuts count.
        cuts: the shorter beginning first.
    """
    marked = [dict(message) for message in messages]
    offset = int(marked[0]["role"] in ("system", "developer"))
    for place in {cut.message for cut in cuts}:
        message = marked[place + offset]
        text, blocks, begin = message["content"], [], 0
        for cut in (cut for cut in cuts if cut.message == place):
            mark = {"cache_control": _MARK} if cut.is_marked else {}
            blocks.append({"type": "text", "text": text[begin : cut.length], **mark})
            begin = cut.length
        rest = [{"type": "text", "text": text[begin:]}] if begin < len(text) else []
        message["content"] = [*blocks, *rest]
    return marked


class Marker:
    """Decides which beginnings of one model's prompts are marked. Safe to share between threads.

    Args:
        role: who asks.
        clock: seconds, from anywhere.
    """

    def __init__(self, role: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._role = role
        self._clock = clock
        self._lock = threading.Lock()
        self._writing: set[bytes] = set()
        self._kept: OrderedDict[bytes, float] = OrderedDict()  # the longest unused first

    @contextmanager
    def place(self, request: lm15.Request, *, repeated: bool) -> Iterator[list[Cut]]:
        """The request's cuts, while it is under way; those that another one is writing, unmarked.

        What it writes counts as kept once it was answered, and as nothing where it failed.
        """
        cuts = find_cuts(request, self._role, repeated=repeated)
        names = [_name(request, cut) for cut in cuts]
        with self._lock:
            self._forget()
            marked = [name not in self._writing for name in names]
            mine = [name for name, is_mine in zip(names, marked, strict=True) if is_mine]
            writing = {name for name in mine if name not in self._kept}
            self._writing |= writing
        answered: list[bytes] = []
        try:
            yield [
                replace(cut, is_marked=is_mine) for cut, is_mine in zip(cuts, marked, strict=True)
            ]
            answered = mine
        finally:
            with self._lock:
                self._writing -= writing
                for name in answered:
                    self._kept[name] = self._clock()
                    self._kept.move_to_end(name)

    def _forget(self) -> None:
        """Drop what the provider keeps no longer."""
        fresh = self._clock() - KEPT_SECONDS
        while self._kept and next(iter(self._kept.values())) <= fresh:
            self._kept.popitem(last=False)


def _name(request: lm15.Request, cut: Cut) -> bytes:
    texts = [request.system or "", *(message.text for message in request.messages[: cut.message])]
    texts.append((request.messages[cut.message].text or "")[: cut.length])
    sizes = " ".join(str(len(text)) for text in texts)
    whole = "\0".join([sizes, *texts]).encode("utf-8", "surrogatepass")
    return hashlib.sha256(whole).digest()


@cache
def takes_marks(model: str) -> bool:
    """Whether litellm passes marks on to this model; a provider that caches by itself needs none.

    Args:
        model: provider/name. Looking it up imports litellm, which takes seconds the first time.
    """
    provider, _, name = model.partition("/")
    if "claude" not in name.lower():
        return False
    if provider == "openrouter":
        return True
    from litellm.llms.anthropic.common_utils import supports_anthropic_cache_control

    return bool(supports_anthropic_cache_control(model, None))
