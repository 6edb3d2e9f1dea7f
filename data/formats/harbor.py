"""Harbor trials: a JSON object with an embedded ATIF `trajectory`, or a trial's folder.

What a verifier said (rewards, test output, its exceptions) stands in the same files; it is never
read. A folder is made into the same kind of object from the few fields that are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from rematch.data.formats import atif
from rematch.data.formats.endings import read_ending
from rematch.data.formats.parts import (
    as_amount,
    as_count,
    as_dict,
    as_list,
    as_name,
    as_text,
    seconds_between,
)
from rematch.data.formats.recorded import NO_STEPS, Recorded, one_line
from rematch.data.formats.source import load_file
from rematch.data.records import Ending, ResultKind, Trajectory
from rematch.errors import InputError

_OF_THE_VERIFIER = ("verif", "reward", "addtests", "regrade")
_FIELDS = (
    *("task_name", "trial_name", "agent_info", "agent_result", "exception_info", "started_at"),
    *("finished_at", "agent_execution", "verifier"),
)


def matches(document: Any) -> bool:
    """Whether this is a trial that carries its trajectory."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("task_name"), str)
        and (atif.matches(document.get("trajectory")) or document.get("trajectory") == {})
    )


def read(document: Any) -> Iterator[Recorded]:
    """Yields the one attempt of the trial."""
    steps = document["trajectory"]
    recorded = next(atif.read(steps)) if steps else Recorded(trajectory=NO_STEPS)
    trajectory = _with_exception(recorded.trajectory, document)
    yield replace(
        recorded,
        trajectory=trajectory,
        instance=document["task_name"],
        asks_for=ResultKind.STATE,
        **_read_costs(document, recorded),
    )


def is_trial_folder(folder: Path) -> bool:
    """Whether a folder is a trial: a result or configuration that names a trial and its task."""
    if not (folder / "agent").is_dir() and not (folder / "steps").is_dir():
        return False
    config = _read_small(folder / "config.json")
    if "trial_name" in config and "task" in config:
        return True
    result = _read_small(folder / "result.json")
    return "trial_name" in result and "task_name" in result


def load_trial(folder: Path) -> dict[str, Any]:
    """A trial's folder as one object.

    Raises:
        InputError: A file of it is no JSON.
    """
    result = _read_small(folder / "result.json", strict=True)
    task = as_dict(_read_small(folder / "config.json").get("task"))
    trial = {key: result[key] for key in _FIELDS if key in result}
    path = PurePosixPath(as_name(task.get("path")).replace("\\", "/")).name
    trial.setdefault("task_name", as_name(task.get("name")) or path or folder.name.split("__")[0])
    for step in map(as_dict, as_list(result.get("step_results"))):
        for key in ("exception_info", "agent_result", "agent_execution"):
            trial[key] = step.get(key) or trial.get(key)
    trial["trajectory"] = _join_parts(list(_read_parts(folder)))
    return trial


def _read_parts(folder: Path) -> Iterator[dict[str, Any]]:
    """The agent's trajectory files: per step of the task, with their continuations."""
    places = [folder / "agent", *(p / "agent" for p in sorted((folder / "steps").glob("*")))]
    for place in places:
        name, seen = "trajectory.json", set[str]()
        while name and name not in seen and (place / name).is_file():
            seen.add(name)
            part = as_dict(load_file(place / name))
            if part and not atif.matches(part):
                raise InputError(f"{place.name}/{name} is no ATIF trajectory")
            yield part
            name = Path(as_name(part.get("continued_trajectory_ref"))).name


def _join_parts(parts: list[dict[str, Any]]) -> dict[str, Any]:
    if len(parts) < 2:
        return parts[0] if parts else {}
    steps = [step for part in parts for step in atif.own_steps(part)]
    return {**parts[0], "steps": steps, "final_metrics": parts[-1].get("final_metrics")}


def _read_small(path: Path, strict: bool = False) -> dict[str, Any]:
    try:
        return as_dict(load_file(path)) if path.is_file() else {}
    except InputError as error:
        if strict:
            raise InputError(f"{path.name} {error}") from None
        return {}


def _with_exception(trajectory: Trajectory, trial: dict[str, Any]) -> Trajectory:
    """The trial's exception is how the attempt ended, unless it came from the verifier."""
    exception = as_dict(trial.get("exception_info"))
    kind = as_name(exception.get("exception_type"))
    if not kind or kind.lower().startswith(_OF_THE_VERIFIER):
        return trajectory
    verifying = as_dict(trial.get("verifier")).get("started_at")
    if seconds_between(verifying, exception.get("occurred_at")) is not None:
        return trajectory
    ending = read_ending(kind)
    detail = f"{one_line(kind, 80)}: {_shorten(as_text(exception.get('exception_message')))}"
    return trajectory.model_copy(
        update={
            "ending": Ending.CRASHED if ending in (Ending.UNKNOWN, Ending.SUBMITTED) else ending,
            "ending_detail": detail,
        }
    )


def _shorten(message: str) -> str:
    """Begin and end of a long message: of a failed command, the end says why."""
    if len(message) > 20_000:
        message = f"{message[:10_000]} {message[-10_000:]}"
    line = " ".join(message.split())
    return line if len(line) <= 300 else f"{line[:75]} ... {line[-220:]}"


def _read_costs(trial: dict[str, Any], recorded: Recorded) -> dict[str, Any]:
    """Time, tokens and names, where the trial says more than its trajectory."""
    ran = as_dict(trial.get("agent_execution"))
    ended = trial.get("finished_at") or trial.get("ended_at")
    seconds = seconds_between(ran.get("started_at"), ran.get("finished_at"))
    if seconds is None:
        seconds = seconds_between(trial.get("started_at"), ended)
    used, usage = as_dict(trial.get("agent_result")), recorded.usage
    if not usage.tokens and used:
        usage = usage.model_copy(
            update={
                "input_tokens": as_count(used.get("n_input_tokens")),
                "output_tokens": as_count(used.get("n_output_tokens")),
                "cached_tokens": as_count(used.get("n_cache_tokens")),
                "cost_usd": as_amount(used.get("cost_usd")),
            }
        )
    agent = as_dict(trial.get("agent_info"))
    model = as_name(as_dict(agent.get("model_info")).get("name"))
    return {
        "seconds": recorded.seconds if seconds is None else seconds,
        "usage": usage,
        "agent": recorded.agent or as_name(agent.get("name")),
        "model": recorded.model or model,
    }
