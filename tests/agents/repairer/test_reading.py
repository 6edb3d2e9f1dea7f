"""What the repairer reads: the issue, the refinement context, coverage, reports."""

import pytest

from rematch.agents.repairer.changes import Change, name_patch, write_edit
from rematch.agents.repairer.context import normalize_key, read_priors, split_prompt
from rematch.agents.repairer.hints import weigh_operators
from rematch.agents.repairer.issue import (
    find_errors,
    find_examples,
    find_literals,
    find_names,
    find_test_command,
    split_command,
)
from rematch.agents.repairer.localize import localize, score_ochiai
from rematch.agents.repairer.reports import Failure, Report
from rematch.agents.repairer.source import Source, Span
from rematch.data.records import Hypothesis, Summary, Workspace
from rematch.programs.rendering import render_summary, render_workspace
from rematch.signatures import frame_context
from tests.agents.repairer.acting import read_one

KEY = "shop/cart.py:12 relational: if a < b: -> if a <= b:"
OTHER = "shop/cart.py:14 constant: n = [[ ## 1 -> n = [[ ## 2"


def read(*summaries: Summary) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    notes = "\n\n".join(
        f"### Attempt {number}\n{render_summary(summary)}"
        for number, summary in enumerate(summaries, 1)
    )
    prompt = f"Solve it.\n\n{frame_context(notes, len(summaries))}\n\nSubmit with echo."
    issue, context = split_prompt(prompt)
    assert issue == "Solve it.\n\n"
    priors = read_priors(context)
    return dict(priors.confirmed), dict(priors.open), dict(priors.refuted)


def summary(**fates: str) -> Summary:
    hypotheses = tuple(
        Hypothesis.model_validate({"text": text, "fate": fate, "steps": (3, 4)})
        for fate, text in fates.items()
    )
    return Summary(rollout_id="r", hypotheses=hypotheses)


def test_hypotheses_survive_the_way_through_a_summary_and_a_prompt() -> None:
    confirmed, still_open, refuted = read(
        summary(confirmed=KEY, refuted=OTHER), summary(confirmed=KEY), summary(open=OTHER)
    )
    assert confirmed == {normalize_key(KEY): 2}
    assert still_open == {normalize_key(OTHER): 1}
    assert refuted == {normalize_key(OTHER): 1}


def test_a_distilled_workspace_is_read_by_its_sections() -> None:
    notes = render_workspace(
        Workspace(
            agreements=(KEY, "the cache is at fault"), dead_ends=(f"Tried {OTHER} (steps 3)",)
        )
    )
    priors = read_priors(split_prompt(frame_context(notes, 2))[1])
    assert dict(priors.confirmed) == {normalize_key(KEY): 1}
    assert dict(priors.refuted) == {normalize_key(OTHER): 1}


def test_without_a_context_nothing_is_known() -> None:
    assert split_prompt("Solve it.") == ("Solve it.", "")
    assert not read_priors("")
    assert not read_priors("## Hypotheses\n- [refuted] it is the weather\n- [strange] x.py:1 a: b")


def test_no_key_of_several_changes_begins_with_one_of_them() -> None:
    one = Change("a.py", 1, "constant", (Span(0, 1, "2"),), "1", "2")
    two = Change("b.py", 2, "constant", (Span(0, 1, "2"),), "3", "4")
    name = name_patch((one, two))
    assert name == "b.py:2 constant: 3 -> 4; a.py:1 constant: 1 -> 2"
    assert not any(name.startswith(f"{two.key}{mark}") for mark in " :,")


@pytest.mark.parametrize(
    ("issue", "command"),
    [
        ("Run `python3 -m unittest -q` to see.", "python3 -m unittest -q"),
        ("Run:\n\n    $ python -m pytest tests -q\n", "python -m pytest tests -q"),
        ("Tests:\n```sh\ncd src\npytest -x\n```", "pytest -x"),
        ("Run `make test`.", "make test"),
        ("The tests fail. Use `python3 setup.py` to install.", ""),
        ("Do not run `rm -rf tests`.", ""),
    ],
)
def test_the_test_command_is_found_in_the_issue(issue: str, command: str) -> None:
    assert find_test_command(issue) == command


def test_commands_are_split_where_one_process_can_run_them() -> None:
    assert split_command("pytest -x") == ["python3", "-m", "pytest", "-x"]
    assert split_command("python tests/run.py a") == ["python3", "tests/run.py", "a"]
    assert split_command("make test") == ["make test"]
    assert split_command("A=1 python3 -m unittest | tail") == ["A=1 python3 -m unittest | tail"]


def test_names_errors_and_literals() -> None:
    issue = "`Cart.total` raises KeyError for 'x', not ValueError; read_all() gives 17 and 1."
    assert {"Cart", "total", "read_all"} <= find_names(issue)
    assert "gives" not in find_names(issue)
    assert find_errors(issue) == ["KeyError", "ValueError"]
    assert find_literals(issue) == ["'x'", "17"]


DEFINED = {"slug": "text.slugs", "Cart": "shop"}


@pytest.mark.parametrize(
    ("issue", "check"),
    [
        (">>> slug('A b')\n'a-b'\n", "_got = slug('A b'); assert _got == 'a-b', _got"),
        (">>> c = Cart()\n>>> c.add(1)\n[1]\n", "c = Cart(); _got = c.add(1)"),
        ("`slug('A')` should return `'a'`.", "assert _got == 'a'"),
        ("`slug('A')` returns `'A'` instead of `'a'`", "assert _got == 'a'"),
        ("```\nassert slug('A') == 'a'\n```", "assert _got == 'a'"),
        ("```python\nslug('A')  # -> 'a'\n```", "assert _got == 'a'"),
        ("`slug(3)` should raise `TypeError`.", "raises TypeError: from text.slugs import slug; "),
    ],
)
def test_examples_become_checks(issue: str, check: str) -> None:
    found = find_examples(issue, DEFINED)
    assert len(found) == 1
    assert check in found[0]


@pytest.mark.parametrize(
    "issue",
    [
        "`unknown(3)` should return `4`.",
        "`slug` should return `4`.",
        "`slug('A')` should return `something nice`.",
        "It should work.",
        "```\nslug('A'\n```",
        ">>> slug(\n",
    ],
)
def test_what_is_no_example_is_left_alone(issue: str) -> None:
    assert find_examples(issue, DEFINED) == []


def test_ochiai() -> None:
    assert score_ochiai(0, 3, 2) == 0
    assert score_ochiai(2, 0, 2) == 1
    assert score_ochiai(1, 1, 1) == pytest.approx(0.7071, abs=1e-4)
    assert score_ochiai(1, 9, 1) < score_ochiai(1, 1, 1)


def test_lines_of_failing_tests_tracebacks_and_named_functions_are_suspected() -> None:
    code = "def f(a):\n    return a\n\n\ndef g(a):\n    return a\n"
    sources = {"a.py": Source("a.py", code)}
    failures = (
        Failure("t1", "KeyError", "'x'", (("test_a.py", 3), ("a.py", 2))),
        Failure("t2", "AssertionError", "1 != 2"),
    )
    rows = [[2, 0b01, 3], [6, 0b10, 0]]
    report = Report(ran=5, failing=2, failures=failures, lines={"a.py": rows, "test_a.py": rows})
    both = localize(sources, report, failures, set())
    assert both.keys() == {("a.py", 2), ("a.py", 6)}
    only_first = localize(sources, report, failures[:1], set())
    assert ("a.py", 6) not in only_first
    assert only_first["a.py", 2] == pytest.approx(0.5 + 0.5)
    named = localize(sources, report, failures, {"g"})
    assert named["a.py", 6] == pytest.approx(1.5 * both["a.py", 6])


def test_without_coverage_every_line_is_suspected() -> None:
    sources = {"a.py": Source("a.py", "a = 1\nb = 2\n")}
    assert len(localize(sources, None, (), ())) == 3


def test_hints_follow_the_failure() -> None:
    assert weigh_operators([Failure("t", "ZeroDivisionError", "")])["zero-check"] > 1
    assert weigh_operators([Failure("t", "AssertionError", "3 != 4")])["offset"] > 1
    swapped = Failure("t", "AssertionError", "Lists differ: [2, 1] != [1, 2]\n\nFirst differing")
    assert weigh_operators([swapped])["sorted"] > 1
    missing = Failure("t", "AssertionError", "ValueError not raised")
    assert weigh_operators([missing])["raise-instead"] > 1
    assert weigh_operators([Failure("t", "AssertionError", "[[[" * 1000 + " != 3")]) == {}


def test_a_command_that_only_prints_is_read_by_its_output() -> None:
    head = (
        'report: {"ran": 0, "failing": 0, "failed": [], "quick": true, "kept": false,'
        ' "in_place": false, "lines": {}, "imported": {}, "kinds": {}, "opaque": true}\n'
    )
    printed = 'FAIL: test_a (t.T)\n  File "a.py", line 3, in f\nAssertionError: 1 != 2\n'
    report = read_one(head.replace('"failing": 0', '"failing": 1') + printed)
    assert report is not None
    assert report.failed_ids == {"test_a (t.T)"}
    assert report.failures[0].frames == (("a.py", 3),)
    green = read_one(f"{head}fine\n")
    assert green is not None
    assert (green.ran, green.failing, green.passing) == (1, 0, 1)


@pytest.mark.parametrize("text", ["", "report: {", "report: []\n", 'report: {"ran": 1}\n'])
def test_what_is_no_report_is_none(text: str) -> None:
    assert read_one(text) is None


def test_an_edit_is_written_by_lines() -> None:
    source = Source("a.py", "a = 1\nb = 2\nc = 3\n")
    change = Change("a.py", 2, "constant", (Span(10, 11, "7"),), "b = 2", "b = 7")
    insert = Change("a.py", 3, "x", (Span(12, 12, "d = 4\n"),), "", "d = 4")
    assert write_edit((change,), {"a.py": source}) == "@@ a.py:2\n-b = 2\n+b = 7"
    assert write_edit((insert,), {"a.py": source}) == "@@ a.py:3\n+d = 4"
