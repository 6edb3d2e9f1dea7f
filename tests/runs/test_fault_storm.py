"""Ten thousand votes in a storm of faults: each counts once or is lost with its reason."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from rematch.data.records import Vote
from rematch.errors import ContextOverflowError
from rematch.testing import Endpoint, Fault
from tests.runs.calling import cast, make_judge, open_calls, read_rows

VOTES = 10_000
ATTEMPTS = 4
FAULTS = {
    Fault.RATE_LIMIT: 0.05,
    Fault.RATE_LIMIT_RETRY_AFTER: 0.03,
    Fault.SERVER_ERROR: 0.05,
    Fault.BAD_GATEWAY: 0.05,
    Fault.DROP: 0.03,
    Fault.TRUNCATE: 0.03,
    Fault.EMPTY: 0.02,
    Fault.MALFORMED: 0.02,
    Fault.CONTENT_FILTER: 0.01,
    Fault.OVERFLOW: 0.008,
    Fault.HANG: 0.002,
}
READABLE = {"", Fault.EMPTY, Fault.MALFORMED, Fault.CONTENT_FILTER}
"""What the engine gets as a reply; whether it is a vote is for the judge to say."""


@pytest.mark.slow
def test_every_vote_counts_once_or_is_lost_with_its_reason(tmp_path: Path) -> None:
    calls = open_calls(tmp_path / "ledger.sqlite")
    with Endpoint(seed=5, faults=FAULTS, retry_after=0.01, keep_messages=False) as endpoint:
        judge = make_judge(endpoint, calls, attempts=ATTEMPTS, timeout=10)
        results = cast(judge, range(VOTES))
        log = list(endpoint.log)
    rows = read_rows(tmp_path / "ledger.sqlite")
    votes = [result for result in results if isinstance(result, Vote)]
    errors = [result for result in results if not isinstance(result, Vote)]
    assert len(results) == VOTES
    assert {type(error) for error in errors} <= {ContextOverflowError}
    order = [result.sample for result in results if isinstance(result, Vote)]
    asked = [number % 500 for number, result in enumerate(results) if isinstance(result, Vote)]
    assert order == asked, "each vote is its own"
    unvoted = [vote for vote in votes if vote.winner is None]
    assert all(vote.reasons.startswith("no vote: ") for vote in unvoted)
    assert 0 < len(unvoted) + len(errors) < VOTES // 20, "retries save nearly all"
    # None is invented: an answer is recorded once, and was really given.
    settled = [row for row in rows if row["state"] == "settled"]
    lost = [row for row in rows if row["state"] == "lost"]
    given = sum(call.fault in READABLE and call.status == 200 for call in log)
    assert len(settled) + len(lost) == len(rows)
    assert len(settled) == given
    assert sum(row["calls"] for row in settled) == len(settled)
    assert sum(vote.winner is not None for vote in votes) <= len(settled)
    assert all(row["reason"] for row in lost)
    # Within their bound, and every fault is told.
    assert max(row["attempts"] for row in rows) <= ATTEMPTS
    assert sum(row["attempts"] for row in rows) == len(log)
    told = Counter(kind for row in rows for kind in json.loads(row["faults"]))
    met = Counter(call.fault for call in log if call.fault not in READABLE)
    assert sum(told.values()) == sum(met.values())
    retried = Counter[str]()
    for event, number in calls.events().items():
        retried[event.outcome] += number
    assert retried["retried"] + retried["lost"] == sum(told.values())
    assert retried["lost"] == len(lost)
    calls.close()
