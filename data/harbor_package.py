"""Harbor, imported when it is needed: an extra installs it, and it wants a newer Python than we.

Nothing of ours imports it at the top of a file that is always loaded.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import warnings
from types import ModuleType

from rematch.errors import UsageError

PYTHON = (3, 12)
"""The oldest Python that Harbor runs on."""

_INSTALL = "pip install 'rematch-agents[terminal-bench]'"
_SETTINGS = {
    "HARBOR_TELEMETRY": "0",  # nothing of a run is told to anybody
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else the price list comes from the network
}


def load_harbor(name: str) -> ModuleType:
    """A module of Harbor's.

    Args:
        name: below the package, such as "trial.queue".

    Raises:
        UsageError: this Python is too old, or Harbor is not installed; it says what to do.
    """
    if sys.version_info < PYTHON:
        ours, theirs = (".".join(map(str, v)) for v in (sys.version_info[:2], PYTHON))
        raise UsageError(
            f"Harbor needs Python >= {theirs}, this is {ours}: in an environment with a newer "
            f"Python, {_INSTALL}"
        )
    for variable, value in _SETTINGS.items():
        os.environ.setdefault(variable, value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its dependencies
            module = importlib.import_module(f"harbor.{name}")
    except ImportError as error:
        line = " ".join(str(error).split())
        raise UsageError(f"Harbor cannot be imported ({line}): {_INSTALL}") from error
    # It logs at DEBUG level; what concerns a trial goes into the trial's own log file.
    logging.getLogger("harbor").addHandler(logging.NullHandler())
    return module
