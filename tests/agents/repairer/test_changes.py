"""Changes: how they are named, told apart, put together and sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.agents.repairer.candidates import list_candidates
from rematch.agents.repairer.changes import (
    Change,
    apply_patch,
    is_sound,
    make_change,
    name_patch,
    overlaps,
    write_edit,
)
from rematch.agents.repairer.inside import repairer_trial
from rematch.agents.repairer.operators import Pool
from rematch.agents.repairer.source import Source, Span

CODE = "a = 1\nb = 2\n\n\ndef f():\n    return a\n"
SOURCE = Source("m.py", CODE)
SOURCES = {"m.py": SOURCE, "n.py": Source("n.py", "c = 3\n")}


def change(start: int, end: int, text: str, line: int = 1) -> Change:
    return make_change(SOURCE, line, "test", (Span(start, end, text),), 1.0)


@pytest.mark.parametrize(
    ("span", "key"),
    [
        ((4, 5, "7"), "m.py:1 test: a = 1 -> a = 7"),
        ((6, 12, ""), "m.py:1 test: b = 2 -> (nothing)"),
        ((6, 6, "x = 0\n"), "m.py:1 test: (nothing) -> x = 0"),
        ((5, 5, "\nx = 0"), "m.py:1 test: (nothing) -> x = 0"),
        ((0, 11, "b = 2\na = 1"), "m.py:1 test: a = 1 / b = 2 -> b = 2 / a = 1"),
        ((23, 24, ""), "m.py:1 test: return a -> return a (indent 3)"),
    ],
)
def test_a_change_is_named_by_its_lines(span: tuple[int, int, str], key: str) -> None:
    assert change(*span).key == key


def test_long_lines_are_shown_by_their_ends() -> None:
    source = Source("m.py", f"y = {'a + ' * 50}b\n")
    found = make_change(source, 1, "test", (Span(4, 5, "c"),), 1.0)
    assert found.before.startswith("y = a + a")
    assert found.before.endswith("a + b")
    assert "..." in found.before
    assert found.after.startswith("y = c + a")
    assert len(found.before) < 80


def test_touching_changes_overlap_and_those_of_other_files_do_not() -> None:
    one = change(4, 5, "7")
    assert overlaps((one,), change(5, 5, "8"))
    assert overlaps((one,), change(0, 6, ""))
    assert not overlaps((one,), change(6, 7, "x"))
    other = make_change(SOURCES["n.py"], 1, "test", (Span(4, 5, "7"),), 1.0)
    assert not overlaps((one,), other)
    assert not overlaps((), one)


def test_a_patch_of_two_files_is_applied_named_and_written() -> None:
    one, two = change(4, 5, "7"), change(10, 11, "8", 2)
    other = make_change(SOURCES["n.py"], 1, "test", (Span(4, 5, "9"),), 1.0)
    patch = (one, two, other)
    texts = apply_patch(patch, SOURCES)
    assert texts == {"m.py": CODE.replace("1", "7").replace("2", "8"), "n.py": "c = 9\n"}
    assert name_patch(patch).split("; ") == [other.key, two.key, one.key]
    assert write_edit(patch, SOURCES) == (
        "@@ m.py:1\n-a = 1\n-b = 2\n+a = 7\n+b = 8\n@@ n.py:1\n-c = 3\n+c = 9"
    )
    assert one.place == ("m.py", 1)


def test_a_patch_is_sound_where_every_file_is_another_program() -> None:
    good, broken = change(4, 5, "7"), change(10, 11, "(", 2)
    spelled = make_change(SOURCES["n.py"], 1, "test", (Span(4, 5, "(3)"),), 1.0)
    assert is_sound((good,), SOURCES)
    assert not is_sound((broken,), SOURCES)
    assert not is_sound((good, broken), SOURCES)
    assert not is_sound((good, spelled), SOURCES)


LINES = st.lists(
    st.sampled_from(["a = 1", "b = 'é'", "", "  # c", "@@ x:1", "-x", "+x", "check: y"])
)


@given(LINES, LINES)
def test_any_edit_survives_the_way_into_the_sandbox(before: list[str], after: list[str]) -> None:
    old, new = "\n".join(before), "\n".join(after)
    sources = {"a b.py": Source("a b.py", old)}
    whole = make_change(sources["a b.py"], 1, "test", (Span(0, len(old), new),), 1.0)
    text = write_edit((whole,), sources)
    edits, checks = repairer_trial.read_input(text.encode())
    lines = old.encode().split(b"\n")
    for edit in edits:
        start = edit.line - 1
        assert lines[start : start + len(edit.old)] == edit.old
        lines[start : start + len(edit.old)] = edit.new
        assert edit.path == "a b.py"
    assert b"\n".join(lines).decode() == new
    assert checks == []


def candidates(code: str, scores: dict[int, float]) -> list[Change]:
    source = Source("m.py", code)
    suspicion = {("m.py", line): score for line, score in scores.items()}
    return list_candidates({"m.py": source}, suspicion, {}, Pool())


def test_changes_follow_suspicion_by_its_square() -> None:
    found = candidates("x = a < b\ny = a < b\n", {1: 1.0, 2: 0.5})
    first, second = (
        [one.weight for one in found if one.line == line and one.operator == "relational"]
        for line in (1, 2)
    )
    assert [0.25 * weight for weight in first] == pytest.approx(second)


def test_lines_of_hardly_any_suspicion_are_left_alone() -> None:
    found = candidates("x = a < b\ny = a < b\n", {1: 1.0, 2: 0.019})
    assert {one.line for one in found} == {1}
    assert candidates("x = a < b\n", {}) == []


def test_a_line_within_a_suspicious_statement_is_suspicious_too() -> None:
    code = "x = f(\n    a < b,\n    c,\n)\nif d:\n    y = e < f\n"
    assert {one.line for one in candidates(code, {1: 1.0})} >= {1, 2}
    # a block's lines are no part of the statement that holds it
    assert 6 not in {one.line for one in candidates(code, {5: 1.0})}


def test_changes_that_read_the_same_are_told_apart_by_a_mark() -> None:
    keys = [one.key for one in candidates(f"x = {'a + ' * 50}b\n", {1: 1.0})]
    assert len(set(keys)) == len(keys)
    assert any(key.endswith("#2") for key in keys)


def test_a_definition_takes_part_in_its_lines_suspicion() -> None:
    code = "@cache\ndef f(a=[]):\n    return a\n\n\nclass A:\n    b = []\n"
    found = candidates(code, {3: 1.0, 7: 1.0})
    operators = {one.operator for one in found}
    assert {"drop-decorator", "mutable-default", "shared-attribute"} <= operators
    assert not {"mutable-default"} & {one.operator for one in candidates(code, {7: 1.0})}


def test_only_repairs_of_its_syntax_are_proposed_for_a_broken_file() -> None:
    found = candidates("if a\n    b()\n", {1: 1.0})
    assert {one.operator for one in found} == {"syntax"}
    assert any(one.after == "if a:" for one in found)
