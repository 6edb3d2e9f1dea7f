"""What is on disk is what is installed."""

import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
HIDDEN = "pocket/planted/environment/.github/.cache/.keep"  # the hardest name for a glob
SOURCES = {"rematch": "rematch"} | SETUPTOOLS["package-dir"]


def list_shipped_files() -> set[str]:
    """Return the files that a user needs, by their paths in the wheel."""
    files = set()
    for package, source in SOURCES.items():
        for path in (ROOT / source).rglob("*"):
            inside = path.relative_to(ROOT / source)
            shipped = path.suffix in {".py", ".json", ".typed"} or "pocket" in inside.parts
            if path.is_file() and shipped and "__pycache__" not in inside.parts:
                files.add(f"{package.replace('.', '/')}/{inside}")
    return files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, so that the checkout stays as it is."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for source in SOURCES.values():
        shutil.copytree(ROOT / source, copy / source, symlinks=True)
    (copy / "data" / HIDDEN).parent.mkdir(parents=True)
    (copy / "data" / HIDDEN).touch()
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    built = subprocess.run([*command, str(copy)], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(out.glob("rematch_agents-*.whl"))


def test_package_list_equals_folders_on_disk() -> None:
    found = {}
    for package, source in SOURCES.items():
        for path in (ROOT / source).rglob("*.py"):
            inside = path.parent.relative_to(ROOT / source)
            if "pocket" not in inside.parts:
                found[".".join([package, *inside.parts])] = path.parent
    assert set(SETUPTOOLS["packages"]) == found.keys()
    assert [name for name, folder in found.items() if not (folder / "__init__.py").exists()] == []


def test_wheel_holds_every_file(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == list_shipped_files() | {f"rematch/data/{HIDDEN}"}


@pytest.mark.slow
def test_wheel_with_the_core_lock_imports_every_room(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv")
    python = str(tmp_path / "venv" / "bin" / "python")
    uv_env, uv = str(ROOT / "tools" / "uv-env"), str(Path(sys.executable).with_name("uv"))
    install = [sys.executable, uv_env, uv, "pip", "install", "--quiet", "--python", python]
    core = ["--require-hashes", "--requirement", str(ROOT / "locks" / "core.txt")]
    subprocess.run([*install, *core], check=True)
    subprocess.run([*install, "--no-deps", str(wheel)], check=True)

    rooms = ", ".join(SETUPTOOLS["packages"])
    code = f"import {rooms}; print(rematch.__file__)"
    ran = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert Path(ran.stdout.strip()).is_relative_to(tmp_path)

    command = [str(tmp_path / "venv" / "bin" / "rematch"), "--help"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
