"""A key of the environment stands in no file and no line, even where a provider quotes it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from rematch.testing import ChatRequest, Endpoint, Fault
from tests.app.recordings import write_pool
from tests.cli.running import Done, start_rematch

KEY = "sk-canary-9876543210"


class Quoting:
    """Answers every fifth request with an error that quotes the key."""

    role = "any"

    def matches(self, request: ChatRequest) -> bool:
        if request.number % 5 == 3:
            raise ValueError(f"Incorrect key: {request.headers['authorization']}")
        return False

    def reply(self, request: ChatRequest, rng: random.Random) -> str | Mapping[str, object]:
        raise NotImplementedError


def run(endpoint: Endpoint, tmp_path: Path, name: str, *options: str) -> Done:
    process = start_rematch(
        *options,
        *("select", tmp_path / "pool", "--model", f"openai/{name}", "-o", tmp_path / name),
        *("--api-base", endpoint.url, "-c", "models.judge.attempts=2", "-v", "4"),
        *("-c", "models.judge.first_pause=0.01", "-c", "models.summarizer.first_pause=0.01"),
        OPENAI_API_KEY=KEY,
        PYTHONWARNINGS="ignore",
    )
    out, err = process.communicate(timeout=120)
    return Done(process.returncode, out, err)


def find_key(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()]


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--debug",)], ids=["plain", "debug"])
def test_a_key_that_is_quoted_shows_nowhere(tmp_path: Path, options: tuple[str, ...]) -> None:
    write_pool(tmp_path / "pool", attempts=4)
    faults = {Fault.SERVER_ERROR: 0.1, Fault.RATE_LIMIT: 0.1, Fault.TRUNCATE: 0.05}
    with Endpoint(Quoting(), faults=faults, strict=False) as endpoint:
        done = run(endpoint, tmp_path, "quoted", *options)
        assert endpoint.misunderstood, "the key was quoted"
    assert done.code == 0, done.err
    assert find_key(tmp_path) == []
    assert "[OPENAI_API_KEY]" in (tmp_path / "quoted" / "picks.json").read_text() + done.out
    assert KEY not in done.out + done.err


@pytest.mark.slow
def test_the_traceback_of_a_refusal_does_not_tell_the_key(tmp_path: Path) -> None:
    write_pool(tmp_path / "pool", tasks=1)

    class Refusing(Quoting):
        def matches(self, request: ChatRequest) -> bool:
            raise ValueError(f"Incorrect key: {request.headers['authorization']}")

    with Endpoint(Refusing(), strict=False) as endpoint:
        done = run(endpoint, tmp_path, "refused", "--debug")
    assert KEY not in done.out + done.err
    assert find_key(tmp_path) == []
