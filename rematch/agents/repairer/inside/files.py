"""Lists and shows a project's Python files.

Sent into the sandbox as text and run there by its python3: standard library only, Python >= 3.8.

    files.py list MOST         "SIZE PATH" for each Python file, then what else is worth knowing
    files.py show PATH...      each file after a line "==> PATH N <==", N its characters

A file that is no UTF-8 text is named with "not UTF-8" in the place of N and not shown.
"""

from __future__ import annotations

import importlib.util
import os
import sys

SKIPPED = {"__pycache__", "node_modules", "site-packages", "venv", "build", "dist"}


def list_files(most: int) -> str:
    """The listing's text: Python files first, in the order of their names."""
    found, others = [], 0
    for folder, folders, names in os.walk("."):
        folders[:] = sorted(f for f in folders if f not in SKIPPED and not f.startswith("."))
        for name in names:
            path = os.path.join(folder, name)[2:]
            if name.endswith(".py") and os.path.isfile(path) and not os.path.islink(path):
                found.append(path)
            else:
                others += 1
    found.sort()
    lines = [f"{os.path.getsize(path)} {path}" for path in found[:most]]
    pytest = "yes" if importlib.util.find_spec("pytest") else "no"
    lines.append(f"python files: {len(found)}, others: {others}, pytest: {pytest}")
    lines.append(f"work folder: {os.getcwd()}")
    return "\n".join(lines) + "\n"


def show_file(path: str) -> str:
    """One file behind its heading, line ends as in Unix."""
    try:
        with open(path, "rb") as file:
            text = file.read().decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return f"==> {path} not UTF-8 <==\n"
    return f"==> {path} {len(text)} <==\n{text}\n"


if __name__ == "__main__":
    shown = (
        list_files(int(sys.argv[2]))
        if sys.argv[1] == "list"
        else "".join(map(show_file, sys.argv[2:]))
    )
    sys.stdout.buffer.write(shown.encode())
