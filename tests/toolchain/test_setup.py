"""The scripts behind the make targets: which Python, and which package sources for uv."""

import os
import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / "tools"
SOURCES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "SSL_CERT_FILE")


def run_uv_env(config: Path, **variables: str) -> dict[str, str]:
    """Return the package sources that a command under tools/uv-env sees."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    clean = {name: value for name, value in kept.items() if name not in SOURCES}
    command = [sys.executable, str(TOOLS / "uv-env"), "env"]
    env = clean | {"PIP_CONFIG_FILE": str(config)} | variables
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    seen = dict(line.split("=", 1) for line in ran.stdout.splitlines() if "=" in line)
    return {name: seen[name] for name in SOURCES if name in seen}


def write_fake_python(path: Path, version: str, answer: str) -> None:
    """Write a command that says it is a Python of a version, then answers about ensurepip."""
    path.write_text(
        f"""#!/bin/sh
        case "$2" in
            *version_info*"'{version}'"*) exit 0;;
            *version_info*) exit 1;;
            *ensurepip*) {answer};;
        esac
        """
    )
    path.chmod(0o755)


def run_find_python(folder: Path, *versions: str) -> subprocess.CompletedProcess[str]:
    """Run tools/find-python where only the folder's commands exist."""
    env = {"PATH": str(folder), "PYENV_ROOT": str(folder / "none")}
    command = ["/bin/sh", str(TOOLS / "find-python"), *versions]
    return subprocess.run(command, env=env, capture_output=True, text=True)


def test_uv_gets_what_pip_is_configured_with(tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://a.example/simple\ncert = ca.pem\nfind-links = wheels\n"
        "extra-index-url =\n    https://b.example/simple\n    https://c.example/simple\n"
    )
    assert run_uv_env(config, PIP_FIND_LINKS="one two", SSL_CERT_FILE="mine.pem") == {
        "UV_DEFAULT_INDEX": "https://a.example/simple",
        "UV_INDEX": "https://b.example/simple https://c.example/simple",
        "UV_FIND_LINKS": "one,two",
        "SSL_CERT_FILE": "mine.pem",
    }


def test_the_newest_working_python_is_found(tmp_path: Path) -> None:
    write_fake_python(tmp_path / "python3.13", "none", "exit 127")  # a shim with nothing behind it
    write_fake_python(tmp_path / "python3.12", "3.12", "echo twelve")
    write_fake_python(tmp_path / "python3.11", "3.11", "echo eleven")
    assert run_find_python(tmp_path).stdout == "twelve\n"
    assert run_find_python(tmp_path, "3.11").stdout == "eleven\n"


def test_python_without_ensurepip_names_the_package_to_install(tmp_path: Path) -> None:
    write_fake_python(tmp_path / "python3", "3.11", "exit 1")
    found = run_find_python(tmp_path)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == (
        "python3 cannot make virtual environments: apt-get install python3-venv\n"
    )
