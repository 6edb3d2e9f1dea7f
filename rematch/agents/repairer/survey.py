"""The first look: which files there are, what stands in them, how the tests stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from rematch.agents.repairer.bench import (
    Bench,
    Work,
    list_command,
    show_command,
    write_install,
)
from rematch.agents.repairer.issue import (
    find_examples,
    find_names,
    find_test_command,
    split_command,
)
from rematch.agents.repairer.reports import Report
from rematch.agents.repairer.source import Source

_LISTED = re.compile(r"^(\d+) (\S.*\.py)$")
_SHOWN = re.compile(r"==> (.+) (\d+|not UTF-8) <==\n")
_TEST_PATH = re.compile(r"(?:^|/)(?:tests?|testing)/|(?:^|/)(?:test[^/]*|[^/]*_test|conftest)\.py$")
_BATCH = 60_000


def look_around(bench: Bench, issue: str, introduction: str) -> Work[str]:
    """List and read the project's files; why nothing can be done, or ""."""
    config = bench.config
    command = f"{write_install()}\n{list_command(config.files * 20)}"
    listing = (yield from bench.run(introduction, command)).text
    listed = _read_listing(listing)
    if not listed:
        return "there is no Python file here that I could read, or python3 does not run"
    for batch in _choose(listed, issue, bench):
        output = yield from bench.run(f"Read {_count(batch, 'file')}.", show_command(batch))
        for path, text in read_shown(output.text):
            if is_test_path(path):
                bench.tests[path] = text
            else:
                bench.sources[path] = Source(path, text)
    folder = re.search(r"^work folder: (/\S+)$", listing, re.MULTILINE)
    places = {"/app", folder[1]} if folder and len(folder[1]) > 1 else {"/app"}
    bench.in_place = any(place in text for place in places for text in bench.tests.values())
    named = find_test_command(issue)
    if named:
        bench.command = split_command(named)
    elif _wants_pytest(bench.tests) and "pytest: yes" in listing:
        bench.command = ["python3", "-m", "pytest", "-q", "--maxfail=60"]
    bench.checks = find_examples(issue, _list_definitions(bench.sources))
    return "" if bench.sources else "no Python file beside the tests could be read"


def run_first(bench: Bench) -> Work[Report | None]:
    """How the tests stand before any change; drops examples that show nothing."""
    how = "all test files" if bench.command == ["auto"] else " ".join(bench.command)
    checks = f" and {_count(bench.checks, 'example')} of the issue" if bench.checks else ""
    report = yield from bench.test(f"Run the visible tests ({how}){checks}.")
    examples = len(bench.checks)
    nothing = report is None or report.ran <= examples
    missing = report is not None and any(
        failure.message == "No module named 'pytest'" for failure in report.failures
    )
    if bench.command != ["auto"] and (nothing or missing):
        bench.command = ["auto"]
        report = yield from bench.test("That ran no test: run all test files instead.")
    if report is not None and bench.checks:
        report = _drop_checks(bench, report)
    if report is not None and report.quick:
        bench.cpu = bench.config.cpu_seconds / 8
    return report


def read_shown(text: str) -> Iterator[tuple[str, str]]:
    """Path and text of each file that was shown whole."""
    position = 0
    while match := _SHOWN.match(text, position):
        position = match.end()
        if match[2].isdigit():
            content = text[position : position + int(match[2])]
            position += int(match[2]) + 1
            if len(content) == int(match[2]) and "\r" not in content and "\0" not in content:
                yield match[1], content


def is_test_path(path: str) -> bool:
    """Whether a file belongs to the tests, which are never changed."""
    return bool(_TEST_PATH.search(path))


def _read_listing(text: str) -> dict[str, int]:
    found = (_LISTED.match(line) for line in text.split("\n"))
    return {match[2]: int(match[1]) for match in found if match}


def _choose(listed: Mapping[str, int], issue: str, bench: Bench) -> list[list[str]]:
    """Files to read, in batches: those first that the issue names, tests after sources."""
    names = find_names(issue)
    config = bench.config

    def rank(path: str) -> tuple[bool, bool, int, str]:
        stem = path.rpartition("/")[2].removesuffix(".py")
        return is_test_path(path), not (path in issue or stem in names), path.count("/"), path

    batches: list[list[str]] = [[]]
    total = filled = 0
    for path in sorted(listed, key=rank):
        size = listed[path]
        fits = size <= config.file_bytes and total + size <= config.read_bytes
        if not fits or sum(map(len, batches)) >= config.files:
            continue
        if batches[-1] and filled + size > _BATCH:
            batches.append([])
            filled = 0
        batches[-1].append(path)
        total, filled = total + size, filled + size
    return [batch for batch in batches if batch]


def _drop_checks(bench: Bench, report: Report) -> Report:
    """Keep examples that fail now: what already holds may be the fault that is shown."""
    broken = ("NameError", "ImportError", "ModuleNotFoundError", "SyntaxError")
    ids = [f"issue example {number}" for number in range(1, len(bench.checks) + 1)]
    failed = {failure.id: failure for failure in report.failures}
    kept = [i for i in ids if i in failed and failed[i].kind not in broken]
    renamed = {old: f"issue example {number}" for number, old in enumerate(kept, 1)}
    bench.checks = [check for i, check in zip(ids, bench.checks, strict=True) if i in kept]
    failures = tuple(
        type(f)(renamed.get(f.id, f.id), f.kind, f.message, f.frames)
        for f in report.failures
        if f.id not in ids or f.id in kept
    )
    return Report(
        ran=report.ran - len(ids) + len(kept),
        failing=report.failing - (len(report.failures) - len(failures)),
        failures=failures,
        quick=report.quick,
        in_place=report.in_place,
        printed=report.printed,
    )


def _list_definitions(sources: Mapping[str, Source]) -> dict[str, str]:
    """Names defined at the top of modules, with the module; names defined twice are left out."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for path, source in sources.items():
        module = path.removesuffix(".py").removesuffix("/__init__").removeprefix("src/")
        for node in source.tree.body if source.tree else ():
            names = [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
            if isinstance(node, ast.Assign):
                names = [t.id for t in node.targets if isinstance(t, ast.Name)]
            for name in names:
                twice |= {name} & found.keys()
                found.setdefault(name, module.replace("/", "."))
    return {name: module for name, module in found.items() if name not in twice}


def _wants_pytest(tests: Mapping[str, str]) -> bool:
    """Whether tests need pytest: they import it, or use fixtures."""
    return any(re.search(r"^\s*(?:import|from) pytest\b", text, re.M) for text in tests.values())


def _count(things: list[str], noun: str) -> str:
    return f"{len(things)} {noun}" if len(things) == 1 else f"{len(things)} {noun}s"
