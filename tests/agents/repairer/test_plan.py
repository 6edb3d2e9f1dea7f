"""The whole way of a rollout, the sandbox played: first look, first run, search, end."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rematch.agents.repairer import OfflineRepairer, RepairerConfig
from rematch.agents.repairer.bench import SUBMIT, Bench, Output, Turn
from rematch.agents.repairer.context import Priors, read_priors
from rematch.agents.repairer.model import read_output
from rematch.agents.repairer.plan import Assignment, Surrender, repair
from rematch.agents.repairer.survey import is_test_path, look_around, read_shown, run_first
from tests.agents.repairer.acting import act, fail, report, say

CODE = "def less(a, b):\n    return a < b\n"
TEST = "from a import less\n\n\ndef test_less():\n    assert less(1, 1)\n"


def listing(*files: tuple[str, str], pytest: str = "no", folder: str = "/work") -> str:
    lines = [f"{len(text)} {path}" for path, text in files]
    lines += [f"python files: {len(files)}, others: 0, pytest: {pytest}", f"work folder: {folder}"]
    return "\n".join(lines) + "\n"


def show(*files: tuple[str, str]) -> str:
    return "".join(f"==> {path} {len(text)} <==\n{text}\n" for path, text in files)


FILES = (("a.py", CODE), ("test_a.py", TEST))


def assign(issue: str = "Bad.", priors: Priors | None = None, **config: Any) -> Assignment:
    return Assignment(issue, priors or Priors(), random.Random(0), RepairerConfig(**config))


def survey(issue: str, *outputs: str, **config: Any) -> tuple[str, Bench, list[Turn]]:
    bench = Bench(RepairerConfig(**config))
    reason, turns = act(look_around(bench, issue, "Hello."), say(*outputs))
    return reason, bench, turns


def test_the_first_look_tells_sources_from_tests() -> None:
    reason, bench, turns = survey("Bad.", listing(*FILES), show(*FILES))
    assert reason == ""
    assert list(bench.sources) == ["a.py"]
    assert bench.sources["a.py"].text == CODE
    assert bench.tests == {"test_a.py": TEST}
    assert bench.command == ["auto"]
    assert [turn.text for turn in turns] == ["Hello.", "Read 2 files."]
    assert not bench.in_place


@pytest.mark.parametrize("answer", ["", "bash: python3: command not found\n", listing()])
def test_without_python_files_there_is_nothing_to_do(answer: str) -> None:
    reason, _, turns = survey("Bad.", answer)
    assert "no Python file" in reason
    assert len(turns) == 1


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("test_a.py", True),
        ("pkg/a_test.py", True),
        ("tests/data.py", True),
        ("a/testing/b.py", True),
        ("conftest.py", True),
        ("contest.py", False),
        ("latest/a.py", False),
        ("attest_a.py", False),
    ],
)
def test_test_files_are_known_by_their_path(path: str, is_test: bool) -> None:
    assert is_test_path(path) is is_test


def test_named_files_are_read_first_and_large_ones_not_at_all() -> None:
    files = [(f"m{n}.py", "x" * 30_000) for n in range(6)] + [("big.py", "x" * 50_000)]
    text = listing(*files, ("test_m.py", "x"), ("deep/far/prices.py", "x"))
    _, _, turns = survey("See m4.py and `prices`.", text, "", file_bytes=40_000, read_bytes=100_000)
    read = [turn.command.split(" show ")[1].split() for turn in turns[1:]]
    paths = [path for batch in read for path in batch]
    assert paths == ["m4.py", "deep/far/prices.py", "m0.py", "m1.py", "test_m.py"]
    assert all(sum(len(dict(files).get(path, "x")) for path in batch) <= 60_000 for batch in read)


def test_no_more_files_are_read_than_allowed() -> None:
    files = [(f"m{n}.py", "x") for n in range(9)]
    _, _, turns = survey("Bad.", listing(*files), "", files=4)
    assert sum(len(turn.command.split(" show ")[1].split()) for turn in turns[1:]) == 4


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (show(("a.py", "x\n"), ("b.py", "")), {"a.py": "x\n", "b.py": ""}),
        (show(("a.py", "==> b.py 3 <==\nabc")), {"a.py": "==> b.py 3 <==\nabc"}),
        ("==> a.py not UTF-8 <==\n" + show(("b.py", "y")), {"b.py": "y"}),
        (show(("a.py", "x\r\ny")), {}),
        (show(("a.py", "x\0")), {}),
        (show(("a.py", "xyz"))[:-2], {}),
        ("nothing", {}),
    ],
)
def test_only_what_was_shown_whole_is_read(text: str, found: dict[str, str]) -> None:
    assert dict(read_shown(text)) == found


@pytest.mark.parametrize(
    ("issue", "test", "has_pytest", "command"),
    [
        ("Run `python3 -m unittest -q`.", TEST, "no", ["python3", "-m", "unittest", "-q"]),
        ("Bad.", f"import pytest\n{TEST}", "yes",
         ["python3", "-m", "pytest", "-q", "--maxfail=60"]),
        ("Bad.", f"import pytest\n{TEST}", "no", ["auto"]),
        ("Bad.", TEST, "yes", ["auto"]),
    ],
)  # fmt: skip
def test_the_tests_command_is_the_issues_or_follows_from_the_tests(
    issue: str, test: str, has_pytest: str, command: list[str]
) -> None:
    files = (("a.py", CODE), ("test_a.py", test))
    _, bench, _ = survey(issue, listing(*files, pytest=has_pytest), show(*files))
    assert bench.command == command


@pytest.mark.parametrize(
    ("place", "in_place"), [("/work/x", True), ("/app/x", True), ("/w", False)]
)
def test_tests_that_name_the_work_folder_run_in_it(place: str, in_place: bool) -> None:
    files = (("a.py", CODE), ("test_a.py", f"{TEST}\nPLACE = '{place}'\n"))
    _, bench, _ = survey("Bad.", listing(*files), show(*files))
    assert bench.in_place is in_place


def test_examples_are_checked_with_the_names_of_one_module_only() -> None:
    issue = "`less(1, 1)` should return `True`. `twice(1)` should return `2`."
    files = (*FILES, ("src/pkg/b.py", "def twice(a): ...\n"), ("c.py", "twice = 3\n"))
    _, bench, _ = survey(issue, listing(*files), show(*files))
    assert bench.checks == [
        "check: from a import less; _got = less(1, 1); assert _got == True, _got"
    ]
    _, bench, _ = survey(issue, listing(*files[:3]), show(*files[:3]))
    assert "from pkg.b import twice" in bench.checks[1]


def first(bench: Bench, *outputs: Output) -> tuple[Any, list[Turn]]:
    return act(run_first(bench), say(*outputs))


def test_examples_that_hold_or_cannot_run_are_dropped() -> None:
    bench = Bench(RepairerConfig(), checks=["check: a", "check: b", "check: c"])
    output = report(
        5, fail("issue example 1", "NameError"), fail("issue example 3"), fail("t1"), quick=True
    )
    found, (turn,) = first(bench, output)
    assert turn.text == "Run the visible tests (all test files) and 3 examples of the issue."
    assert bench.checks == ["check: c"]
    assert (found.ran, found.failing) == (3, 2)
    assert [failure.id for failure in found.failures] == ["issue example 1", "t1"]
    assert bench.cpu == pytest.approx(2.0 / 8)


@pytest.mark.parametrize(
    "answer",
    [
        report(0),
        Output("Killed", 137),
        report(1, fail("pytest", "ModuleNotFoundError", "No module named 'pytest'")),
    ],
)
def test_a_command_that_runs_no_test_gives_way_to_all_files(answer: Output) -> None:
    bench = Bench(RepairerConfig(), command=["python3", "-m", "pytest"])
    found, turns = first(bench, answer, report(3))
    assert bench.command == ["auto"]
    assert (found.ran, len(turns)) == (3, 2)
    assert turns[1].command.partition(" <")[0].endswith(" auto")


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        ((listing(*FILES), show(*FILES), Output("Killed", 137)), "could not be run"),
        ((listing(*FILES), show(*FILES), report(0)), "there are no visible tests"),
        ((listing(*FILES), show(*FILES), report(2)), "all visible tests pass already"),
        ((listing(*FILES), show(FILES[1]), ""), "no Python file beside the tests"),
        ((listing(*FILES), show(*FILES),
          report(1, fail("t", "ModuleNotFoundError", "No module named 'numpy.x'"))),
         "need what is not installed: No module named 'numpy.x'"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_said(outputs: tuple[Output | str, ...], reason: str) -> None:
    end, turns = act(repair(assign()), say(*outputs))
    assert reason in end.reason
    assert not any("try: " in turn.text for turn in turns)


def test_a_missing_module_of_the_project_is_a_fault_to_repair() -> None:
    missing = report(1, fail("t", "ModuleNotFoundError", "No module named 'a.b'"))
    end, turns = act(repair(assign(tries=1)), say(listing(*FILES), show(*FILES), missing))
    assert any("try: " in turn.text for turn in turns)
    assert end.reason.startswith("1 changes tried")


def test_a_search_without_result_ends_with_what_it_still_has_to_say() -> None:
    end, turns = act(
        repair(assign(tries=2)), say(listing(*FILES), show(*FILES), report(1, fail("t")))
    )
    assert end.reason.startswith("2 changes tried, none of them helped")
    assert end.last_words.startswith("refuted: a.py:")
    assert "offline repairer: no language model" in turns[0].text


def test_a_repair_is_submitted_and_priors_are_told() -> None:
    key = "a.py:2 relational: return a < b -> return a <= b"
    priors = read_priors(f"[confirmed] {key}\n")
    outputs = (listing(*FILES), show(*FILES), report(1, fail("t")), report(1, kept=True), "")
    end, turns = act(repair(assign(priors=priors)), say(*outputs))
    assert turns[0].text.endswith(
        "Earlier attempts left 1 confirmed, 0 open, 0 refuted hypotheses: I start from those."
    )
    assert turns[-1].command == SUBMIT
    assert turns[-1].text == (
        f"confirmed: {key}\nAll visible tests pass with this change; submit it: {key}"
    )
    assert end == Surrender("the submission was not taken")


def ask(model: OfflineRepairer, *outputs: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Mend it."}]
    for output in outputs:
        message = model.query(messages)
        observed = model.format_observation_messages(message, [{"output": output, "returncode": 0}])
        messages += [message, *observed]
    return messages


def test_the_model_speaks_mini_swe_agents_protocol() -> None:
    model = OfflineRepairer("Bad.", 3)
    messages = ask(model, listing(*FILES), show(*FILES))
    assert [message["role"] for message in messages] == ["user", *["assistant", "user"] * 2]
    action = messages[1]["extra"]["actions"][0]
    assert list(action) == ["command"]
    assert messages[1]["extra"]["cost"] == 0.0
    assert messages[2]["content"].startswith("<returncode>0</returncode>\n<output>\n")
    assert model.serialize()["info"]["config"]["model"]["seed"] == 3
    assert model.get_template_vars()["model_name"] == "offline-repairer"
    assert model.format_message(role="user", content="x") == {"role": "user", "content": "x"}


@pytest.mark.parametrize(
    ("message", "output"),
    [
        ({"extra": {"raw_output": "a", "returncode": 3}, "content": "x"}, Output("a", 3)),
        ({"content": "x"}, Output("x", None)),
        ({"content": None, "extra": None}, Output("", None)),
        ({"extra": {"raw_output": None, "returncode": "3"}, "content": "x"}, Output("x", None)),
    ],
)
def test_outputs_are_read_of_whatever_stands_in_a_message(
    message: dict[str, Any], output: Output
) -> None:
    assert read_output(message) == output


def test_an_observation_tells_what_went_wrong() -> None:
    (told,) = OfflineRepairer("", 0).format_observation_messages(
        {}, [{"output": None, "returncode": -1, "exception_info": "timed out", "extra": {"a": 1}}]
    )
    assert told["content"].startswith("<exception>timed out</exception>\n<returncode>-1")
    assert told["extra"]["a"] == 1
    assert told["extra"]["raw_output"] == ""


def test_without_an_issue_the_prompt_is_read_and_no_prompt_is_none() -> None:
    model = OfflineRepairer("", 0)
    assert model._read([{"role": "user", "content": "Mend `less`."}]).issue == "Mend `less`."
    assert model._read([]).issue == ""
    assert OfflineRepairer("Own.", 0)._read([{"role": "user", "content": "x"}]).issue == "Own."
