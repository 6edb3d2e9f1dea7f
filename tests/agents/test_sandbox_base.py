"""What the base class promises of every sandbox, with one that breaks on demand."""

from __future__ import annotations

import pytest

from rematch.agents.sandboxes import SandboxLimits
from rematch.agents.sandboxes.base import CommandResult, Sandbox
from rematch.errors import SandboxError


class Breaking(Sandbox):
    """Breaks where it is told to, and counts how often it was closed."""

    kind = "breaking"
    workdir = "/app"

    def __init__(self, *breaks: str, seconds: float = 30.0) -> None:
        super().__init__(SandboxLimits(seconds=seconds))
        self.breaks, self.closed = breaks, 0

    def open(self) -> None:
        self._break("open")

    def execute(self, command: str, timeout: float | None = None) -> CommandResult:
        return CommandResult(f"{command} within {self._seconds(timeout)}", 0)

    def diff(self) -> str:
        return ""

    def close(self) -> None:
        self.closed += 1
        self._break("close")

    def _break(self, where: str) -> None:
        if where in self.breaks:
            raise SandboxError(f"cannot {where}")


def test_work_is_kept_where_only_closing_fails() -> None:
    with Breaking("close") as sandbox:
        done = sandbox.execute("true")
    assert done.returncode == 0
    assert sandbox.incidents == ["cannot close"]


def test_a_failure_of_the_work_is_not_hidden_by_one_of_closing() -> None:
    with pytest.raises(ZeroDivisionError), Breaking("close") as sandbox:
        raise ZeroDivisionError
    assert sandbox.incidents == ["cannot close"]


def test_what_does_not_open_is_closed() -> None:
    sandbox = Breaking("open")
    with pytest.raises(SandboxError, match="cannot open"), sandbox:
        pytest.fail("opened")
    assert sandbox.closed == 1


@pytest.mark.parametrize(("asked", "given"), [(None, 30.0), (5.0, 5.0), (1e9, 30.0)])
def test_no_command_gets_more_time_than_the_limits_say(asked: float | None, given: float) -> None:
    assert Breaking(seconds=30.0).execute("true", asked).output == f"true within {given}"


def test_cancelling_is_seen() -> None:
    with Breaking() as sandbox:
        assert not sandbox.cancelled
        sandbox.cancel()
        assert sandbox.cancelled
