"""`rematch select` with every role on the scripted endpoint: the endpoint's log is the witness."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rematch.testing import Call, ChatRequest, Endpoint, Fault, Judge
from tests.app.recordings import atif, make_patch, make_turns, mini_swe, write, write_pool
from tests.cli.running import Done, rematch, start_rematch

KEY = "sk-canary-0123456789"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def select(endpoint: Endpoint, name: str, *words: str | Path) -> Done:
    """Select with a summarizer and a judge of their own names."""
    return rematch(
        *("select", *words, "--api-base", endpoint.url),
        *("--summarizer-model", f"openai/{name}-writes", "--judge-model", f"openai/{name}-votes"),
    )


def calls_of(endpoint: Endpoint, name: str) -> dict[str, list[Call]]:
    return {
        "summarizer": endpoint.calls(model=f"{name}-writes"),
        "judge": endpoint.calls(model=f"{name}-votes"),
    }


def assert_costs_add_up(document: dict[str, Any], calls: dict[str, list[Call]]) -> None:
    """The cost table, and the votes and summaries that it sums, equal the endpoint's log."""
    for role, made in calls.items():
        told = document["usage"][role]
        assert told["calls"] == len(made)
        assert told["input_tokens"] == sum(call.usage.input_tokens for call in made)
        assert told["output_tokens"] == sum(call.usage.output_tokens for call in made)
    votes = [
        vote
        for task in document["tasks"].values()
        for round_ in task["bracket"]["rounds"]
        for match in round_["matches"]
        for vote in match["votes"]
    ]
    assert sum(vote["usage"]["calls"] for vote in votes) == len(calls["judge"])


def test_each_role_asks_its_own_model_and_the_costs_add_up(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    pool = write_pool(tmp_path / "pool")
    done = select(endpoint, "roles", pool, "--json")
    calls = calls_of(endpoint, "roles")
    assert (done.code, done.err) == (0, "")
    for role, made in calls.items():
        assert {call.role for call in made} == {role}
    assert len(calls["summarizer"]) == 6
    assert_costs_add_up(done.document, calls)


def test_judges_verdict_decides(endpoint: Endpoint, tmp_path: Path) -> None:
    """The endpoint's judge goes by the quality that the attempts show: the last is best."""
    pool = write_pool(tmp_path / "pool", attempts=5)
    tasks = select(endpoint, "verdict", pool, "--json").document["tasks"]
    assert [task["pick"]["rollout_id"][-1] for task in tasks.values()] == ["4", "4"]
    for task in tasks.values():
        assert "is preferred at" in task["pick"]["reasons"]


def test_votes_reasons_and_costs_are_printed(endpoint: Endpoint, tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool", tasks=1, attempts=2)
    out = select(endpoint, "printed", pool, "-v", "3").out
    assert "attempt1 beats attempt0  2-0, decided early" in out
    assert out.count("] -> attempt1 (0.75): Candidate ") == 2
    calls = calls_of(endpoint, "printed")
    rows = {line.split()[0]: line for line in out.splitlines() if " calls, " in line}
    assert rows["summarizer"].split()[1:3] == ["2", "calls,"]
    assert rows["judge"].split()[1:3] == [str(len(calls["judge"])), "calls,"]
    assert "price unknown" in rows["all"]


def test_dry_run_is_an_upper_bound_that_is_reached(endpoint: Endpoint, tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool", attempts=5)
    for name, options, reached in (
        ("bound", ["-c", "rtv.early_stop=false"], True),
        ("early", [], False),
        ("groups", ["-g", "3", "-c", "rtv.early_stop=false"], True),
    ):
        most = select(endpoint, name, pool, "--dry-run", "--json", *options).document["calls"]
        assert calls_of(endpoint, name) == {"summarizer": [], "judge": []}
        select(endpoint, name, pool, *options)
        made = {role: len(calls) for role, calls in calls_of(endpoint, name).items()}
        assert made["summarizer"] == most["summarizer"] == 10
        assert made["judge"] <= most["judge"]
        assert (made["judge"] == most["judge"]) == reached


def test_key_is_sent_and_stands_nowhere_else(endpoint: Endpoint, tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool")
    done = select(endpoint, "key", pool, "-o", "out")
    failed = _select_with_fault(Fault.EXPIRED_KEY, pool, "-o", "failed")
    assert len({call.key_hash for call in calls_of(endpoint, "key")["judge"]}) == 1
    written = [p for name in ("out", "failed") for p in Path(name).rglob("*") if p.is_file()]
    assert len(written) > 20
    assert [path for path in written if KEY.encode() in path.read_bytes()] == []
    assert KEY not in done.out + done.err + failed.out + failed.err


def _select_with_fault(fault: Fault, *words: str | Path) -> Done:
    with Endpoint(faults=lambda request, _: fault) as failing:
        return select(failing, "fault", *words)


@pytest.mark.parametrize("fault", [Fault.EXPIRED_KEY, Fault.NO_MONEY, Fault.UNKNOWN_MODEL])
def test_provider_that_refuses_ends_the_command_in_one_line(tmp_path: Path, fault: Fault) -> None:
    done = _select_with_fault(fault, write_pool(tmp_path / "pool"))
    assert (done.code, done.out) == (1, "")
    assert done.error


def test_model_without_a_key_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    done = rematch("select", write_pool(tmp_path / "pool"), "--model", "openai/gpt-5-mini")
    assert (done.code, done.out) in [(1, ""), (2, "")]
    assert "OPENAI_API_KEY" in done.error and "gpt-5-mini" in done.error


def test_nothing_but_the_endpoint_is_asked(
    endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No price list or telemetry: a proxy that no request may reach is the witness."""
    pool = write_pool(tmp_path / "pool", tasks=1, attempts=2)
    monkeypatch.delenv("LITELLM_LOCAL_MODEL_COST_MAP", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        variables = {name: address for name in (*names, *map(str.lower, names))}
        local = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        process = start_rematch(
            *("select", pool, "--model", "openai/alone", "--api-base", endpoint.url),
            **variables,
            **local,
        )
        _, err = process.communicate(timeout=60)
        assert (process.returncode, "WARNING" in err) == (0, False), err
        with pytest.raises(BlockingIOError):
            proxy.accept()
    assert len(endpoint.calls(model="alone")) > 2


def test_unreadable_summaries_come_from_evidence_and_unreadable_votes_are_none(
    tmp_path: Path,
) -> None:
    pool = write_pool(tmp_path / "pool", tasks=1, attempts=2)
    with Endpoint(faults=lambda request, _: Fault.MALFORMED) as endpoint:
        done = select(endpoint, "unreadable", pool, "--json", "-v", "2")
        made = {role: len(calls) for role, calls in calls_of(endpoint, "unreadable").items()}
    assert done.code == 0
    (task,) = done.document["tasks"].values()
    (match,) = task["bracket"]["rounds"][0]["matches"]
    assert [vote["winner"] for vote in match["votes"]] == [None, None]
    assert (match["decided_by"], match["problem"]) == ("no-vote", "unreadable reply")
    assert made == {"summarizer": 4, "judge": 4}, "each is asked twice"
    assert {role: told["calls"] for role, told in done.document["usage"].items()} == made


def test_a_match_without_any_vote_is_told_at_once_and_at_the_end(tmp_path: Path) -> None:
    """It is settled as a tie is, and the bracket goes on; but nobody takes it for the judge's."""
    pool = write_pool(tmp_path / "pool", tasks=2, attempts=2)

    def fail(request: ChatRequest, _: Random) -> Fault | None:
        is_theirs = request.role == "judge" and "Make part 1 work" in request.text
        return Fault.MALFORMED if is_theirs else None

    with Endpoint(faults=fail) as endpoint:
        done = select(endpoint, "silent", pool, "-v", "2", "-o", tmp_path / "out")
        again = select(endpoint, "silent", pool, "-v", "2", "-o", tmp_path / "out", "--json")
    assert done.code == 0
    one = "no vote came in 1 of {} matches, which the rule for ties settled; mostly: unreadable"
    lines = {line[6:]: line for line in done.err.splitlines() if line.startswith("[")}
    told = {line.partition(":")[0]: line for line in lines}
    assert one.format(1) in told["org__repo-1"]
    assert "no vote" not in told["org__repo-0"]
    assert f"note: {one.format(2)} reply" in done.err.splitlines()
    assert "no vote came (unreadable reply), settled by" in done.out
    assert again.document["notes"] == [f"{one.format(2)} reply"], "what is kept says it still"


def test_slot_bias_cancels(tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool", tasks=1, attempts=2)
    with Endpoint(judge=Judge(slot_bias=1.0)) as endpoint:
        task = select(endpoint, "bias", pool, "--json").document["tasks"]["org__repo-0"]
    (match,) = task["bracket"]["rounds"][0]["matches"]
    winners = Counter(vote["winner"] for vote in match["votes"])
    assert match["decided_by"] == "tie" and abs(winners[0] - winners[1]) <= 1


def _name_mini_swe(attempt: int, canary: str) -> dict[str, Any]:
    document = mini_swe(
        make_turns(4 + attempt),
        task="org__repo-0",
        patch=make_patch(f"fix {attempt}"),
        model=f"{canary}/{canary}-{attempt}",
        timestamp=1_000_000_000.0 + len(canary) * 100_000,
    )
    document["info"]["mini_version"] = canary
    document["info"]["config"]["agent"] = {"agent_class": canary}
    document["info"]["resolved"] = canary
    document["reward"] = document["label"] = canary
    return document


def _name_atif(attempt: int, canary: str) -> dict[str, Any]:
    day = f"20{len(canary):02d}-01-01"
    document = atif(make_turns(4 + attempt), agent=canary, model=canary, day=day)
    for step in document["steps"]:
        step["extra"] = {"provider_id": canary, "reward": canary}
    document["notes"] = document["reward"] = canary
    return document


@pytest.mark.parametrize("make", [_name_mini_swe, _name_atif])
def test_names_times_and_labels_change_no_prompt(
    endpoint: Endpoint, tmp_path: Path, make: Callable[[int, str], dict[str, Any]]
) -> None:
    """The same attempts, other names of files, models, agents and runs, at other times."""
    prompts = []
    for canary in ("plain", "CANARYmodel9"):
        name = f"{make.__name__}-{canary}"
        for attempt in range(3):
            file = tmp_path / canary / f"{attempt}-{canary}" / "task" / f"{attempt}.{canary}.json"
            write(file, make(attempt, canary))
        words = ("-c", "rtv.early_stop=false", "-v", "2")
        done = select(endpoint, name, tmp_path / canary, *words)
        assert done.code == 0, done.err
        calls = [call for made in calls_of(endpoint, name).values() for call in made]
        texts = [tuple(message.text for message in call.messages) for call in calls]
        prompts.append(Counter(texts))
        assert "canary" not in repr(texts).lower()
    assert prompts[0] == prompts[1]
    assert sum(prompts[0].values()) == 3 + 2 * 2
