"""The index of a pool: what each file holds and where, without the rollouts themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rematch.data.formats import Format, open_documents, read_again
from rematch.data.formats.recorded import Recorded
from rematch.data.formats.source import Document
from rematch.data.naming import GroupBy, check_name, file_stem, task_key
from rematch.data.records import ResultKind, Rollout
from rematch.errors import InputError

KEPT_CHARACTERS = 1 << 16
"""An attempt without steps and with a patch up to this size is kept, not read again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one attempt stands, and what a pool needs to know of it.

    `nth` counts the attempts of one document. `patch_hash` is "" where no patch is recorded.
    `kept` is the attempt itself where it is only a small patch. `richness` is 2 with steps, 1 for a
    patch by itself, 0 for a prediction in a list.
    """

    path: Path
    format: Format
    task_id: str
    offset: int | None
    nth: int
    name: str
    problem: str
    patch_hash: str
    asks_for: ResultKind
    richness: int
    kept: Recorded | None
    id: str = ""

    def read(self) -> Rollout:
        """The rollout, from its file.

        Raises:
            InputError: The file is no longer what it was.
        """
        recorded = self.kept
        if recorded is None:
            try:
                document = read_again(self.path, self.format, self.offset)
                recorded = list(self.format.read(document))[self.nth]
            except (InputError, LookupError) as error:
                raise InputError(f"{self.path}: changed since it was indexed ({error})") from None
        return recorded.to_rollout(self.id, self.task_id, self.path.as_posix(), self.format.name)


def index_file(path: Path, group_by: GroupBy, reasons: list[str]) -> Iterator[Entry]:
    """Yields an entry per attempt of a file; adds a reason for each that is not usable."""
    names: set[str] = set()
    try:
        for format, document in open_documents(path):
            where = "" if document.offset is None else f"line {document.line}: "
            try:
                for entry in _index_document(path, format, document, group_by):
                    if entry.name in names:
                        reasons.append(
                            f"{where}holds a second rollout {entry.name or path.name!r}; "
                            "put each attempt in a file of its own"
                        )
                        continue
                    names.add(entry.name)
                    yield entry
            except InputError as error:
                reasons.append(f"{where}{error}")
    except InputError as error:
        reasons.append(str(error))
    except Exception as error:  # noqa: BLE001 - one bad file never stops the rest
        reasons.append(f"cannot be read ({type(error).__name__}: {error}); please report it")


def _index_document(
    path: Path, format: Format | None, document: Document, group_by: GroupBy
) -> Iterator[Entry]:
    if document.error:
        raise InputError(document.error)
    if format is None:
        raise InputError("is in no known format; see docs/formats.md for what is read")
    for nth, recorded in enumerate(format.read(document.value)):
        patch, steps = recorded.patch, recorded.trajectory.steps
        name = "" if recorded.name == file_stem(path) else recorded.name
        yield Entry(
            path=path,
            format=format,
            task_id=task_key(path, recorded.instance, group_by),
            offset=document.offset,
            nth=nth,
            name=check_name(name) if name else "",
            problem=recorded.problem,
            patch_hash="" if patch is None else hashlib.blake2b(patch.strip().encode()).hexdigest(),
            asks_for=recorded.asks_for,
            richness=2 if steps else int(format.name == "patch"),
            kept=recorded if not steps and len(patch or "") <= KEPT_CHARACTERS else None,
        )
