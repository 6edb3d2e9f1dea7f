"""Imports mini-SWE-agent when it is needed, and makes it quiet.

Its import takes half a second, with LiteLLM five more; it prints, reads and makes a folder of
the user's, and logs at DEBUG level to the terminal. None of that happens through here.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import tempfile
import threading
import warnings
from types import ModuleType
from typing import Any

import yaml

from rematch.errors import AgentError

_lock = threading.Lock()
_PACKAGE = "minisweagent"

_SETTINGS = {
    "MSWEA_SILENT_STARTUP": "1",
    "MSWEA_COST_TRACKING": "ignore_errors",  # else an unknown price ends the rollout
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else the price list comes from the network
}


def load_mini(name: str = "") -> ModuleType:
    """A module of mini-SWE-agent.

    Args:
        name: below the package, such as "agents.default"; "" for the package itself.

    Raises:
        AgentError: it cannot be imported.
    """
    full_name = f"{_PACKAGE}.{name}" if name else _PACKAGE
    with _lock:
        if full_name in sys.modules:
            return sys.modules[full_name]
        return _import_first(full_name)


def _import_first(name: str) -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its dependencies
        for variable, value in _SETTINGS.items():
            os.environ.setdefault(variable, value)
        try:
            _import_package()
            return importlib.import_module(name)
        except ImportError as error:
            raise AgentError(
                f"cannot import mini-SWE-agent ({error}): pip install 'mini-swe-agent>=2.4,<3'"
            ) from error


def load_templates(name: str) -> dict[str, Any]:
    """One of the configurations that mini-SWE-agent ships.

    Args:
        name: its path below the package's config folder, without .yaml.

    Raises:
        AgentError: there is none of that name.
    """
    path = load_mini("config").builtin_config_dir / f"{name}.yaml"
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AgentError(f"mini-SWE-agent ships no configuration {name!r}") from error
    return dict(loaded)


def _import_package() -> None:
    """The first import, with an empty folder in place of the user's configuration."""
    variable = "MSWEA_GLOBAL_CONFIG_DIR"
    before = os.environ.get(variable)
    with tempfile.TemporaryDirectory(prefix="rematch-mini-") as folder:
        os.environ[variable] = folder
        try:
            importlib.import_module(_PACKAGE)
        finally:
            if before is None:
                del os.environ[variable]
            else:
                os.environ[variable] = before
    logger = logging.getLogger(_PACKAGE)
    logger.setLevel(logging.WARNING)
    for handler in [*logger.handlers]:
        if type(handler).__name__ == "RichHandler":
            logger.removeHandler(handler)
