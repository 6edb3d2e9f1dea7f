"""The ledger: every model call of ours is recorded once, before its result is used."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rematch.errors import RematchError
from rematch.runs import ledger_rows as rows
from rematch.runs.ledger_rows import Amount, Answered, Asked, Tries

Write = tuple[str, tuple[Any, ...]]


class Ledger:
    """Records calls in one SQLite file (WAL): a killed process loses none that it recorded.

    A call that was under way when its process ended is lost; what was held for it counts as
    spent, for it may have been billed. Safe to share between threads and event loops.

    Args:
        path: the file; None keeps the records in a temporary one, which goes with the ledger.

    Attributes:
        spent: what earlier sessions spent.
        abandoned: how many of their calls never ended.

    Raises:
        RematchError: the file is no ledger of this version.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._queues: dict[asyncio.AbstractEventLoop, _Queue] = {}
        try:
            self._db = _open(path)
            self.abandoned = self._db.execute(rows.ABANDON).rowcount
            self.spent = self._total()
        except sqlite3.Error as error:
            raise RematchError(f"{path}: cannot be used as a ledger ({error})") from error
        weakref.finalize(self, self._db.close)

    def find(self, key: bytes) -> Answered | None:
        """The recorded answer, None where there is none."""
        with self._lock:
            row = self._db.execute(rows.FIND, (key,)).fetchone()
        return None if row is None else rows.read_answered(row)

    async def reserve(self, asked: Iterable[Asked]) -> None:
        """Record calls that are about to be sent."""
        await self._write([(rows.RESERVE, one.row) for one in asked])

    async def write_off(self, keys: Iterable[bytes]) -> None:
        """Record that what was held may have been billed for nothing; nothing is held now."""
        await self._write([(rows.WRITE_OFF, (key,)) for key in keys])

    async def settle(self, answered: Iterable[tuple[bytes, Answered]]) -> None:
        """Record answers; when this returns, they survive the process."""
        await self._write([(rows.SETTLE, one.row(key)) for key, one in answered])

    async def lose(self, keys: Iterable[bytes], reason: str, tries: Tries) -> None:
        """Record calls that came to nothing, and why."""
        told = (reason, tries.attempts, json.dumps(tries.faults), tries.latency)
        await self._write([(rows.LOSE, (*told, key)) for key in keys])

    async def _write(self, writes: Sequence[Write]) -> None:
        """Whatever one turn of the event loop brings is written in one transaction."""
        loop = asyncio.get_running_loop()
        queue = self._queues.get(loop)
        if queue is None:
            kept = {other: q for other, q in self._queues.items() if not other.is_closed()}
            queue = kept[loop] = _Queue(loop.create_future())
            self._queues = kept
        if not queue.writes:
            queue.written = loop.create_future()
            loop.call_soon(self._flush, queue)
        queue.writes += writes
        await asyncio.shield(queue.written)

    def _flush(self, queue: _Queue) -> None:
        writes, queue.writes = queue.writes, []
        written = queue.written
        try:
            self._commit(writes)
        except sqlite3.Error as error:
            written.set_exception(RematchError(f"{self.path}: cannot be written ({error})"))
            written.exception()  # seen: those who wait raise it
        else:
            written.set_result(None)

    def _commit(self, writes: Iterable[Write]) -> None:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for statement, values in writes:
                    self._db.execute(statement, values)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _total(self, role: str = "%") -> Amount:
        dollars, calls, tokens = self._db.execute(rows.TOTALS, (role,)).fetchone()
        return Amount(dollars or 0.0, calls or 0, tokens or 0)

    def spent_by(self, role: str) -> Amount:
        """What a role has spent so far, in all sessions."""
        with self._lock:
            return self._total(role)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query, for reports."""
        with self._lock:
            return self._db.execute(sql).fetchall()

    def close(self) -> None:
        """Close the file; nothing is written later."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._db.close()


@dataclass
class _Queue:
    """What one turn of an event loop writes."""

    written: asyncio.Future[None]
    writes: list[Write] = field(default_factory=list)


def _open(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(
        str(path or ""), isolation_level=None, check_same_thread=False, timeout=10
    )
    try:
        _prepare(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path | None) -> None:
    # NORMAL: each commit reaches the kernel, so a killed process loses nothing; the disk is
    # waited for at checkpoints only.
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    found = database.execute("PRAGMA user_version").fetchone()[0]
    if found == 0:
        database.executescript(f"BEGIN; {rows.SCHEMA}; PRAGMA user_version = {rows.VERSION}; END")
    elif found != rows.VERSION:
        known = rows.VERSION
        raise RematchError(f"{path}: is a ledger of version {found}, this Rematch reads {known}")
