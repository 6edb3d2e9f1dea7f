"""Text and syntax tree of one file: positions, surroundings, edits."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.agents.repairer.source import Source, Span, is_common_name, list_loaded, parse

CODE = """class A:
    \"\"\"Ä.\"\"\"

    def f(self, größe):
        für = größe + 1; x = 2
        return [p for p in für]  # ü


def g():
    pass
"""


def find(source: Source, kind: type[ast.AST]) -> ast.AST:
    return next(node for node in source.nodes if isinstance(node, kind))


def test_every_node_is_found_where_it_stands() -> None:
    source = Source("a.py", CODE)
    for node in source.nodes:
        if isinstance(node, ast.expr | ast.stmt):
            assert source.segment(node) == ast.get_source_segment(CODE, node)


def test_offsets_and_lines_are_each_others_inverse() -> None:
    source = Source("a.py", CODE)
    for offset in range(len(CODE)):
        line = source.line_of(offset)
        assert source.line_start(line) <= offset < source.line_start(line + 1)
        assert line == CODE[:offset].count("\n") + 1
    assert source.line_of(len(CODE)) == len(source.lines)


def test_what_stands_around_a_node() -> None:
    source = Source("a.py", CODE)
    inner = find(source, ast.ListComp)
    function, owner = source.function_of(inner), source.class_of(inner)
    assert function is not None
    assert owner is not None
    assert (function.name, owner.name) == ("f", "A")
    assert isinstance(source.statement_of(inner), ast.Return)
    assert isinstance(list(source.ancestors(inner))[-1], ast.Module)
    empty = find(source, ast.Pass)
    assert source.class_of(empty) is None
    assert source.statement_of(empty) is empty
    assert source.function_of(source.nodes[0]) is None


def test_names_of_a_function_are_those_that_it_binds() -> None:
    source = Source("a.py", CODE)
    function = source.function_of(find(source, ast.ListComp))
    assert function is not None
    assert source.names_of(function) == ["größe", "für", "x", "p"]
    assert source.names_of(function) is source.names_of(function)  # kept
    assert list_loaded(function) == {"größe", "p", "für"}


def test_a_statement_among_others_on_its_line_does_not_stand_alone() -> None:
    source = Source("a.py", CODE)
    first, second, last = (
        node for node in source.nodes if isinstance(node, ast.Assign | ast.Return)
    )
    assert source.indent(first) == source.indent(last) == "        "
    assert source.indent(second) is None
    assert not source.stands_alone(first)
    assert not source.stands_alone(second)
    assert source.stands_alone(last)  # a comment is no statement


@pytest.mark.parametrize("text", ["def f(:\n", "\0", f"{'(' * 3000}1{')' * 3000}", "x = '\ud800'"])
def test_what_does_not_parse_has_no_tree(text: str) -> None:
    source = Source("a.py", text)
    assert parse(text) is None
    assert source.tree is None
    assert source.nodes == []
    assert source.parents == {}


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), st.text(max_size=4)), max_size=5)


@given(st.text(max_size=40), SPANS)
def test_spans_are_replaced_wherever_they_stand(
    text: str, drawn: list[tuple[int, int, str]]
) -> None:
    spans: list[Span] = []
    end = 0
    for gap, length, new in drawn:
        start = min(end + gap, len(text))
        stop = min(start + length, len(text))
        spans.append(Span(start, stop, new))
        end = stop + 1
        if end > len(text):
            break
    pieces, place = "", 0
    for span in spans:
        pieces += text[place : span.start] + span.text
        place = span.end
    source = Source("a.py", text)
    assert source.apply(tuple(spans)) == source.apply(tuple(reversed(spans)))
    assert source.apply(tuple(spans)) == pieces + text[place:]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("y = a + c\n", True),
        ("y = (a + b)\n", False),  # the same program
        ("y = a + b  # once more\n", False),
        ("y = a +\n", False),
        ("return a\n", False),
        ("for a in b: pass\nelse: break\n", False),
        ("y = 1 is 2\n", True),  # warned of, but a program
        ("", True),
        ("\0", False),
    ],
)
def test_another_program_compiles_and_differs(text: str, other: bool) -> None:
    assert Source("a.py", "y = a + b\n").becomes_other(text) is other


def test_a_file_that_does_not_parse_becomes_any_that_does() -> None:
    assert Source("a.py", "y = (a + b\n").becomes_other("y = (a + b)\n")


def test_what_is_nested_too_deeply_is_compared_by_its_text() -> None:
    deep = f"y = {' + '.join('1' * 1500)}\n"
    source = Source("a.py", deep)
    assert source.becomes_other(f"{deep}z = 1\n")
    assert not source.becomes_other(deep)


def test_common_names() -> None:
    assert is_common_name("len")
    assert is_common_name("lambda")
    assert not is_common_name("rows")
