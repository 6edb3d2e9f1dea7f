import subprocess
import sys
from pathlib import Path

import pytest

from rematch.agents.sandboxes import (
    BwrapSandbox,
    DockerConfig,
    DockerSandbox,
    ProcessSandbox,
    SandboxConfig,
    choose_sandbox,
    sweep,
)
from rematch.errors import SandboxError, UsageError
from tests.agents.boxes import IMAGE, make_sandbox

FAULTS = {"bwrap": "it is not installed", "docker": "no Docker daemon answers"}


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The kinds that work, as the tests wish."""
    kinds: set[str] = set()
    monkeypatch.setattr(
        "rematch.agents.sandboxes.choose.find_fault",
        lambda kind, config: "" if kind in kinds else FAULTS[kind],
    )
    return kinds


@pytest.mark.parametrize("trusted", [True, False])
def test_auto_takes_the_first_that_works(works: set[str], trusted: bool) -> None:
    works |= {"docker"}
    assert choose_sandbox("auto", trusted).kind == "docker"
    works |= {"bwrap"}
    choice = choose_sandbox("auto", trusted)
    assert (choice.kind, choice.notice) == ("bwrap", "")


def test_a_trusted_agent_may_do_without_and_says_so(works: set[str]) -> None:
    choice = choose_sandbox("auto", trusted_agent=True)
    assert choice.kind == "process"
    assert choice.notice == (
        "commands run in throw-away copies without isolation (bwrap: it is not installed; "
        "docker: no Docker daemon answers)"
    )


def test_a_models_agent_must_not_and_is_told_how(works: set[str]) -> None:
    with pytest.raises(SandboxError) as caught:
        choose_sandbox("auto", trusted_agent=False)
    line = str(caught.value)
    for part in ("apt-get install bubblewrap", "start Docker", "--sandbox process"):
        assert part in line
    assert "\n" not in line


def test_a_models_agent_gets_process_by_name(works: set[str]) -> None:
    choice = choose_sandbox("process", trusted_agent=False)
    assert choice.kind == "process"
    assert "without isolation" in choice.notice


@pytest.mark.parametrize("kind", ["bwrap", "docker"])
def test_what_was_asked_for_and_is_missing_is_one_line(works: set[str], kind: str) -> None:
    with pytest.raises(SandboxError, match=f"^no {kind}: .*; (install|start) .*--sandbox$"):
        choose_sandbox(kind, trusted_agent=True)


def test_an_unknown_kind_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="--sandbox takes auto, bwrap, docker, process"):
        choose_sandbox("chroot", trusted_agent=True)


def test_each_kind_is_made_with_its_settings(works: set[str], source: Path) -> None:
    works |= {"bwrap", "docker"}
    config = SandboxConfig(docker=IMAGE)
    made = [choose_sandbox(kind, True, config).make(source) for kind in ("bwrap", "process")]
    assert [type(sandbox) for sandbox in made] == [BwrapSandbox, ProcessSandbox]
    container = choose_sandbox("docker", True, config).make(None)
    assert isinstance(container, DockerSandbox)
    assert container.config == IMAGE
    with pytest.raises(UsageError, match="needs a folder"):
        choose_sandbox("process", True).make(None)


@pytest.mark.bwrap
def test_bwrap_works_here() -> None:
    assert choose_sandbox("bwrap", trusted_agent=False).kind == "bwrap"


@pytest.mark.docker
def test_docker_works_here_with_an_image_that_is_here(source: Path) -> None:
    assert choose_sandbox("docker", False, SandboxConfig(docker=IMAGE)).kind == "docker"
    missing = DockerConfig(image="rematch/none:1")
    with pytest.raises(SandboxError, match="docker pull rematch/none:1"):
        choose_sandbox("docker", False, SandboxConfig(docker=missing))
    with (
        pytest.raises(SandboxError, match="docker pull rematch/none:1"),
        DockerSandbox(source, config=missing),
    ):
        pass


def test_no_daemon_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(SandboxError, match="no Docker daemon answers: ") as caught:
        choose_sandbox("docker", False)
    assert "\n" not in str(caught.value)


def leave_behind(kind: str, source: Path) -> None:
    """What a process that is killed leaves."""
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from tests.agents.boxes import make_sandbox\n"
        "make_sandbox(sys.argv[1], Path(sys.argv[2])).open()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, kind, str(source)], cwd=Path.cwd())
    assert done.returncode == -9


@pytest.mark.parametrize("kind", ["process", pytest.param("docker", marks=pytest.mark.docker)])
def test_what_a_killed_run_left_is_swept(
    kind: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = tmp_path / "boxes"
    boxes.mkdir()
    monkeypatch.setenv("TMPDIR", str(boxes))
    monkeypatch.setattr("tempfile.tempdir", str(boxes))
    if kind == "process":
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with make_sandbox(kind, source) as living:
        sweep()
        leave_behind(kind, source)
        assert sweep() == 1
        assert sweep() == 0
        assert living.execute("echo on").output == "on\n"
    assert not list(boxes.iterdir())
