"""What only containers do."""

from contextlib import closing
from pathlib import Path

import pytest
from docker import DockerClient
from docker.models.containers import Container

from rematch.agents.sandboxes import DockerConfig, DockerSandbox
from rematch.agents.sandboxes.daemon import connect_docker, list_labels, may_have_quota
from tests.agents.boxes import IMAGE, TIGHT, make_sandbox

pytestmark = pytest.mark.docker


def find_ours(client: DockerClient) -> list[Container]:
    """The containers that this process started for a sandbox of the tests."""
    labels: str | list[str] = [f"{name}={it}" for name, it in list_labels("tests").items()]
    return client.containers.list(filters={"label": labels})


def test_an_images_own_folder_is_the_starting_state() -> None:
    config = DockerConfig(image=IMAGE.image, workdir="/etc/alternatives")
    with DockerSandbox(None, TIGHT, config=config) as sandbox:
        assert sandbox.diff() == ""
        sandbox.execute("echo new > mine; rm awk")
        patch = sandbox.diff()
    assert "+++ b/mine" in patch
    assert "deleted file mode 120000\nindex" in patch
    assert patch.count("diff --git") == 2


def test_containers_carry_the_labels_by_which_they_are_swept(source: Path) -> None:
    with make_sandbox("docker", source), closing(connect_docker()) as client:
        found = find_ours(client)
        assert len(found) == 1
        found[0].reload()
        settings = found[0].attrs["HostConfig"]
    assert settings["NetworkMode"] == "none"
    assert settings["Memory"] == settings["MemorySwap"] == TIGHT.memory_bytes
    assert settings["PidsLimit"] == TIGHT.processes
    assert settings["CapDrop"] == ["ALL"]
    assert settings["SecurityOpt"] == ["no-new-privileges"]
    assert not settings["Binds"]


def test_a_stopped_container_is_started_again(source: Path) -> None:
    with make_sandbox("docker", source) as sandbox, closing(connect_docker()) as client:
        sandbox.execute("echo kept > new")
        find_ours(client)[0].kill()
        assert sandbox.execute("cat new").output == "kept\n"
        assert sandbox.incidents == ["the container had stopped and was started again"]


@pytest.mark.parametrize(
    "told",
    [
        "OCI runtime exec failed: exec failed: unable to start container process",
        "runtime/cgo: pthread_create failed: Resource temporarily unavailable",
        "runtime: failed to create new OS thread (have 5 already; errno=11)",
    ],
)
def test_a_command_that_found_no_room_is_run_again_without_the_old_ones(
    source: Path, told: str
) -> None:
    """As the daemon fails where earlier commands use up all processes; told by a script here."""
    fails_once = f"[ -e tried ] || {{ touch tried; echo '{told}'; exit 2; }}; pgrep -c sleep"
    with make_sandbox("docker", source) as sandbox:
        sandbox.execute("(setsid sleep 9872 &); true")
        assert sandbox.execute("pgrep -c sleep").output == "2\n"
        assert sandbox.execute(fails_once).output == "1\n", "the container's own is left"
        assert sandbox.incidents == ["no room for a new process: the old ones were ended"]


def test_the_network_is_there_by_option(source: Path) -> None:
    config = DockerConfig(image=IMAGE.image, network=True)
    with DockerSandbox(source, TIGHT, config=config) as sandbox:
        assert "eth0" in sandbox.execute("cat /proc/net/dev").output


@pytest.mark.parametrize(
    ("driver", "backing", "expected"),
    [("overlay2", "extfs", False), ("overlay2", "xfs", True), ("btrfs", "", True)],
)
def test_quotas_are_asked_for_where_there_may_be_some(
    driver: str, backing: str, expected: bool
) -> None:
    info = {"Driver": driver, "DriverStatus": [["Backing Filesystem", backing]]}
    assert may_have_quota(info) is expected
