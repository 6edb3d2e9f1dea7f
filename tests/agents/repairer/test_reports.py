"""Reports of test runs, and lines to blame."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.agents.repairer.localize import localize, score_ochiai
from rematch.agents.repairer.reports import Failure, Report, read_reports
from rematch.agents.repairer.source import Source
from tests.agents.repairer.acting import fail, read_one, report

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
FIELDS = ("ran", "failing", "failed", "quick", "kept", "in_place", "opaque", "lines", "imported",
          "kinds")  # fmt: skip


@given(st.text(max_size=50))
def test_any_output_is_read(text: str) -> None:
    assert read_one(text) is None
    assert read_one(f"report: {text}") is None


def test_each_run_has_its_report_and_what_does_not_fit_has_none() -> None:
    first = report(2, fail("t"), printed="one\n")
    output = f"{first.text}no run: a.py:1 does not read as expected\n{report(2, kept=True).text}"
    one, none, kept = read_reports(output)
    assert (one and one.printed, none, kept and kept.kept) == ("one\n", None, True)
    assert read_reports("Killed\n") == []


@given(st.sampled_from(FIELDS), JSON)
def test_a_report_of_another_shape_is_none_or_a_report(field: str, value: Any) -> None:
    data = json.loads(report(2, fail("t")).text.removeprefix("report: "))
    found = read_one(f"report: {json.dumps({**data, field: value})}\n")
    assert found is None or isinstance(found, Report)
    if field != "opaque":
        del data[field]
        assert read_one(f"report: {json.dumps(data)}\n") is None


def test_a_whole_report_is_read() -> None:
    output = report(
        3,
        fail("t1", "KeyError", "'x'", ["a.py", 3]),
        fail("t2"),
        printed="one\ntwo\n",
        quick=True,
        kept=True,
        in_place=True,
        lines={"a.py": [[3, 1, 0]]},
        imported={"a.py": [1]},
        kinds={"a.py:f": {"x": ["int"]}},
    )
    found = read_one(f"warning: first\n{output.text}")
    assert found == Report(
        ran=3,
        failing=2,
        failures=(
            Failure("t1", "KeyError", "'x'", (("a.py", 3),)),
            Failure("t2", "AssertionError", "1 != 2"),
        ),
        quick=True,
        kept=True,
        in_place=True,
        lines={"a.py": [[3, 1, 0]]},
        imported={"a.py": [1]},
        kinds={"a.py:f": {"x": ["int"]}},
        printed="one\ntwo\n",
    )
    assert found is not None
    assert (found.passing, found.failed_ids) == (1, {"t1", "t2"})


def test_the_first_report_is_the_first_runs() -> None:
    output = report(2, fail("t"), printed=report(2).text)
    found = read_one(output.text)
    assert found is not None
    assert found.failing == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("<A object at 0x7f12>", "<A object at 0x9a>", True),
        ("took 0.12s", "took 3.40s", True),
        ("1 != 2", "1 != 3", False),
        ("took 12 s", "took 13 s", False),
    ],
)
def test_a_failure_looks_the_same_but_for_addresses_and_times(
    one: str, other: str, same: bool
) -> None:
    assert (Failure("t", "E", one).looks == Failure("t", "E", other).looks) is same
    assert Failure("t", "E", one).looks != Failure("t", "F", one).looks


def opaque(printed: str, code: int) -> Report:
    found = read_one(report(0, printed=printed, opaque=True, failing=int(code != 0)).text)
    assert found is not None
    return found


def test_a_command_of_which_only_its_output_is_known() -> None:
    printed = (
        'FAILED tests/test_a.py::test_x - boom\nERROR: test_b\n  File "/w/a.py", line 7, in f\n'
        "lib/b.py:9: in g\nKeyError: 'k'\n"
    )
    found = opaque(printed, 1)
    assert found.failed_ids == {"tests/test_a.py::test_x - boom", "test_b"}
    assert {failure.kind for failure in found.failures} == {"KeyError"}
    assert found.failures[0].frames == (("/w/a.py", 7), ("lib/b.py", 9))
    assert (found.ran, found.passing) == (3, 1)


def test_a_silent_failure_is_one_and_a_zero_is_none() -> None:
    assert opaque("", 1).failed_ids == {"the test command"}
    assert opaque("", 1).failures[0].kind == "AssertionError"
    assert (opaque("FAILED x", 0).ran, opaque("FAILED x", 0).failing) == (1, 0)


def test_many_names_are_cut() -> None:
    assert opaque("".join(f"FAIL: t{n}\n" for n in range(100)), 1).failing == 40


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20))
def test_ochiai_lies_between_0_and_1(failed: int, passed: int, more: int) -> None:
    score = score_ochiai(failed, passed, failed + more)
    assert 0 <= score <= 1
    assert score >= score_ochiai(failed, passed + 1, failed + more)
    if failed:
        assert score_ochiai(failed, 0, failed) == pytest.approx(1)


SOURCES = {
    "a.py": Source("a.py", "x = 1\n\n\ndef f():\n    return x\n"),
    "b.py": Source("b.py", ""),
}


def test_lines_of_the_import_are_less_suspicious_than_those_of_the_test() -> None:
    failure = Failure("t", "E", "")
    run = Report(2, 1, (failure,), lines={"a.py": [[5, 1, 0]]}, imported={"a.py": [1, 4, 5]})
    found = localize(SOURCES, run, [failure], ())
    assert found["a.py", 5] == 1
    assert 0 < found["a.py", 1] == found["a.py", 4] < 0.5
    assert found.keys() == {("a.py", 1), ("a.py", 4), ("a.py", 5)}


def test_lines_above_in_a_traceback_get_less_and_those_outside_nothing() -> None:
    frames = (("test_a.py", 3), ("a.py", 1), ("a.py", 5), ("/usr/lib/x.py", 9))
    found = localize(SOURCES, None, [Failure("t", "E", "", frames)], ())
    assert found["a.py", 5] > found["a.py", 1] > found["a.py", 2]
    assert {path for path, _ in found} == {"a.py", "b.py"}


def test_a_run_without_lines_blames_all_of_them() -> None:
    failure = Failure("t", "E", "")
    assert localize(SOURCES, Report(1, 1, (failure,)), [failure], ()) == localize(
        SOURCES, None, [failure], ()
    )


def test_only_lines_that_count_are_raised_by_a_name() -> None:
    failure = Failure("t", "E", "")
    run = Report(1, 1, (failure,), lines={"a.py": [[5, 1, 1]]})
    plain, named = (localize(SOURCES, run, [failure], names) for names in ((), ("f",)))
    assert named.keys() == plain.keys()
    assert named["a.py", 5] == pytest.approx(1.5 * plain["a.py", 5])
