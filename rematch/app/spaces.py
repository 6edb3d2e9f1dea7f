"""What a search may change: read from a file or proposed, and held against what can matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from rematch.app.bench import lay_over
from rematch.app.config import Config
from rematch.app.plans import StrictLoader, Variant, find_changes
from rematch.app.relevance import Place, explain_idle
from rematch.errors import InputError, UsageError
from rematch.evidence.features import GROUPS
from rematch.optimizers.space import Dimension, Space, parse_space


def read_space(path: Path) -> Space:
    """A space from a YAML file.

    Raises:
        InputError: the file cannot be read.
        UsageError: it holds no space.
    """
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), StrictLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error.__class__.__name__})") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    return parse_space(tree, str(path))


def propose_space(config: Config, place: Place) -> Space:
    """What can be decided there for this base, where the user names no space.

    Raises:
        UsageError: nothing can.
    """
    known = _list_dimensions(config, place).dimensions
    kept = {key: one for key, one in known.items() if not _find_fault(key, one, config, place)}
    if not kept:
        raise UsageError("nothing that a search proposes can matter here: name keys with --space")
    return Space(dimensions=kept)


def check_space(space: Space, base: Config, place: Place) -> None:
    """See that every key of a space can matter on its own or with the others.

    Raises:
        UsageError: a key or one of its values is unknown, or none of its values can matter.
    """
    for key, dimension in space.dimensions.items():
        fault = _find_fault(key, dimension, base, place)
        if fault:
            raise UsageError(fault)


def _list_dimensions(config: Config, place: Place) -> Space:
    if place.is_live:
        live: dict[str, Any] = {"context.kind": ["none", "single", "random-k", "select-k"]}
        live |= {"iterations": [1, 2], "keep_champion": [False, True]}
        if base_k := min(4, config.n) - 1:
            live["context.k"] = {"low": 1, "high": base_k + 1}
            live["n"] = {"low": 2, "high": config.n}
        return parse_space(live, "the default space")
    most = place.most_attempts
    tree: dict[str, Any] = {"rtv.ties": ["evidence", "cost", "draw"]}
    if most > 2:
        tree["recorded_n"] = {"low": 2, "high": most}
    tree["evidence.without"] = {"any_of": list(GROUPS)}
    if config.models.judge is not None:
        views = ["summary", "evidence", "trajectory"] + ["patch"] * place.has_patches
        tree |= {"rtv.votes": [1, 2, 4, 8], "judge.represent": views}
        tree |= {"rtv.group_size": {"low": 2, "high": max(2, min(4, most))}}
    return parse_space(tree, "the default space")


def _find_fault(key: str, dimension: Dimension, base: Config, place: Place) -> str:
    """Why none of a key's values can matter, "" where one can."""
    reasons = []
    for value in dimension.list_values():
        config = lay_over(base, {key: value})
        changes = dict(find_changes(base, config))
        if changes:
            reasons.append(explain_idle(Variant(key, config, changes), base, place))
    if not all(reasons):
        return ""
    return reasons[0] if reasons else f"{key}: has no value but the base's"
