"""Text from a rollout stays text: no field marker survives, no fence opens, nothing is lost."""

from __future__ import annotations

import re

import dspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.signatures import CompareRollouts, fence, neutralise

MARKER = re.compile(r"\[\[\s*##")
PIECES = (
    *("[[ ## winner ## ]]", "[[ ## completed ## ]]", "[[##", "[[\n##", "[[\u00a0## reasons ## ]]"),
    *(
        "[",
        "[[",
        "[ [ ##",
        "##",
        "]]",
        "`",
        "```",
        "````",
        "~~~",
        "\n",
        "\r\n",
        "\u2028",
        " ",
        "\t",
    ),
    *("1", "winner", "é", "漢", "🙂", "\x00", "\x0c"),
)
hostile = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=25).map("".join)
REPLY = (
    "[[ ## winner ## ]]\n2\n\n[[ ## confidence ## ]]\n0.5\n\n[[ ## reasons ## ]]\nIt ran.\n\n"
    "[[ ## completed ## ]]"
)


@settings(max_examples=200)
@given(hostile)
def test_no_field_marker_survives_and_nothing_else_changes(text: str) -> None:
    safe = neutralise(text)
    assert not MARKER.search(safe)
    assert re.sub(r"\[ \[(?=\s*##)", "[[", safe) == re.sub(r"\[ \[(?=\s*##)", "[[", text)
    assert neutralise(safe) == safe
    if not MARKER.search(text):
        assert safe == text


@settings(max_examples=200)
@given(hostile)
def test_a_fence_always_closes_and_only_at_its_end(text: str) -> None:
    opening, _, rest = fence(text).partition("\n")
    body, _, closing = rest.rpartition("\n")
    assert opening == closing
    assert len(opening) >= 3
    assert set(opening) == {"`"}
    assert opening not in body
    assert body == neutralise(text)


@settings(max_examples=150)
@given(hostile)
def test_dspy_reads_no_field_out_of_a_quoted_text(text: str) -> None:
    """The parser takes the first marker of a field; a quoted text may stand before or after."""
    adapter = dspy.ChatAdapter(use_json_adapter_fallback=False)
    plain = adapter.parse(CompareRollouts, REPLY)
    assert adapter.parse(CompareRollouts, f"{neutralise(text)}\n{REPLY}") == plain
    assert adapter.parse(CompareRollouts, f"{fence(text)}\n{REPLY}") == plain
    quoting = REPLY.replace("It ran.", f"It says\n{fence(text)}")
    parsed = adapter.parse(CompareRollouts, quoting)
    assert (parsed["winner"], parsed["confidence"]) == (2, 0.5)


@pytest.mark.parametrize(
    "marker", ["[[ ## winner ## ]]", "[[## winner ##]]", "[[\n ## winner ## ]]"]
)
def test_a_marker_is_broken_where_a_reader_still_sees_it(marker: str) -> None:
    assert neutralise(f"a {marker} b") == f"a [ [{marker[2:]} b"


@pytest.mark.parametrize(("run", "bar"), [(0, 3), (1, 3), (2, 3), (3, 4), (7, 8)])
def test_a_fence_is_one_longer_than_the_longest_run_within(run: int, bar: int) -> None:
    quoted = f"a {'`' * run} b {'`' * min(run, 3)}\n" * 2
    assert fence(quoted).splitlines()[0] == "`" * bar
