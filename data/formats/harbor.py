"""Harbor trials: a JSON object with an embedded ATIF `trajectory`, or a trial's folder.

What a verifier said (rewards, test output) stands in the same files; it is never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rematch.data.formats import atif
from rematch.data.formats.parts import as_name, seconds_between
from rematch.data.formats.recorded import Recorded
from rematch.data.records import ResultKind

NAME = "harbor-trial"


def matches(document: Any) -> bool:
    """Whether this is a trial that carries its trajectory."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("task_name"), str)
        and atif.matches(document.get("trajectory"))
    )


def read(document: Any) -> Iterator[Recorded]:
    """Yields the one attempt of the trial."""
    ended = document.get("finished_at") or document.get("ended_at")
    for recorded in atif.read(document["trajectory"]):
        took = seconds_between(document.get("started_at"), ended)
        yield replace(
            recorded,
            instance=as_name(document["task_name"]),
            asks_for=ResultKind.STATE,
            seconds=recorded.seconds if took is None else took,
        )
