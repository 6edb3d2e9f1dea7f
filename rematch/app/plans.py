"""A comparison's file: a base, and named variants that change parts of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from rematch.app.config import Config, load_config
from rematch.errors import InputError, UsageError
from rematch.settings import Settings

BASE = "base"
"""What the base is called in tables; no variant may be called so."""

Source = str | dict[str, Any]


class AblationFile(Settings):
    """The keys of an ablation's YAML file."""

    base: Source | list[Source] = Field(default_factory=dict)
    """What all variants have in common: dotted keys, or what `-c` takes, or a list of both."""
    variants: dict[str, dict[str, Any]] = Field(min_length=1)
    """Names to the dotted keys that the variant changes; null takes away what stood there."""
    pool: Path | list[Path] = Field(default_factory=list)
    """Files and folders of recorded rollouts; the command line's stand in their place."""
    labels: Path | None = None
    """The pool's labels, likewise."""
    suite: str | None = None
    """For a live ablation in place of a pool: as `rematch run` takes it."""
    ids: list[str] = Field(default_factory=list)
    """Only these tasks of the suite."""


@dataclass(frozen=True)
class Variant:
    """A named configuration. `changes` are its differences from the base, by dotted key."""

    name: str
    config: Config
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """What to compare, and on what where the file says so."""

    base: Variant
    variants: tuple[Variant, ...]
    pool: tuple[Path, ...] = ()
    labels: Path | None = None
    suite: str | None = None
    ids: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[Variant, ...]:
        """The base, then the variants."""
        return (self.base, *self.variants)


def read_plan(
    path: Path, sources: Iterable[str] = (), overrides: Mapping[str, Any] | None = None
) -> Plan:
    """Read an ablation's file.

    Args:
        path: the YAML file.
        sources: as for `load_config`; they lie over the file's base, under its variants.
        overrides: dotted keys from flags, over those; None values are skipped.

    Raises:
        InputError: the file cannot be read.
        UsageError: a key is unknown or has a bad value.
    """
    file = _parse(path)
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    common: list[Any] = [*_as_list(file.base), *sources, given]
    base = _load(path, BASE, common)
    variants = []
    for name, changes in file.variants.items():
        if name == BASE:
            raise UsageError(f"{path}: no variant may be called {BASE!r}")
        config = _load(path, name, [*common, changes])
        variants.append(Variant(name, config, dict(find_changes(base, config))))
    return Plan(
        base=Variant(BASE, base, {}),
        variants=tuple(variants),
        pool=tuple(_as_list(file.pool)),
        labels=file.labels,
        suite=file.suite,
        ids=tuple(file.ids),
    )


def find_changes(base: Config, config: Config) -> Iterator[tuple[str, Any]]:
    """The dotted keys in which a configuration differs from a base, with its values."""
    yield from _compare(base.model_dump(mode="json"), config.model_dump(mode="json"), "")


def _compare(
    base: Mapping[str, Any], ours: Mapping[str, Any], above: str
) -> Iterator[tuple[str, Any]]:
    for key in sorted({*base, *ours}):
        old, new = base.get(key), ours.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _compare(old, new, f"{above}{key}.")
        elif old != new:
            yield f"{above}{key}", new


def _load(path: Path, name: str, sources: Sequence[Any]) -> Config:
    try:
        return load_config(sources)
    except UsageError as error:
        raise UsageError(f"{path}: {name}: {error}") from error


def _parse(path: Path) -> AblationFile:
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), StrictLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error.__class__.__name__})") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    try:
        return AblationFile.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        known = ", ".join(AblationFile.model_fields)
        unknown = first["type"] == "extra_forbidden"
        problem = f"unknown key; there are {known}" if unknown else first["msg"]
        raise UsageError(f"{path}: {place}: {problem}") from error


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML would drop the first, or that is no text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping, its keys checked."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value
            fault = "a key is no text" if not isinstance(key, str) else f"{key!r} stands twice"
            if not isinstance(key, str) or key in seen:
                raise yaml.MarkedYAMLError(problem=fault, problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]
