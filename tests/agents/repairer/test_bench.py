"""Commands and messages of one rollout."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from rematch.agents.repairer.bench import (
    Bench,
    Output,
    Turn,
    list_command,
    show_command,
    write_install,
)
from rematch.agents.repairer.changes import make_change
from rematch.agents.repairer.config import RepairerConfig
from rematch.agents.repairer.source import Source, Span
from tests.agents.repairer.acting import act, fail, report, say

SOURCE = Source("a b.py", "x = 1\ny = 2\n")
PATCH = (make_change(SOURCE, 1, "constant", (Span(4, 5, "7"),), 1.0),)


def make_bench(**settings: float) -> Bench:
    return Bench(RepairerConfig.model_validate(settings), sources={"a b.py": SOURCE})


def read_words(turn: Turn) -> list[str]:
    return shlex.split(turn.command.partition(" <")[0])


def test_notes_stand_at_the_head_of_one_message() -> None:
    bench = make_bench()
    bench.note("refuted: a")
    bench.note("")
    assert bench.say("Next.") == "refuted: a\nNext."
    assert bench.say("Next.") == "Next."


def test_a_test_run_says_what_it_may_use() -> None:
    bench = make_bench(seconds=7, cpu_seconds=0.5, shown=99)
    found, turns = act(bench.test("Run."), say(report(2, fail("t"))))
    assert found is not None
    assert (found.ran, found.failed_ids) == (2, {"t"})
    (turn,) = turns
    words = read_words(turn)
    assert words[0] == "PYTHONHASHSEED=0"
    assert words[3:] == ["--seconds", "7", "--cpu", "0.5", "--shown", "99", "auto"]
    assert turn.command.endswith(" </dev/null")


def test_tracing_gets_more_time_and_a_kept_edit_its_word() -> None:
    bench = make_bench()
    bench.cpu, bench.in_place, bench.command = 0.25, True, ["python3", "-m", "pytest", "a b"]
    _, (turn,) = act(bench.test("Run.", PATCH, keep="passing", cover=True), say(report(1)))
    assert read_words(turn)[3:] == [
        *("--cover", "--keep", "passing", "--in-place"),
        *("--seconds", "10", "--cpu", "1", "--shown", "1500"),
        *("python3", "-m", "pytest", "a b"),
    ]


def test_an_edit_and_checks_are_given_as_they_are() -> None:
    bench = make_bench()
    bench.checks = ["check: f('$HOME `x`') == \"'\""]
    _, (turn,) = act(bench.test("Run.", PATCH), say(report(1)))
    given = turn.command.partition(" <<'INPUT'\n")[2]
    assert given == f"@@ a b.py:1\n-x = 1\n+x = 7\n{bench.checks[0]}\nINPUT"


@pytest.mark.parametrize(
    "output", [Output("Killed", 137), Output(""), Output("no run: a b.py:1 does not read", 2)]
)
def test_no_report_is_none(output: Output) -> None:
    found, turns = act(make_bench().test("Run.", PATCH), say(output))
    assert found is None
    assert len(turns) == 1  # the copy is gone, the folder as it was


OTHER = (make_change(SOURCE, 2, "constant", (Span(10, 11, "9"),), 1.0),)


def test_several_patches_are_given_in_one_command() -> None:
    outputs = report(2, fail("t")).text + report(2, fail("u")).text
    found, (turn,) = act(make_bench().test_each("Run.", [PATCH, OTHER]), say(outputs))
    assert [one and one.failed_ids for one in found] == [{"t"}, {"u"}]
    given = turn.command.partition(" <<'INPUT'\n")[2]
    assert given == "@@ a b.py:1\n-x = 1\n+x = 7\n\n@@ a b.py:2\n-y = 2\n+y = 9\nINPUT"


def test_after_what_is_kept_nothing_was_tried() -> None:
    kept = say(report(2, kept=True))
    found, turns = act(make_bench().test_each("Run.", [PATCH, OTHER], keep="passing"), kept)
    assert [one and one.kept for one in found] == [True]
    assert len(turns) == 1


@pytest.mark.parametrize(("text", "cut"), [("Killed", 0), (report(1).text, 1)])
def test_the_run_that_was_cut_off_has_no_report_and_is_put_back(text: str, cut: int) -> None:
    bench = make_bench()
    bench.in_place = True
    patches = [PATCH, OTHER, PATCH]
    found, turns = act(bench.test_each("Run.", patches), say(Output(text, 137), ""))
    assert [one is None for one in found] == [False] * cut + [True]
    assert turns[1].text == "The run was cut off: a b.py is put back."


def test_what_was_cut_off_in_the_folder_itself_is_put_back(tmp_path: Path) -> None:
    text = "x = 1\nEND_OF_FILE\n$HOME `false` \\\n"
    bench = Bench(RepairerConfig(), sources={"a b.py": Source("a b.py", text)}, in_place=True)
    _, (_, back) = act(bench.test("Run.", PATCH), say(Output("Killed", 137), ""))
    assert back.text == "The run was cut off: a b.py is put back."
    (tmp_path / "a b.py").write_text("half")
    subprocess.run(["bash", "-c", back.command], cwd=tmp_path, check=True)
    assert (tmp_path / "a b.py").read_text() == text


def test_scripts_are_sent_again_once_forgotten_and_then_always() -> None:
    bench = make_bench()
    missing = Output("python3: can't open file 'run_tests.py': [Errno 2]", 2)
    found, turns = act(bench.test("Run."), say(missing, report(1)))
    assert found is not None
    assert [write_install() in turn.command for turn in turns] == [False, True]
    assert "sent again" in turns[1].text
    _, (third,) = act(bench.test("Again."), say(missing))  # no second time: that is the answer
    assert third.command.startswith(write_install())


def test_another_commands_missing_file_is_no_forgotten_script() -> None:
    bench = make_bench()
    output, turns = act(bench.run("Look.", "cat x"), say("cat: x: No such file or directory"))
    assert output.text.startswith("cat: x")
    assert len(turns) == 1


def test_installing_writes_the_scripts_beside_each_other(tmp_path: Path) -> None:
    command = f"{write_install()}\n{list_command(5)}\n{show_command(['odd name.py', '-n.py'])}"
    work = tmp_path / "work"
    work.mkdir()
    (work / "odd name.py").write_text("y = 'ü'\n")
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=work,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    installed = {path.name for path in (tmp_path / "offline-repairer").iterdir()}
    assert installed == {"files.py", "run_tests.py", "repairer_trial.py", "repairer_suites.py",
                         "repairer_recorder.py"}  # fmt: skip
    assert done.stdout.startswith("9 odd name.py\npython files: 1, others: 0, pytest: ")
    assert done.stdout.endswith("==> odd name.py 8 <==\ny = 'ü'\n\n==> -n.py not UTF-8 <==\n")
