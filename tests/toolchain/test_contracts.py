"""The contracts report every import that the table of rooms does not allow, and no other."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What each room may import, besides its own files and what is free for all. data.formats stands
# for all of data but the records.
FREE = {"errors", "loops", "redaction", "seeds", "settings", "statistics", "stopping"}
TABLE = {
    "errors": "",
    "loops": "",
    "redaction": "",
    "seeds": "",
    "settings": "",
    "statistics": "",
    "stopping": "",
    "testing": "",
    "data": "",
    "seams": "data.records",
    "signatures": "seams data.records",
    "programs": "seams data.records signatures",
    "optimizers": "seams data.records data.formats evidence programs signatures",
    "agents": "seams data.records data.formats signatures",
    "evidence": "seams data.records data.formats",
    "grading": "seams data.records data.formats",
    "runs": "seams data.records data.formats",
    "report": "seams data.records data.formats runs",
    "app": "seams data.records data.formats agents evidence grading optimizers programs report runs"
    " signatures",
    "cli": "seams app report",
}
MODULES = {*TABLE, "data.formats", "data.records"} - {"data"}


def copy_tree(target: Path) -> None:
    """Copy what tools/contracts reads; the links in typings/ stay links."""
    for name in ("data", "optimizers", "programs", "rematch", "signatures", "tools", "typings"):
        ignored = shutil.ignore_patterns("pocket", "__pycache__")
        shutil.copytree(ROOT / name, target / name, symlinks=True, ignore=ignored)
    shutil.copy(ROOT / ".importlinter", target)


def run_contracts(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run a tree's own tools/contracts with the import-linter of this environment."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    command = ["bash", str(tree / "tools" / "contracts")]
    return subprocess.run(command, env={"PATH": path}, capture_output=True, text=True)


def plant_imports(tree: Path, room: str) -> set[tuple[str, str]]:
    """Let a room import every module that is not its own; return (room, module) for each."""
    modules = sorted(module for module in MODULES if module.split(".")[0] != room)
    lines = "".join(f"import rematch.{module}\n" for module in modules)
    typings = tree / "typings" / "rematch"
    if (typings / room).is_dir():
        (typings / room / "planted.py").write_text(lines)
    else:
        (typings / f"{room}.py").write_text(lines)
    return {(room, module) for module in modules}


def read_reported(report: str) -> set[tuple[str, str]]:
    """Return (room, module) for each import that a report names."""
    found = re.findall(r"rematch\.(\w+)(?:\.planted)? -> rematch\.(\S+)", report)
    return {(importer, imported) for importer, imported in found}


def test_the_tree_keeps_its_contracts() -> None:
    result = run_contracts(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_planted_imports_are_reported(tmp_path: Path) -> None:
    copy_tree(tmp_path)
    planted = {pair for room in TABLE for pair in plant_imports(tmp_path, room)}
    allowed = {(room, module) for room in TABLE for module in FREE.union(TABLE[room].split())}

    result = run_contracts(tmp_path)

    assert result.returncode == 1, result.stdout + result.stderr
    assert read_reported(result.stdout) == planted - allowed
    assert ("programs", "grading") in planted - allowed


def test_every_room_is_in_the_table() -> None:
    rooms = {path.name.removesuffix(".py") for path in (ROOT / "typings" / "rematch").iterdir()}
    assert rooms - {"__init__", "__pycache__", "py.typed"} == set(TABLE)
