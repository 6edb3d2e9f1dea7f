"""The small readers: none raises, whatever the JSON holds, and each reads what there is."""

from __future__ import annotations

import math
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.formats import parts
from rematch.data.formats.endings import read_ending
from rematch.data.formats.observations import Observation, read_observation, read_result
from rematch.data.formats.recorded import MAX_STEPS, make_trajectory, one_line
from rematch.data.records import Ending, Usage
from rematch.errors import InputError

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        [10**400, -(10**400), sys.float_info.max, "--5", "-", "²", "12", " -3 ", "1e3"]
    )
    | st.text(max_size=8)
)
KEYS = st.sampled_from(["text", "content", "type", "command", "code", "usage", "returncode", "x"])
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


@given(ANY, ANY)
def test_nothing_raises(value: Any, other: Any) -> None:
    assert isinstance(parts.as_text(value), str)
    assert isinstance(parts.as_name(value), str)
    assert isinstance(parts.as_dict(value), dict)
    assert isinstance(parts.as_list(value), list)
    assert parts.as_count(value) >= 0
    amount = parts.as_amount(value)
    assert amount is None or (math.isfinite(amount) and amount >= 0)
    code = parts.as_exit_code(value)
    assert code is None or type(code) is int
    assert isinstance(parts.to_json_text(value), str)
    assert isinstance(parts.command_text("bash", value), str)
    seconds = parts.seconds_between(value, other)
    assert seconds is None or seconds >= 0
    assert parts.span_seconds([value, other, None]) == parts.span_seconds([value, other])
    assert isinstance(parts.chat_usage([value, {"usage": other}]), Usage)
    assert isinstance(read_observation(value), Observation)
    assert isinstance(read_result({"returncode": value, "output": other}), Observation)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ({"text": "a"}, "a"),
        ({"content": [{"type": "text", "text": "a"}, "b", {"type": "image_url"}]}, "a\nb\n[image]"),
        ([{"type": "input_audio"}, {"text": 3}, None], "[audio]"),
        (7, ""),
    ],
)
def test_text_of_a_message(value: Any, text: str) -> None:
    assert parts.as_text(value) == text


def test_text_nested_without_end_is_read() -> None:
    value: Any = "deep"
    for _ in range(5_000):
        value = {"content": value}
    assert parts.as_text(value) == "deep"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, 0), (-9, -9), ("3", 3), (" -1 ", -1), (True, None), (1.0, None), ("--5", None),
        ("5-", None), ("", None), ("x", None), ("²", None), (2**40, None), ("9" * 12, None),
    ],
)  # fmt: skip
def test_exit_codes(value: Any, code: int | None) -> None:
    assert parts.as_exit_code(value) == code


@pytest.mark.parametrize(
    ("value", "count"), [(3, 3), (3.0, 3), (3.5, 0), (-1, 0), (True, 0), (2**60, 0), ("3", 0)]
)
def test_counts(value: Any, count: int) -> None:
    assert parts.as_count(value) == count


@pytest.mark.parametrize(
    ("value", "amount"), [(0, 0.0), (1.5, 1.5), (-1, None), (math.inf, None), (10**400, None)]
)
def test_amounts(value: Any, amount: float | None) -> None:
    assert parts.as_amount(value) == amount


@pytest.mark.parametrize(
    ("name", "arguments", "command"),
    [
        ("bash", {"command": "ls"}, "ls"),
        ("bash", '{"command": "ls"}', "ls"),
        ("Bash", {"cmd": ["bash", "-lc", "ls -a"]}, "ls -a"),
        ("shell", {"command": ["ls", "a b"]}, "ls 'a b'"),
        ("anything", {"command": "ls"}, "ls"),
        ("edit", {"path": "a.py", "code": "x"}, 'edit {"path":"a.py","code":"x"}'),
        ("", {"command": "ls", "timeout": 5}, "ls"),
        ("view", "a.py", "view a.py"),
        ("finish", {}, "finish"),
        ("finish", None, "finish"),
    ],
)
def test_a_tool_call_reads_as_a_command(name: str, arguments: Any, command: str) -> None:
    assert parts.command_text(name, arguments) == command


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("2025-01-01T00:00:00Z", "2025-01-01T00:00:01.5Z", 1.5),
        ("2025-01-01T00:00:00+02:00", "2024-12-31T22:00:02+00:00", 2.0),
        (10, 12.25, 2.25),
        (12, 10, None),
        ("yesterday", "2025-01-01", None),
        (None, 3, None),
    ],
)
def test_seconds_between_two_times(start: Any, end: Any, seconds: float | None) -> None:
    assert parts.seconds_between(start, end) == seconds


def test_usage_of_both_dialects_adds_up() -> None:
    one = {"usage": {"prompt_tokens": 5, "completion_tokens": 2,
                     "prompt_tokens_details": {"cached_tokens": 4}}}  # fmt: skip
    other = {"usage": {"input_tokens": 7, "output_tokens": 1}}
    assert parts.chat_usage([one, other, {}, None]) == Usage(
        calls=2, input_tokens=12, output_tokens=3, cached_tokens=4, cost_usd=None
    )


@pytest.mark.parametrize(
    ("content", "output", "code"),
    [
        ("plain text", "plain text", None),
        ("<returncode>3</returncode>\n<output>\na\nb\n</output>", "a\nb", 3),
        ('{"returncode": 1, "output": "a"}', "a", 1),
        ('{"output": "a", "metadata": {"exit_code": 2}}', "a", 2),
        ("Exit code: 4\nWall time: 1\nOutput:\na\n", "a\n", 4),
        ("<exception>late</exception>\n<returncode>-1</returncode>\n<output>a</output>",
         "a\nlate", -1),
        ("echo <returncode>0</returncode>", "echo <returncode>0</returncode>", None),
        ("<returncode>0</returncode>\n<output_head>a</output_head>\n<elided_chars>7</elided_chars>\n"
         "<output_tail>z</output_tail>", "a\n[... 7 characters left out ...]\nz", 0),
        ("", "", None),
    ],
)  # fmt: skip
def test_what_a_command_gave_back(content: str, output: str, code: int | None) -> None:
    assert read_observation(content) == (output, code)
    assert read_observation([{"type": "text", "text": content}]) == (output, code)


def test_a_command_that_was_not_run_has_no_exit_code() -> None:
    result = {"returncode": -1, "output": "", "exception_info": "action was not executed"}
    assert read_result(result) == ("action was not executed", None)
    cut = {"returncode": 0, "output_head": "a", "output_tail": "z", "elided_chars": 3}
    assert read_result(cut).output == "a\n[... 3 characters left out ...]\nz"


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        ("Submitted", Ending.SUBMITTED),
        ("submitted (exit_cost)", Ending.LIMIT),
        ("LimitsExceeded", Ending.LIMIT),
        ("RateLimitError", Ending.CRASHED),
        ("exit_format", Ending.CRASHED),
        ("GaveUp", Ending.GAVE_UP),
        ("exit_forfeit", Ending.GAVE_UP),
        ("KeyboardInterrupt", Ending.UNKNOWN),
        ("AgentTimeoutError", Ending.LIMIT),
        ("EnvironmentStartTimeoutError", Ending.CRASHED),
        ("", Ending.UNKNOWN),
        ("whatever", Ending.UNKNOWN),
    ],
)
def test_exit_statuses_in_our_terms(status: str, ending: Ending) -> None:
    assert read_ending(status) is ending


def test_steps_are_numbered_and_too_many_are_no_attempt() -> None:
    made = make_trajectory([("a", []), ("b", [])], Ending.LIMIT, "x\n" * 300)
    assert [step.number for step in made.steps] == [1, 2]
    assert len(made.ending_detail) == 200
    with pytest.raises(InputError, match="no attempt is that long"):
        make_trajectory(("", ()) for _ in range(MAX_STEPS + 1))


@given(st.text(max_size=900), st.integers(4, 300))
def test_one_line_is_one_and_short(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert "\n" not in line
    assert line == line.strip()
