"""The Python that README and examples/ show runs, and the commands that docs show exist."""

from __future__ import annotations

import ast
import importlib
import re
import runpy
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rematch import app
from rematch.data.pools import read_pool
from rematch.data.records import Task
from rematch.runs.metering import Meter
from rematch.runs.models import ModelConfig, build_lm
from rematch.testing import Endpoint
from tests.app.recordings import write_pool

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def find_commands() -> Iterator[tuple[str, list[str]]]:
    """Every `rematch ...` line of the pages' code blocks, with its page."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                line = line.removeprefix("$ ")
                words = shlex.split(line, comments=True) if line.startswith("rematch ") else []
                if len(words) > 1:
                    yield page.name, words[1:]


COMMANDS = list(find_commands())


@pytest.mark.parametrize(("page", "words"), COMMANDS)
def test_documented_command_takes_its_options(page: str, words: list[str]) -> None:
    root = importlib.import_module("rematch.cli.main").app
    commands = importlib.import_module("typer.main").get_command(root).commands
    assert words[0] in commands, page
    command = commands[words[0]]
    while (below := getattr(command, "commands", None)) and words[1] in below:
        command, words = below[words[1]], words[1:]
    known = {name for parameter in command.params for name in parameter.opts}
    options = [word.partition("=")[0] for word in words[1:] if word.startswith("-")]
    assert [option for option in options if option not in known] == [], page


def test_commands_are_documented() -> None:
    assert {words[0] for _, words in COMMANDS} >= {"run", "select"}


@pytest.mark.parametrize("code", PYTHON)
def test_readmes_python_names_real_things(code: str) -> None:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


def test_readmes_quick_start_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pool = write_pool(tmp_path / "pool", tasks=1)
    code = PYTHON[0]
    with Endpoint() as endpoint:
        given = re.sub(r'"path/to/rollouts"', repr(str(pool)), code)
        endpoint_too = f'"models.judge.api_base": {endpoint.url!r}, "rtv.votes"'
        exec(given.replace('"rtv.votes"', endpoint_too), {})
        assert len(endpoint.calls(role="judge")) > 0
    assert capsys.readouterr().out.startswith("org__repo-0 ")


def test_readmes_own_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = read_pool([write_pool(tmp_path / "pool", tasks=1, attempts=2)])
    recorded = pool.tasks["org__repo-0"]
    monkeypatch.chdir(tmp_path)
    with Endpoint() as endpoint:
        lm = build_lm("judge", ModelConfig(model="openai/m", api_base=endpoint.url), Meter())
        names: dict[str, Any] = {"lm": lm, "task": recorded.task, "rollouts": recorded.rollouts}
        exec(PYTHON[1], names)
    assert isinstance(names["outcome"].task, Task)
    assert names["outcome"].pick.rollout_id.endswith("attempt1")
    assert (tmp_path / "program.json").is_file()


def test_pick_best(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = write_pool(tmp_path / "pool")
    monkeypatch.setattr(sys, "argv", ["pick_best.py", str(pool)])
    runpy.run_path(str(ROOT / "examples/pick_best.py"), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == ["org__repo-0", "org__repo-1"]
    assert all("attempt" in line and "(won " in line for line in lines)


def test_every_example_says_how_it_is_used() -> None:
    for example in sorted((ROOT / "examples").glob("*.py")):
        tree = ast.parse(example.read_text(encoding="utf-8"))
        assert f"usage: python examples/{example.name}" in (ast.get_docstring(tree) or "")


def test_pages_link_to_what_is_there() -> None:
    missing = [
        f"{page.name}: {target}"
        for page in [*PAGES, ROOT / "CONTRIBUTING.md"]
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert missing == []


def test_public_door_has_what_it_lists() -> None:
    assert [name for name in app.__all__ if not hasattr(app, name)] == []
    assert list(app.__all__) == sorted(app.__all__)
