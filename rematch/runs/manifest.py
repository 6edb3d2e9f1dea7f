"""What a run was asked: kept beside its results, so that a folder continues only its own run."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import Field

from rematch.data.records import StoredRecord
from rematch.errors import UsageError
from rematch.runs.folder import RunFolder, read_record, write_record
from rematch.runs.lock import NAME, FolderLock

_WATCHED = ("rematch-agents", "dspy", "litellm", "mini-swe-agent", "harbor")


class Manifest(StoredRecord):
    """`run.json`: suite, configuration with every default resolved, and versions.

    `config` holds what changes results; where and how many jobs run at once does not. `source` is
    where the suite was found, for those who grade later; it changes nothing.
    """

    suite: str
    source: str = ""
    agent: str
    config: dict[str, Any]
    versions: dict[str, str] = Field(default_factory=dict)

    @property
    def digest(self) -> str:
        """A short hash of all that changes results."""
        asked = [self.suite, self.agent, self.config]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:8]


def read_versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    found = {"python": platform.python_version()}
    for name in _WATCHED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def describe_paths(paths: Iterable[Path]) -> str:
    """What identifies recorded rollouts by where they are read from, in whatever order."""
    return " ".join(sorted(str(path.resolve()) for path in paths))


def default_folder(manifest: Manifest) -> Path:
    """Where a run goes when nothing is said: the same question, the same folder."""
    suite = Path(manifest.suite).name
    return Path("runs") / f"{suite}-{manifest.agent}-{manifest.digest}"


def open_folder(path: Path, manifest: Manifest, *, redo: bool = False) -> RunFolder:
    """The folder for a run, new or continued; `redo` forgets what it holds of the run.

    Raises:
        UsageError: the folder holds a run of another configuration, or something else, or
            another process works in it.
    """
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path}: is no folder; choose another with -o")
    holds_run = RunFolder(path).manifest.is_file()
    if path.is_dir() and not holds_run and _holds_anything(path):
        raise UsageError(f"{path}: is not empty and holds no run; choose another with -o")
    folder = RunFolder(path, FolderLock(path))
    kept = read_record(folder.manifest, Manifest)
    if kept is None:
        write_record(folder.manifest, manifest)
    elif kept.digest != manifest.digest:
        folder.close()
        changes = _tell(list(_differences(kept, manifest))) or "written by another version"
        raise UsageError(
            f"{path}: holds a run of another configuration ({changes}); choose another with -o"
        )
    elif redo:
        shutil.rmtree(path / "tasks", ignore_errors=True)
        for file in path.glob(f"{folder.ledger.name}*"):  # with its -wal and -shm
            file.unlink()
    return folder


def _holds_anything(folder: Path) -> bool:
    try:
        return any(entry.name != NAME for entry in folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read ({error.strerror})") from error


def _tell(changes: list[str]) -> str:
    """The first changes; more than three tell nothing in one line."""
    more = len(changes) - 3
    return "; ".join(changes[:3]) + (f"; and {more} more" if more > 0 else "")


def _differences(kept: Manifest, asked: Manifest) -> Iterator[str]:
    aside = {"versions", "source"}
    yield from _compare(kept.model_dump(exclude=aside), asked.model_dump(exclude=aside), "")


def _compare(theirs: Mapping[str, Any], ours: Mapping[str, Any], above: str) -> Iterator[str]:
    for key in sorted({*theirs, *ours}):
        old, new = theirs.get(key), ours.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            settings = key == "config" and not above  # told as they are typed, without it
            yield from _compare(old, new, "" if settings else f"{above}{key}.")
        elif old != new:
            yield f"{above}{key}: {_shorten(old)} there, {_shorten(new)} now"


def _shorten(value: Any) -> str:
    """A value in a few words; of a role's settings, the model."""
    if isinstance(value, Mapping):
        return str(value.get("model", "set"))
    return str(value)
