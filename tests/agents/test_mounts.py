"""What a bwrap sandbox shows of this machine, and what it covers."""

import sys
import tempfile
from pathlib import Path

import pytest

from rematch.agents.sandboxes import BwrapSandbox
from rematch.agents.sandboxes.mounts import find_package, list_mounts
from rematch.errors import UsageError
from tests.agents.boxes import TIGHT, write_files

CHECKOUT = Path(__file__).resolve().parents[2]
outside_tmp = pytest.mark.skipif(
    CHECKOUT.is_relative_to("/tmp"), reason="the checkout lies in /tmp, which is never shown"
)


def test_the_root_is_never_mounted() -> None:
    arguments = list_mounts((), ())
    sources = [arguments[i + 1] for i, word in enumerate(arguments) if word.startswith("--ro-bind")]
    prefix = Path(sys.base_prefix).resolve()
    assert "/" not in sources
    for source in sources:
        path = Path(source)
        assert (
            path.is_relative_to("/usr")
            or path.parent in (Path("/"), Path("/etc"))
            or (path == prefix)
        )


@outside_tmp
def test_our_own_folders_are_covered_where_they_would_be_seen(tmp_path: Path) -> None:
    assert set(find_package()) == {CHECKOUT}
    arguments = list_mounts([CHECKOUT.parent], [tmp_path])
    place = arguments.index(str(CHECKOUT))
    assert arguments[place - 3 : place] == ["--perms", "0000", "--tmpfs"]
    assert str(tmp_path) not in arguments  # lies in nothing that is seen


def test_folders_where_commands_write_are_not_mounted_into(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    for path in (Path("/tmp/tools"), Path("/"), tmp_path / "link", Path("/none")):
        with pytest.raises(UsageError, match="cannot show"):
            list_mounts([path], [])


@pytest.mark.bwrap
def test_a_folder_may_be_read_without_what_is_hidden_in_it(source: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        shown = write_files(Path(folder), {"tool": "of use\n", "inner/key": "canary\n"})
        shown.chmod(0o755)
        with BwrapSandbox(source, TIGHT, read=[shown], hidden=[shown / "inner"]) as sandbox:
            assert sandbox.execute(f"cat {shown}/tool").output == "of use\n"
            inner = sandbox.execute(f"cat {shown}/inner/key; ls {shown}/inner; true")
            assert "canary" not in inner.output
            assert sandbox.execute(f"echo x > {shown}/tool").returncode != 0


@outside_tmp
@pytest.mark.bwrap
def test_tasks_stay_hidden_when_the_checkout_is_shown(source: Path) -> None:
    with BwrapSandbox(source, TIGHT, read=[CHECKOUT.parent]) as sandbox:
        assert CHECKOUT.name in sandbox.execute(f"ls {CHECKOUT.parent}").output
        result = sandbox.execute(f"find {CHECKOUT} -name '*.py' -o -name pyproject.toml | wc -l")
        assert result.output.endswith("0\n")
