"""What the issue text tells: how tests are run, which names and literals matter, examples."""

from __future__ import annotations

import ast
import builtins
import contextlib
import doctest
import itertools
import re
import shlex
from collections.abc import Iterator, Mapping

from rematch.agents.repairer.source import parse

_CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
_LINE_COMMAND = re.compile(r"^(?:\s{2,}|\t|\s*\$ )(\S.*)$", re.MULTILINE)
_TESTS = re.compile(
    r"(?:python3? +-m +(?:unittest|pytest)\b.*|pytest\b.*|python3? +\S*tests?\S*\.py\b.*"
    r"|(?:ba)?sh +\S*test\S*\.sh.*|\./\S*test\S*|make +(?:test|check)\b.*)$"
)
_SHELL = re.compile(r"[;&|<>$`(){}*?=\"'\\]")
_NAME = re.compile(r"\b[A-Za-z_]\w{2,}\b")
_CODE_LIKE = re.compile(r"\b(?:\w+_\w+|[a-z]+[A-Z]\w*|\w+(?=\())")
_ERROR = re.compile(r"\b[A-Z]\w*(?:Error|Exception)\b")
_LITERAL = re.compile(r"(?<![\w.])(?:'[^'\n]{0,30}'|\"[^\"\n]{0,30}\"|-?\d+(?:\.\d+)?)(?![\w.])")
_ARROW = re.compile(
    r"^(?P<call>.+?\))\s*(?:#\s*)?(?:->|=>|→|# ?(?:should be|expected:?))\s*(?P<value>.+)$"
)
_PROSE = re.compile(
    r"`(?P<call>[^`\n]+\))`[^`\n.;]{0,80}?"
    r"(?:(?:instead of|not|rather than) `[^`\n]+`[^`\n.;]{0,40}?)?"
    r"\b(?:should(?: be| return| give| yield| equal| raise)?|must(?: be| return| give| raise)?"
    r"|expected?(?: to (?:be|return|give|raise))?)\b:?[^`\n.;]{0,30}?`(?P<value>[^`\n]+)`"
)
_INSTEAD = re.compile(
    r"`(?P<call>[^`\n]+\))`[^`\n.;]{0,60}?`[^`\n]+`[^`\n.;]{0,20}?"
    r"(?:instead of|but should(?: be| return| give| raise)?|(?:is |was )?expected)"
    r"[^`\n.;]{0,20}?`(?P<value>[^`\n]+)`"
)


def find_test_command(issue: str) -> str:
    """The command by which the issue says that tests are run; "" if it names none."""
    pieces: list[str] = [code for pair in _CODE.findall(issue) for code in pair if code]
    pieces += _LINE_COMMAND.findall(issue)
    for piece in pieces:
        for line in piece.split("\n"):
            text = line.strip().removeprefix("$ ").strip()
            if _TESTS.match(text):
                return text
    return ""


def split_command(command: str) -> list[str]:
    """The command's words, `python3` first where it can be run in one process; else one word."""
    if _SHELL.search(command):
        return [command]
    words = shlex.split(command)
    if words[0] == "pytest":
        words = ["python3", "-m", "pytest", *words[1:]]
    if words[0] in ("python", "python3"):
        return ["python3", *words[1:]]
    return [command]


def find_names(issue: str) -> set[str]:
    """Names that the issue writes as code, or that look like code."""
    code = " ".join(one or two for one, two in _CODE.findall(issue))
    return set(_NAME.findall(code)) | set(_CODE_LIKE.findall(issue))


def find_errors(text: str) -> list[str]:
    """Names of errors, in order of appearance."""
    return list(dict.fromkeys(_ERROR.findall(text)))


def find_literals(text: str, most: int = 12) -> list[str]:
    """Short numbers and strings, in order of appearance; 0 and 1 say nothing."""
    return [one for one in dict.fromkeys(_LITERAL.findall(text)) if one not in ("0", "1")][:most]


def find_examples(issue: str, definitions: Mapping[str, str], most: int = 8) -> list[str]:
    """Further tests, derived from examples: `check: CODE` or `raises NAME: CODE`.

    Understood are doctest examples, `call == value` and `call -> value` in code, and sentences
    such as "`call` should return `value`", "`call` gives `x` instead of `value`". An example
    counts only if its code parses, and every name in it is a builtin or defined in the project.

    Args:
        issue: the text.
        definitions: name of a function, class or constant to the module that defines it.
        most: how many to return.
    """
    checks: dict[str, None] = {}
    found = itertools.chain(_read_doctests(issue), _read_code(issue), _read_prose(issue))
    with contextlib.suppress(RecursionError):  # nested too deeply to be written anew
        for call, value in found:
            check = _write_check(call.strip(), value.strip().rstrip(".,"), definitions)
            if check:
                checks[check] = None
    return list(checks)[:most]


def _read_doctests(issue: str) -> Iterator[tuple[str, str]]:
    try:
        examples = doctest.DocTestParser().get_examples(issue.replace("```", ""))
    except ValueError:
        return
    setup: list[str] = []
    for example in examples:
        source = example.source.strip()
        if "\n" in source:
            continue
        if example.exc_msg:
            yield "\n".join([*setup, source]), example.exc_msg.partition(":")[0].strip()
        elif example.want.strip():
            yield "\n".join([*setup, source]), example.want
        elif parse(source):
            setup.append(source)


def _read_code(issue: str) -> Iterator[tuple[str, str]]:
    for block, inline in _CODE.findall(issue):
        for line in (block or inline).split("\n"):
            text = line.strip().removeprefix("assert ").strip()
            arrow = _ARROW.match(text)
            if arrow:
                yield arrow["call"], arrow["value"]
                continue
            match _parse_expression(text):
                case ast.Compare(left=ast.Call() as call, ops=[ast.Eq()], comparators=[value]):
                    yield ast.unparse(call), ast.unparse(value)


def _read_prose(issue: str) -> Iterator[tuple[str, str]]:
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", re.sub(r"```.*?```", "", issue, flags=re.DOTALL))
    for pattern in (_INSTEAD, _PROSE):
        for match in pattern.finditer(text):
            yield match["call"], match["value"]


def _write_check(code: str, value: str, definitions: Mapping[str, str]) -> str:
    """The example as one line of code; "" if it is none."""
    tree = parse(code)
    match tree.body if tree else []:
        case [*setup, ast.Expr(value=call)] if not any(hasattr(one, "body") for one in setup):
            pass
        case _:
            return ""
    error = value.removeprefix("raise ").partition("(")[0]
    is_error = bool(_ERROR.fullmatch(error))
    wanted = None if is_error else _parse_expression(value)
    if not any(isinstance(node, ast.Call) for node in ast.walk(call)):
        return ""
    if wanted is None and not is_error:
        return ""
    names = _free_names([*setup, call, *([wanted] if wanted else [])])
    if not names <= definitions.keys():
        return ""
    lines = [f"from {definitions[name]} import {name}" for name in sorted(names)]
    lines += map(ast.unparse, setup)
    if wanted is None:
        check = f"raises {error}: {'; '.join([*lines, ast.unparse(call)])}"
    else:
        lines += [f"_got = {ast.unparse(call)}", f"assert _got == {ast.unparse(wanted)}, _got"]
        check = f"check: {'; '.join(lines)}"
    return "" if "\n" in check else check


def _free_names(nodes: list[ast.AST]) -> set[str]:
    """Names that the code reads and does not bind, builtins left out."""
    bound: set[str] = set(dir(builtins))
    found: set[str] = set()
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name):
            (bound if isinstance(node.ctx, ast.Store) else found).add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return found - bound


def _parse_expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
