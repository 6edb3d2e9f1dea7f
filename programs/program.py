"""What every program has: async first, one sync door, and JSON files that fit the code."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import json
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import dspy

from rematch.errors import ProgramFileError

T = TypeVar("T")
FORMAT = "rematch-program"
VERSION = 1


def run_sync(job: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also from inside a running loop (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(job)
    context = contextvars.copy_context()
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(context.run, asyncio.run, job).result()


def signature_hash(signature: type[dspy.Signature]) -> str:
    """A hash of the fields' names, directions and types; instructions may be tuned freely."""
    fields = [
        [name, direction, str(field.annotation)]
        for direction, group in (
            ("in", signature.input_fields),
            ("out", signature.output_fields),
        )
        for name, field in group.items()
    ]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()[:16]


class Program(dspy.Module):
    """Base of Rematch's programs. Subclasses write `aforward`."""

    def forward(self, **inputs: Any) -> Any:
        """The sync door, which DSPy's optimizers use."""
        job: Coroutine[Any, Any, Any] = self.aforward(**inputs)
        return run_sync(job)

    def _signatures(self) -> dict[str, str]:
        return {name: signature_hash(p.signature) for name, p in self.named_predictors()}

    def save(self, path: str | Path) -> None:
        """Write prompts and demonstrations as JSON; models and keys stay out."""
        document = {
            "format": FORMAT,
            "version": VERSION,
            "program": type(self).__name__,
            "signatures": self._signatures(),
            "state": self.dump_state(),
        }
        text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    def load(self, path: str | Path) -> None:
        """Load what `save` wrote.

        Raises:
            ProgramFileError: the file is of another format, program or signature.
        """
        document = _read(Path(path))
        theirs, ours = document.get("signatures", {}), self._signatures()
        changed = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
        if changed:
            raise ProgramFileError(
                f"{path}: was saved for other signatures ({', '.join(changed)}): "
                "tune again with this version"
            )
        self.load_state(document["state"])


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProgramFileError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ProgramFileError(f"{path}: is not JSON ({error})") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ProgramFileError(f"{path}: is not a program saved by Rematch")
    if document.get("version", 0) > VERSION:
        raise ProgramFileError(f"{path}: was saved by a newer Rematch: update rematch-agents")
    return document
