"""The configuration reference, written from the configuration classes themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from rematch.app.config import Config
from rematch.runs.models import ModelConfig, ModelsConfig

_HEAD = """\
# Configuration

Every key of `-c FILE.yaml` and `-c key=value` (dotted). `rematch run --print-config` prints them
all with their values. This page is written from the configuration classes by `tools/write-docs`.

ROLE is agent, summarizer, judge or distiller; a role without a model is answered from evidence.
While `rematch optimize` tunes, `reflection` is one too: the model that writes instructions.

| key | default | meaning |
|---|---|---|
"""


def write_reference() -> str:
    """The page as Markdown, one row per key."""
    return _HEAD + "".join(_rows(Config, ""))


def _rows(settings: type[BaseModel], above: str) -> Iterator[str]:
    for name, field in settings.model_fields.items():
        below = _find_settings(field)
        key = f"{above}{name}"
        if below is ModelsConfig:
            yield from _rows(ModelConfig, f"{key}.ROLE.")
        elif below is None:
            text = " ".join((field.description or "").split())
            yield f"| `{key}` | {_default(field)} | {text} |\n"
        else:
            yield from _rows(below, f"{key}.")


def _find_settings(field: FieldInfo) -> type[BaseModel] | None:
    """The class of a nested part, None for a plain value."""
    candidates = (field.annotation, *get_args(field.annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if field.is_required():
        return "required"
    return "none" if value is None else f"`{value}`"
