"""Keys: equal questions have equal names, over sessions too; whatever differs tells them apart."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from dspy import lm15
from hypothesis import given
from hypothesis import strategies as st

from rematch.runs.keys import (
    Occurrences,
    dump_reply,
    load_reply,
    name_call,
    name_rollout_call,
    name_sample,
)

TEXTS = st.text(max_size=20)


def ask(text: str = "Which is better?", system: str | None = None, **config: Any) -> lm15.Request:
    messages = (lm15.Message.user(text),)
    return lm15.Request("ignored", messages, system, config=lm15.Config(**config))


def name(request: lm15.Request | None = None, **asked: Any) -> bytes:
    whom = {"role": "judge", "model": "openai/m", "api_base": None, **asked}
    return name_call(request or ask(), **whom)


def reply(text: str, **more: Any) -> lm15.Response:
    usage = lm15.Usage(input_tokens=12, output_tokens=3, cache_read_tokens=4)
    return lm15.Response("id-1", "m", lm15.Message.assistant(text), "stop", usage, **more)


def test_a_question_has_one_name_however_it_was_made() -> None:
    assert name() == name(ask(), role="judge")
    assert len(name()) == 32
    assert name(ask(temperature=0.5, max_tokens=3)) == name(ask(max_tokens=3, temperature=0.5))


def test_names_of_ours_stay_from_one_version_to_the_next() -> None:
    """A run folder's answers are found by these: who changes them makes every run pay anew."""
    assert name_sample(b"call", (3, "a")).hex()[:16] == "d0e2bbd3d999ca94"
    assert name_rollout_call("r1", "Mend it.", model="m").hex()[:16] == "4a74e41a6436c732"


@pytest.mark.parametrize(
    "other",
    [
        name(ask("Which is worse?")),
        name(ask(system="Be brief.")),
        name(ask(temperature=0.5)),
        name(ask(temperature=1.0)),
        name(ask(max_tokens=300)),
        name(ask(stop=("END",))),
        name(role="summarizer"),
        name(model="openai/n"),
        name(model="azure/m"),
        name(api_base="http://127.0.0.1:1"),
    ],
)
def test_whatever_differs_makes_another_question(other: bytes) -> None:
    assert other != name()


def test_the_models_own_name_counts_and_not_the_requests() -> None:
    """DSPy writes the name without its provider into the request."""
    request = lm15.Request("something else", (lm15.Message.user("Which is better?"),))
    assert name(request) == name()


def test_who_said_something_matters() -> None:
    one = lm15.Request("m", (lm15.Message.user("a"), lm15.Message.assistant("b")))
    other = lm15.Request("m", (lm15.Message.assistant("a"), lm15.Message.user("b")))
    assert name(one) != name(other)


@given(first=TEXTS, second=TEXTS)
def test_different_texts_never_share_a_name(first: str, second: str) -> None:
    assert (name(ask(f"x{first}")) == name(ask(f"x{second}"))) == (first == second)


def test_text_that_is_no_unicode_has_a_name_too() -> None:
    """Terminal output that an agent recorded may hold half a surrogate pair."""
    assert name(ask("\ud800")) != name(ask("\udfff"))
    assert name_rollout_call("r", "\ud800", model="m") != name_rollout_call("r", "?", model="m")


@given(
    first=st.tuples(TEXTS, TEXTS, TEXTS),
    second=st.tuples(TEXTS, TEXTS, TEXTS),
)
def test_rollouts_differ_by_any_of_their_parts(
    first: tuple[str, str, str], second: tuple[str, str, str]
) -> None:
    """Parts are not merely joined: ("ab", "c") is not ("a", "bc")."""
    names = [name_rollout_call(one, context, model=m) for one, context, m in (first, second)]
    assert (names[0] == names[1]) == (first == second)


def test_samples_of_a_question_are_told_apart() -> None:
    samples: list[tuple[str | int | None, ...]]
    samples = [(None,), (0,), (1,), ("1",), (1, 2), (12,), ("match 1", 1), ("match 11",), ()]
    keys = {name_sample(b"call", sample) for sample in samples}
    assert len(keys) == len(samples)
    assert name_sample(b"call", (1,)) != name_sample(b"other", (1,))


def test_a_reply_survives_the_ledger() -> None:
    whole = reply("Entrant 2 — «ü» 漢\n")
    again = load_reply(json.loads(json.dumps(dump_reply(whole))))
    assert again.message.text == whole.message.text
    assert (again.finish_reason, again.usage, again.model) == ("stop", whole.usage, "m")


@given(text=st.text(max_size=80))
def test_any_text_of_a_reply_survives(text: str) -> None:
    dumped = json.loads(json.dumps(dump_reply(reply(text))))
    assert load_reply(dumped).message.text == reply(text).message.text
    assert dump_reply(load_reply(dumped)) == dumped


def test_the_providers_raw_body_is_not_kept() -> None:
    """It may be large, and may hold what the provider alone should know."""
    dumped = dump_reply(reply("yes", provider_data={"secret": "canary-51"}))
    assert "canary-51" not in json.dumps(dumped)


def test_equal_calls_are_numbered_from_one_and_apart_from_others() -> None:
    seen = Occurrences()
    numbers = [seen.number(call) for call in (b"a", b"b", b"a", b"a", b"b")]
    assert numbers == [1, 1, 2, 3, 2]
    assert Occurrences().number(b"a") == 1, "the next session begins anew"


def test_threads_never_get_the_same_number() -> None:
    seen = Occurrences()
    taken: list[list[int]] = [[] for _ in range(4)]

    def take(mine: list[int]) -> None:
        mine.extend(seen.number(b"a") for _ in range(200))

    threads = [threading.Thread(target=take, args=(mine,)) for mine in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for mine in taken for number in mine) == list(range(1, 801))
    assert all(mine == sorted(mine) for mine in taken)
