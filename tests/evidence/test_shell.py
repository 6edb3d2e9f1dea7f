from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.evidence.commands import read_command
from rematch.evidence.shell import split_heredocs, split_segments


@pytest.mark.parametrize(
    ("line", "programs"),
    [
        ("cd /app && pytest -q | tail -5", ["cd /app", "pytest -q", "tail -5"]),
        ("echo 'a && b'; ls", ["echo 'a && b'", "ls"]),
        ('echo "a; \\" b" || true', ['echo "a; \\" b"', "true"]),
        ("make 2>&1 & wait", ["make 2>&1", "wait"]),
        ("A=1 B=2 timeout 60 sudo python x.py", ["python x.py"]),
        ("# pytest\nls", ["ls"]),
        ("uv run pytest", ["pytest"]),
        ("", []),
    ],
)
def test_a_line_falls_into_its_commands(line: str, programs: list[str]) -> None:
    assert [segment.program for segment in split_segments(line)] == programs


def test_what_follows_a_command_is_kept() -> None:
    assert [segment.then for segment in split_segments("a && b | c; d")] == ["&&", "|", ";", ""]
    assert [segment.then for segment in split_segments("a;")] == [""]


def test_heredocs_are_no_commands() -> None:
    line = "cat > a.py <<'EOF'\npytest\nEOF\npython a.py <<X\ndata\nX"
    assert split_heredocs(line) == ("cat > a.py <<'EOF'\npython a.py <<X", "pytest\ndata")


def test_a_heredoc_without_end_takes_the_rest() -> None:
    assert split_heredocs("cat <<EOF\na\nb") == ("cat <<EOF", "a\nb")


@given(st.text(max_size=200) | st.text("'\"\\;|&\n <E", max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    read_command(text)


@pytest.mark.parametrize("unit", ['"', '\\"', "'", "a=b ", "sudo ", "x/", "<<E\n", "make a ", "("])
def test_hostile_lines_take_no_time(unit: str) -> None:
    start = time.process_time()
    read_command(unit * 100_000)
    assert time.process_time() - start < 1
