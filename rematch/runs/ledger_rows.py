"""A ledger's rows: what is asked and answered, and the SQL that records it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from rematch.data.records import Usage

VERSION = 1
SCHEMA = """
CREATE TABLE calls (
    key BLOB PRIMARY KEY,                -- sha256 of what was asked (runs/keys.py)
    role TEXT NOT NULL,
    model TEXT NOT NULL,                 -- that answered; until then, that was asked
    sample INTEGER,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'lost')),
    reserved REAL NOT NULL DEFAULT 0,           -- dollars held while it is under way
    reserved_calls INTEGER NOT NULL DEFAULT 0,  -- 0 where the request's first row counts it
    reserved_tokens INTEGER NOT NULL DEFAULT 0,
    unsure REAL NOT NULL DEFAULT 0,             -- dollars of failed tries that may be billed
    unsure_calls INTEGER NOT NULL DEFAULT 0,
    unsure_tokens INTEGER NOT NULL DEFAULT 0,
    reply TEXT,                          -- JSON
    calls INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    cost REAL,                           -- dollars, NULL where the price is unknown
    latency REAL,                        -- seconds, pauses between tries included
    attempts INTEGER NOT NULL DEFAULT 0, -- of the last session that asked
    faults TEXT NOT NULL DEFAULT '[]',   -- JSON: what each failed try met
    reason TEXT NOT NULL DEFAULT '',     -- why it is lost
    at REAL NOT NULL                     -- seconds since 1970
)
"""

FIND = """SELECT model, reply, attempts, faults, latency, calls, input_tokens, output_tokens,
    cached_tokens, cost FROM calls WHERE key = ? AND state = 'settled'"""
RESERVE = """INSERT INTO calls (key, role, model, sample, state, reserved, reserved_calls,
    reserved_tokens, at) VALUES (?, ?, ?, ?, 'reserved', ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET state = 'reserved', model = excluded.model, reason = '',
    reserved = excluded.reserved, reserved_calls = excluded.reserved_calls,
    reserved_tokens = excluded.reserved_tokens, at = excluded.at"""
SETTLE = """UPDATE calls SET state = 'settled', reserved = 0, reserved_calls = 0,
    reserved_tokens = 0, model = ?, reply = ?, calls = ?, input_tokens = ?, output_tokens = ?,
    cached_tokens = ?, cost = ?, attempts = ?, faults = ?, latency = ? WHERE key = ?"""
LOSE = """UPDATE calls SET state = 'lost', reserved = 0, reserved_calls = 0,
    reserved_tokens = 0, reason = ?, attempts = ?, faults = ?, latency = ? WHERE key = ?"""
_WRITE_OFF = """UPDATE calls SET unsure = unsure + reserved, reserved = 0,
    unsure_calls = unsure_calls + reserved_calls, reserved_calls = 0,
    unsure_tokens = unsure_tokens + reserved_tokens, reserved_tokens = 0"""
WRITE_OFF = f"{_WRITE_OFF} WHERE key = ?"
ABANDON = f"{_WRITE_OFF}, state = 'lost', reason = 'the process ended' WHERE state = 'reserved'"
TOTALS = """SELECT sum(coalesce(cost, 0) + unsure), sum(calls + unsure_calls),
    sum(input_tokens + output_tokens + unsure_tokens) FROM calls WHERE role LIKE ?"""


@dataclass(frozen=True)
class Amount:
    """Dollars, calls and tokens."""

    dollars: float = 0.0
    calls: int = 0
    tokens: int = 0

    def __str__(self) -> str:
        """Such as `$0.0120, 3 calls, 4,210 tokens`; what is nothing is left out."""
        parts = [f"${self.dollars:.4f}"] if self.dollars else []
        parts += [f"{self.calls:,} calls"] if self.calls else []
        parts += [f"{self.tokens:,} tokens"] if self.tokens else []
        return ", ".join(parts) or "nothing"

    def __add__(self, other: Amount) -> Amount:
        """Sum of both."""
        return Amount(
            self.dollars + other.dollars, self.calls + other.calls, self.tokens + other.tokens
        )

    def __sub__(self, other: Amount) -> Amount:
        """Difference of both."""
        return Amount(
            self.dollars - other.dollars, self.calls - other.calls, self.tokens - other.tokens
        )


@dataclass(frozen=True)
class Asked:
    """A call that is about to be sent, with what is held for it."""

    key: bytes
    role: str
    model: str
    sample: int | None = None
    held: Amount = Amount(calls=1)

    @property
    def row(self) -> tuple[Any, ...]:
        """For `RESERVE`."""
        held = (self.held.dollars, self.held.calls, self.held.tokens)
        return (self.key, self.role, self.model, self.sample, *held, time.time())


@dataclass(frozen=True)
class Tries:
    """How a call went: tries made, what the failed ones met, seconds with all pauses."""

    attempts: int = 1
    faults: tuple[str, ...] = ()
    latency: float = 0.0


@dataclass(frozen=True)
class Answered:
    """A call that was answered: its reply as JSON can hold it, and its price."""

    model: str
    reply: dict[str, Any]
    usage: Usage
    tries: Tries = Tries()

    def row(self, key: bytes) -> tuple[Any, ...]:
        """For `SETTLE`."""
        usage, tries = self.usage, self.tries
        return (
            *(self.model, json.dumps(self.reply), usage.calls, usage.input_tokens),
            *(usage.output_tokens, usage.cached_tokens, usage.cost_usd),
            *(tries.attempts, json.dumps(tries.faults), tries.latency, key),
        )


def read_answered(row: tuple[Any, ...]) -> Answered:
    """What `FIND` found."""
    model, reply, attempts, faults, latency, calls, taken, given, cached, cost = row
    usage = Usage(
        calls=calls,
        input_tokens=taken,
        output_tokens=given,
        cached_tokens=cached,
        cost_usd=cost,
    )
    tries = Tries(attempts, tuple(json.loads(faults)), latency)
    return Answered(model, json.loads(reply), usage, tries)
