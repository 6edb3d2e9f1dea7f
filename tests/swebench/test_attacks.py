"""Attacks from a container of SWE-bench's kind, while solving and while being graded."""

import asyncio
import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from rematch.agents.sandboxes import DockerConfig
from rematch.agents.sandboxes.images import Images, ImageSandbox
from rematch.data.records import Ending, Grade, Rollout
from rematch.data.swebench import SwebenchTask
from rematch.grading.swebench import SwebenchGrader, SwebenchGradingConfig
from tests.agents.boxes import TIGHT, list_actions, run_script
from tests.swebench.daemon import ask_docker, list_containers
from tests.swebench.instance import GOLD, HANGING, ID, LEFT_TO_THE_COLLECTOR

pytestmark = [pytest.mark.docker, *LEFT_TO_THE_COLLECTOR]

FILE = "src/flask/blueprints.py"
EDIT = f"sed -i 's/may not contain a dot/must have no dot/' {FILE}"


def solve(task: SwebenchTask, run: str, *commands: str) -> tuple[Sequence[str], Rollout]:
    """The outputs of an attack's commands; after it, work goes on and a patch comes out."""
    config = DockerConfig(image=task.image, workdir="/testbed")
    sandbox = ImageSandbox(config, TIGHT, Images(print), run)
    rollout = run_script(sandbox, *commands, EDIT, "git --version")
    outputs = [action.output for action in list_actions(rollout)]
    assert outputs[len(commands) + 1].startswith("git version")
    assert rollout.trajectory.ending is Ending.SUBMITTED
    return outputs, rollout


def test_network_daemon_and_machine_are_out_of_reach(
    flask_task: SwebenchTask, nothing_left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-key")
    outputs, rollout = solve(
        flask_task,
        nothing_left,
        "ls /sys/class/net; getent hosts example.com || echo nothing",
        "find / -name '*.sock' -not -path '/proc/*' 2>/dev/null; env; cat /proc/1/environ",
        "grep -E '^CapEff|^NoNewPrivs' /proc/self/status; mount -t tmpfs x /mnt; mknod d b 8 0",
    )
    assert outputs[0] == "lo\nnothing\n"
    assert ".sock" not in outputs[1]
    assert "canary-key" not in outputs[1]
    assert outputs[2].split()[:4] == ["CapEff:", "0" * 16, "NoNewPrivs:", "1"]
    assert "+            raise ValueError(\"'name' must have no dot" in (rollout.patch or "")


def test_limits_hold(flask_task: SwebenchTask, nothing_left: str) -> None:
    _, rollout = solve(
        flask_task,
        nothing_left,
        ":(){ :|:& };: ; sleep 1",
        "python3 -c 'x = bytearray(2 << 30)'",
        "for i in $(seq 99); do head -c 50M /dev/zero > big$i || break; done",
        "rm -f big*; sleep 0.7",
        "(setsid sleep 9871 &); sleep 60",
        "pgrep -f '^sleep 9871' || echo gone",
    )
    told = rollout.trajectory.ending_detail
    actions = list_actions(rollout)
    assert "disk limit" in told or actions[2].exit_code == 124  # on a busy machine
    assert "the time limit of 5 s" in told
    assert "MemoryError" in actions[1].output
    assert actions[4].exit_code == 124
    assert actions[5].output.endswith("gone\n")
    assert subprocess.run(["pgrep", "-f", "^sleep 9871"], capture_output=True).stdout == b""


def test_a_hostile_repository_changes_nothing_but_its_files(
    flask_task: SwebenchTask, nothing_left: str, tmp_path: Path
) -> None:
    pwned = tmp_path / "pwned"
    outputs, rollout = solve(
        flask_task,
        nothing_left,
        f"git config core.fsmonitor 'touch {pwned}'; git config diff.external 'touch {pwned}'; "
        f"git config filter.evil.clean 'touch {pwned}'; echo '* filter=evil diff=evil' > "
        ".gitattributes; printf 'touch x' > .git/hooks/post-index-change; chmod +x .git/hooks/*",
        "git -c user.name=a -c user.email=a@b commit -qam mine; rm -rf .git/index .git/HEAD",
        "ln -s / all; ln -s /etc/passwd users; echo '*' > .gitignore; mkdir -p sub/.git; "
        f"printf '[core]\\nfsmonitor = touch {pwned}\\n' > sub/.git/config; true",
        "python -m pytest -q tests/test_blueprints.py -k dotted; mkdir __pycache__; touch a.pyc",
    )
    patch = rollout.patch or ""
    assert not pwned.exists()
    names = [line.split()[-1] for line in patch.splitlines() if line.startswith("diff --git")]
    assert {"b/.gitattributes", "b/.gitignore", f"b/{FILE}"} <= {*names}
    assert not [name for name in names if re.search(r"all|users|sub|pyc|\.git/", name)]
    assert "root:x" not in patch
    assert "symlink out of the work folder" in rollout.trajectory.ending_detail
    assert "passed" in outputs[3]


@pytest.mark.parametrize("place", ["/", "/etc", "/nowhere"])
def test_a_replaced_work_folder_shows_nothing_of_another(
    flask_task: SwebenchTask, nothing_left: str, place: str
) -> None:
    config = DockerConfig(image=flask_task.image, workdir="/testbed")
    sandbox = ImageSandbox(config, TIGHT, Images(print), nothing_left)
    rollout = run_script(sandbox, f"mv /testbed /old; ln -s {place} /testbed; ls /testbed/ || true")
    added = [line for line in (rollout.patch or "").splitlines() if re.match(r"\+(?!\+\+ )", line)]
    assert added == []


def grade(
    task: SwebenchTask, folder: Path, run: str, patch: str, config: SwebenchGradingConfig
) -> Grade:
    labels = {"rematch.run": run}
    grader = SwebenchGrader({ID: task.sealed}, folder, config=config, labels=labels)
    rollout = Rollout(id="r", task_id=ID, patch=patch)

    async def watch() -> Grade:
        grading = asyncio.ensure_future(grader.grade(task.task, rollout))
        while not list_containers(run) and not grading.done():
            await asyncio.sleep(0.05)
        settings = json.loads(" ".join(ask_docker("inspect", *list_containers(run))))[0]
        assert settings["HostConfig"]["CapAdd"] in (None, [])
        assert not settings["Mounts"]
        made = await grading
        assert made.reward == 0
        return made

    return asyncio.run(watch())


@pytest.mark.slow
def test_a_patch_that_stops_the_harness_own_commands_is_ended(
    flask_task: SwebenchTask, nothing_left: str, tmp_path: Path
) -> None:
    script = '#!/bin/sh\\ncase "$*" in *fileMode*) sleep 1000;; esac\\nexec real "$@"\\n'
    replace = (
        "import os; os.path.exists('/bin/real') or (os.rename('/usr/bin/git', '/bin/real'), "
        f"open('/usr/bin/git', 'w').write('{script}'), os.chmod('/usr/bin/git', 0o755))"
    )
    stopping = HANGING.replace("import time; time.sleep(1_000)", replace)
    config = SwebenchGradingConfig(timeout=30, overhead=1)
    made = grade(flask_task, tmp_path, nothing_left, stopping, config)
    assert (made.status, made.detail) == ("grader-failed", "the harness took over 31 seconds")
    assert list(tmp_path.rglob("grade.json")) == [], "another time it may end"


def test_a_graded_patch_is_held_in_too(
    flask_task: SwebenchTask, nothing_left: str, tmp_path: Path
) -> None:
    tight = SwebenchGradingConfig(timeout=60, overhead=60, processes=200, memory_bytes=256 << 20)
    tighter = tight.model_copy(update={"timeout": 15})
    bomb = HANGING.replace(
        "import time; time.sleep(1_000)",
        "import os, time; [os.fork() or time.sleep(99) for _ in range(9_999)]",
    )
    made = grade(flask_task, tmp_path, nothing_left, bomb, tighter)
    # The daemon's own process inside may find no room either, and the harness waits for it.
    assert made.status in ("graded", "timeout", "grader-failed")
    hog = HANGING.replace("import time; time.sleep(1_000)", "x = b'1' * (2 << 30)")
    assert grade(flask_task, tmp_path, nothing_left, hog, tight).status == "graded"
    liar = GOLD.replace("raise ValueError", "print('PASSED tests/test_blueprints.py::x'); exit")
    assert grade(flask_task, tmp_path, nothing_left, liar, tight).status == "graded"
