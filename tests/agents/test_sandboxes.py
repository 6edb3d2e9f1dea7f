"""What all kinds of sandbox do alike. Their differences are in test_attacks.py."""

import time
from pathlib import Path
from threading import Timer

import pytest

from rematch.agents.sandboxes import SandboxLimits
from rematch.errors import SandboxError
from tests.agents.boxes import ALL, TIGHT, make_sandbox, write_files

pytestmark = pytest.mark.parametrize("kind", ALL)


def test_commands_run_in_a_copy(kind: str, source: Path) -> None:
    with make_sandbox(kind, source) as sandbox:
        assert sandbox.execute("cat a.py pkg/b.py") == ("x = 1\ny = 2\n", 0, False)
        assert sandbox.execute("echo 'x = 2' > a.py; echo out; echo err >&2; exit 3") == (
            "out\nerr\n",
            3,
            False,
        )
        assert sandbox.execute("cat a.py").output == "x = 2\n"
        assert "+x = 2" in sandbox.diff()
    assert (source / "a.py").read_text() == "x = 1\n"


def test_every_rollout_gets_a_fresh_copy(kind: str, source: Path) -> None:
    with make_sandbox(kind, source) as first, make_sandbox(kind, source) as second:
        first.execute("rm -r a.py pkg; touch new ~/mark")
        assert second.execute("ls; ls ~/mark").output.startswith("a.py\npkg\nls: cannot access")
        assert second.diff() == ""


def test_what_a_command_leaves_is_there_for_the_next(kind: str, source: Path) -> None:
    with make_sandbox(kind, source) as sandbox:
        sandbox.execute("echo 1 > new; echo 2 > ${TMPDIR:-/tmp}/new; echo 3 > ~/mine")
        assert sandbox.execute("cat new ${TMPDIR:-/tmp}/new ~/mine").output == "1\n2\n3\n"


def test_the_diff_holds_new_changed_and_deleted_files(kind: str, source: Path) -> None:
    with make_sandbox(kind, source) as sandbox:
        sandbox.execute(
            "printf 'x = 3\\n' > a.py; rm pkg/b.py; mkdir -p new; printf 'n\\n' > new/n.py;"
            "chmod +x pkg/run.sh; printf 'caf\\351\\n' > latin; ln -s a.py link;"
            "ln -s /etc/passwd trap; mkfifo pipe; mkdir __pycache__; touch __pycache__/a.pyc"
        )
        patch = sandbox.diff()
        for line in (
            "+x = 3",
            "deleted file mode 100644",
            "+++ b/new/n.py",
            "new mode 100755",
            "GIT binary patch",
            "new file mode 120000",
        ):
            assert line in patch
        assert "passwd" not in patch
        assert "pyc" not in patch
        assert sorted(sandbox.incidents) == [
            "the patch leaves out pipe (no file, folder or symlink)",
            "the patch leaves out trap (symlink out of the work folder)",
        ]


def test_a_planted_repository_is_not_obeyed(kind: str, source: Path) -> None:
    write_files(source, {".git/HEAD": "ref: refs/heads/main\n", ".git/config": "[core]\n"})
    with make_sandbox(kind, source) as sandbox:
        sandbox.execute(
            "printf '[core]\\n\\tfsmonitor = touch /tmp/sprung\\n[diff]\\n\\texternal = touch "
            "/tmp/sprung\\n' > .git/config; echo '* diff=evil filter=evil' > .gitattributes;"
            "echo 'x = 2' > a.py"
        )
        patch = sandbox.diff()
    assert "+x = 2" in patch
    assert ".git/config" not in patch
    assert not Path("/tmp/sprung").exists()


def test_the_environment_holds_nothing_of_ours(
    kind: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with make_sandbox(kind, source) as sandbox:
        sandbox.env["PAGER"] = "cat"
        output = sandbox.execute("env").output
    assert "secret" not in output
    assert "PAGER=cat" in output
    assert "PYTHONDONTWRITEBYTECODE=1" in output


def test_a_command_that_takes_too_long_is_stopped(kind: str, source: Path) -> None:
    with make_sandbox(kind, source) as sandbox:
        started = time.monotonic()
        result = sandbox.execute("echo begun; sleep 60", timeout=2)
        assert time.monotonic() - started < 20
        assert result == ("begun\n[stopped: the time limit of 2 s]\n", 124, True)
        assert sandbox.incidents == ["stopped: the time limit of 2 s"]
        assert sandbox.execute("echo on").output == "on\n"


def test_the_limits_bound_the_asked_time(kind: str, source: Path) -> None:
    with make_sandbox(kind, source, SandboxLimits(seconds=0.5)) as sandbox:
        assert sandbox.execute("sleep 60", timeout=100).timed_out


def test_output_without_end_is_cut_and_stopped(kind: str, source: Path) -> None:
    with make_sandbox(kind, source) as sandbox:
        result = sandbox.execute("yes")
        assert result.returncode == 137
        assert result.output.endswith("[stopped: more than 21 MB of output]\n")
        assert len(result.output) < TIGHT.output_bytes + 200
        long = sandbox.execute("yes | head -c 100000").output
        assert "bytes left out ...]" in long
        assert len(long) < TIGHT.output_bytes + 100


def test_a_background_process_does_not_hold_the_command(kind: str, source: Path) -> None:
    with make_sandbox(kind, source) as sandbox:
        started = time.monotonic()
        assert sandbox.execute("sleep 30 & echo on").output == "on\n"
        assert time.monotonic() - started < 20


def test_a_command_may_close_its_output_and_go_on(kind: str, source: Path) -> None:
    with make_sandbox(kind, source) as sandbox:
        sandbox.execute("exec >&- 2>&-; sleep 0.3; touch done")
        assert sandbox.execute("ls done").returncode == 0


@pytest.mark.parametrize("command", ["echo \0", "echo \ud800", ": " + "x" * 200_000])
def test_a_command_that_cannot_start_is_refused(kind: str, source: Path, command: str) -> None:
    with make_sandbox(kind, source) as sandbox:
        assert sandbox.execute(command).returncode == 126
        assert sandbox.execute("echo on").output == "on\n"


def test_signals_give_the_codes_that_a_shell_shows(kind: str, source: Path) -> None:
    with make_sandbox(kind, source) as sandbox:
        assert sandbox.execute("kill -TERM $$").returncode == 143


def test_cancel_stops_the_command_under_way(kind: str, source: Path) -> None:
    with make_sandbox(kind, source) as sandbox:
        Timer(0.3, sandbox.cancel).start()
        assert sandbox.execute("sleep 60").returncode == 137
        assert sandbox.incidents == ["stopped: cancelled"]


def test_a_closed_sandbox_says_so(kind: str, source: Path) -> None:
    sandbox = make_sandbox(kind, source)
    with sandbox:
        pass
    sandbox.close()
    for use in (lambda: sandbox.execute("true"), sandbox.diff):
        with pytest.raises(SandboxError, match="closed"):
            use()


def test_a_missing_source_is_one_line(kind: str, source: Path) -> None:
    with (
        pytest.raises(SandboxError, match="cannot read folder"),
        make_sandbox(kind, source / "missing"),
    ):
        pass


def test_folders_closed_to_us_are_opened_for_the_patch(kind: str, source: Path) -> None:
    with make_sandbox(kind, source) as sandbox:
        sandbox.execute("mkdir shut; echo new > shut/file; chmod 000 shut")
        assert "b/shut/file" in sandbox.diff()
