"""The Docker daemon, asked over its socket: who answers, which images, and whose left-overs."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError, DockerException
from requests import Response
from requests.exceptions import ConnectionError as RequestsConnectionError

from rematch.agents.sandboxes.containers import DockerConfig
from rematch.agents.sandboxes.daemon import (
    MACHINE,
    OWNER,
    OWNER_START,
    RUN,
    connect_docker,
    find_image_fault,
    forgive_absence,
    list_labels,
    list_settings,
    may_have_quota,
    sweep_containers,
    translate_errors,
)
from rematch.agents.sandboxes.images import Images, ImageSandbox, split_image
from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.agents.sandboxes.owners import name_machine, read_start
from rematch.errors import AgentError, SandboxError
from tests.agents.daemons import Daemon, open_daemon

GONE = 4_000_000  # beyond any process number of Linux' default


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    with tempfile.TemporaryDirectory() as folder, open_daemon(Path(folder), monkeypatch) as made:
        yield made


def test_a_socket_that_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(SandboxError, match=r"no Docker daemon answers: No such file .*no\.sock"):
        connect_docker()


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:1", "nonsense://x"])
def test_a_host_that_does_not_answer_is_one_line(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(SandboxError, match="no Docker daemon answers: ") as caught:
        connect_docker()
    assert "\n" not in str(caught.value)


def test_a_daemon_that_answers_is_connected_to(daemon: Daemon) -> None:
    with contextlib.closing(connect_docker()) as client:
        assert client.ping()


def test_an_image_that_is_missing_is_named_with_what_to_do(daemon: Daemon) -> None:
    daemon.images.add("acme/rocket:1")
    assert find_image_fault("acme/rocket:1") == ""
    assert find_image_fault("acme/rocket:2") == (
        "image acme/rocket:2 is not on this machine (docker pull acme/rocket:2)"
    )


def owned(process: int, start: str = "") -> dict[str, str]:
    return {OWNER: str(process), OWNER_START: start, MACHINE: name_machine(), RUN: "r"}


def test_only_what_dead_processes_left_is_swept(daemon: Daemon) -> None:
    me = os.getpid()
    daemon.containers = {
        "mine": owned(me, read_start(me)),
        "old": owned(GONE, "1"),
        "reused": owned(me, "1"),  # another process had our number before
    }
    assert sweep_containers() == 2
    assert daemon.containers.keys() == {"mine"}
    assert sweep_containers() == 0


def test_a_container_that_others_remove_meanwhile_is_no_fault(daemon: Daemon) -> None:
    daemon.containers = {name: owned(GONE) for name in ("a", "b", "c")}
    daemon.deaf = {"a": 404, "b": 409}
    assert sweep_containers() == 1
    daemon.containers, daemon.deaf = {"d": owned(GONE)}, {"d": 500}
    with pytest.raises(SandboxError, match="cannot sweep: no"):
        sweep_containers()


def test_our_own_labels_are_those_by_which_we_are_known_alive(daemon: Daemon) -> None:
    labels = list_labels("run 1")
    assert labels == {**owned(os.getpid(), read_start(os.getpid())), RUN: "run 1"}
    daemon.containers = {"mine": labels}
    assert sweep_containers() == 0


def progress(layer: str, current: int, total: int) -> dict[str, Any]:
    detail = {"current": current, "total": total}
    return {"status": "Downloading", "id": layer, "progressDetail": detail}


def test_a_missing_image_is_pulled_once_and_told(daemon: Daemon) -> None:
    events = [{"status": "Pulling"}, progress("a", 1, 9), progress("b", 0, 0), {"status": "Done"}]
    daemon.hub["acme/rocket:1"] = events
    told: list[str] = []
    images = Images(told.append)
    images.fetch("acme/rocket:1")
    images.fetch("acme/rocket:1")
    assert told == ["pulling image acme/rocket:1"]
    assert (daemon.count("POST /images/create"), daemon.count("GET /images")) == (1, 1)


def test_an_image_that_is_here_is_not_pulled(daemon: Daemon) -> None:
    daemon.images.add("acme/rocket:1")
    told: list[str] = []
    Images(told.append).fetch("acme/rocket:1")
    assert told == [] and daemon.count("POST") == 0


def test_many_threads_pull_an_image_once(daemon: Daemon) -> None:
    daemon.hub["acme/rocket:1"] = [{"status": "Done"}]
    images = Images(lambda line: None)
    threads = [threading.Thread(target=images.fetch, args=("acme/rocket:1",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert daemon.count("POST /images/create") == 1


def test_a_pull_that_fails_is_one_line_and_may_be_tried_again(daemon: Daemon) -> None:
    fault = "image acme/rocket:1 is not on this machine and cannot be pulled: "
    images = Images(lambda line: None)
    for events, why in [
        (None, "pull access denied for acme/rocket:1"),
        ([{"status": "Pulling"}, {"error": "no space left"}], "no space left"),
    ]:
        if events:
            daemon.hub["acme/rocket:1"] = events
        with pytest.raises(SandboxError) as caught:
            images.fetch("acme/rocket:1")
        assert str(caught.value) == fault + why
    daemon.hub["acme/rocket:1"] = [{"status": "Done"}]
    images.fetch("acme/rocket:1")


def test_without_its_image_a_task_cannot_be_attempted_at_all(daemon: Daemon) -> None:
    """An AgentError ends the task; a SandboxError would be taken for one failed attempt."""
    images = Images(lambda line: None)
    sandbox = ImageSandbox(DockerConfig(image="acme/rocket:1"), SandboxLimits(), images)
    with pytest.raises(AgentError, match="cannot be pulled"):
        sandbox.open()


@pytest.mark.parametrize(
    ("image", "name", "tag"),
    [
        ("bash", "bash", "latest"),
        ("bash:5", "bash", "5"),
        ("a/b/c:1.2-x", "a/b/c", "1.2-x"),
        ("localhost:5000/a", "localhost:5000/a", "latest"),
        ("localhost:5000/a:2", "localhost:5000/a", "2"),
        ("a@sha256:12", "a@sha256:12", None),
        ("localhost:5000/a:2@sha256:12", "localhost:5000/a:2@sha256:12", None),
    ],
)
def test_a_port_is_no_tag(image: str, name: str, tag: str | None) -> None:
    assert split_image(image) == (name, tag)


def test_a_rollouts_container_has_no_rights_and_no_swap() -> None:
    limits = SandboxLimits(memory_bytes=1 << 26, file_bytes=1 << 21, processes=32)
    settings = list_settings(limits)
    assert settings["cap_drop"] == ["ALL"]
    assert settings["security_opt"] == ["no-new-privileges"]
    assert settings["mem_limit"] == settings["memswap_limit"] == 1 << 26
    assert settings["pids_limit"] == 32
    sizes = {limit.name: (limit.soft, limit.hard) for limit in settings["ulimits"]}
    assert sizes == {"core": (0, 0), "data": (1 << 26,) * 2, "fsize": (1 << 21,) * 2}


@pytest.mark.parametrize(
    ("info", "may"),
    [
        ({"Driver": "btrfs"}, True),
        ({"Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "xfs"]]}, True),
        ({"Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]]}, False),
        ({"Driver": "overlay2", "DriverStatus": None}, False),
        ({}, False),
    ],
)
def test_which_storage_may_bound_a_layer(info: dict[str, Any], may: bool) -> None:
    assert may_have_quota(info) is may


def api_error(status: int, explanation: str = "") -> APIError:
    response = Response()
    response.status_code = status
    return APIError("failed", response, explanation)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (api_error(500, "first\nsecond"), "cannot look: first"),
        (DockerException("bad\nworse"), "cannot look: bad"),
        (RequestsConnectionError(), "cannot look: ConnectionError"),
        (OSError("  \n"), "cannot look: OSError"),
    ],
)
def test_errors_of_the_daemon_become_one_line(error: Exception, line: str) -> None:
    with pytest.raises(SandboxError) as caught, translate_errors("cannot look"):
        raise error
    assert str(caught.value) == line
    assert caught.value.__cause__ is error


def test_faults_of_ours_are_not_the_daemons() -> None:
    with pytest.raises(KeyError), translate_errors("cannot look"):
        raise KeyError("x")


@pytest.mark.parametrize("status", [404, 409])
def test_what_is_gone_is_forgiven(status: int) -> None:
    with forgive_absence():
        raise api_error(status)
    with pytest.raises(APIError), forgive_absence():
        raise api_error(500)
