"""Rules of the tree: short files, no address of a machine or registry, whole links and locks."""

import re
import subprocess
import tempfile
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
TOP_LEVEL_ROOMS = ("data", "optimizers", "programs", "signatures")


def list_files() -> list[Path]:
    """Return the files that are, or would be, committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / line for line in listed.splitlines()]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def test_no_source_file_is_longer_than_300_lines() -> None:
    long = {}
    for path in list_files():
        is_source = path.suffix in {".py", ".sh"} or path.parent.name in {"tools", ".ci"}
        if is_source and (count := len(path.read_text().splitlines())) > 300:
            long[str(path.relative_to(ROOT))] = count
    assert long == {}


def test_no_file_names_a_registry_or_this_machine() -> None:
    # Written in two parts, or this file would name them.
    registries = [("pypi", "org"), ("pythonhosted", "org"), ("debian", "org"), ("npmjs", "org")]
    hosts = [".".join(parts) for parts in registries]
    shared = {Path("/"), Path(tempfile.gettempdir())}
    folders = [f"{folder}/" for folder in {ROOT.parent, Path.home()} - shared]
    pattern = re.compile("|".join(map(re.escape, hosts + folders)))
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in list_files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_typings_link_every_file_and_room() -> None:
    entries = [path for path in (ROOT / "rematch").iterdir() if path.name != "__pycache__"]
    expected = {path.name: path for path in [*entries, *(ROOT / name for name in TOP_LEVEL_ROOMS)]}
    links = {path.name: path for path in (ROOT / "typings" / "rematch").iterdir()}
    assert links.keys() == expected.keys(), "run tools/link-typings"
    for name, link in links.items():
        assert not link.readlink().is_absolute()
        assert link.resolve() == expected[name]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_lock_has_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text()
    requirements = re.split(r"\n(?=\S)", text.strip())
    hashed = re.compile(r"[\w.-]+==\S+.*(?: \\\n    --hash=sha256:[0-9a-f]{64})+")
    assert [line for line in requirements if not hashed.fullmatch(line)] == []
    assert not re.search(r"://|file:|--(?:extra-)?index|--find-links", text)


def test_locks_hold_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    for lock, wanted in (("core", project["dependencies"]), ("dev", extras)):
        text = (ROOT / "locks" / f"{lock}.txt").read_text()
        locked = set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))
        missing = {re.split(r"[^\w.-]", line)[0] for line in wanted} - locked
        assert missing == set(), "run make lock"
