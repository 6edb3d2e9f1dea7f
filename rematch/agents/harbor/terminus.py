"""Terminus 1, the paper's agent, as an external agent of Harbor's.

Harbor loads this file by name, so it alone imports Harbor at its top. The agent keeps no prompt
of its own: a program (programs.Terminus) looks at each screen and says what to type.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from harbor.agents.base import BaseAgent
from harbor.agents.capabilities import AgentCapabilities
from harbor.agents.options import AgentOptions
from harbor.agents.terminus_2.tmux_session import TmuxSession
from harbor.models.trial.paths import EnvironmentPaths
from pydantic import Field

import rematch
from rematch.agents.harbor.keyboard import type_keys
from rematch.agents.harbor.recording import Recording
from rematch.agents.harbor.seat import Operator, operator
from rematch.agents.harbor.snapshots import place_record
from rematch.agents.harbor.trials import TERMINUS_1
from rematch.data.records import Usage
from rematch.signatures import Turn, split_context

_FILE = "trajectory.json"


class TurnLimitError(Exception):
    """The agent took as many turns as it may. Its work is verified all the same."""


class Terminus1Options(AgentOptions):
    """What `agent.harbor.kwargs` may hold."""

    max_turns: int = Field(default=50, ge=1, description="Turns, one question to the model each.")
    max_seconds: float = Field(default=180, gt=0, description="The longest wait for one entry.")
    tmux_pane_width: int = Field(default=160, ge=20)
    tmux_pane_height: int = Field(default=40, ge=5)
    record_terminal_session: bool = Field(default=False, description="Record with asciinema.")


class Terminus1(BaseAgent):
    """Types what its operator decides, turn by turn, into a tmux session of Harbor's."""

    capabilities = AgentCapabilities(atif=True)
    options_model = Terminus1Options
    options: Terminus1Options

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = operator.get()
        if found is None:
            raise ValueError("terminus-1 is run through rematch run --agent harbor:terminus-1")
        self._operator: Operator = found
        self._session: Any = None
        self._is_late = False

    @staticmethod
    def name() -> str:
        """Its name in results and trajectories."""
        return TERMINUS_1

    def version(self) -> str:
        """Rematch's version: agent and prompt are parts of it."""
        return rematch.__version__

    async def setup(self, environment: Any) -> None:
        """Open the terminal; Harbor installs tmux where it is missing."""
        recorded = self.options.record_terminal_session
        cast = "recording.cast"
        self._session = TmuxSession(
            session_name=self.name(),
            environment=environment,
            logging_path=EnvironmentPaths.agent_dir / "terminus_1.pane",
            local_asciinema_recording_path=self.logs_dir / cast if recorded else None,
            remote_asciinema_recording_path=EnvironmentPaths.agent_dir / cast if recorded else None,
            pane_width=self.options.tmux_pane_width,
            pane_height=self.options.tmux_pane_height,
            extra_env=self.extra_env,
            user=environment.default_user,
        )
        await self._session.start()

    async def run(self, instruction: str, environment: Any, context: Any) -> None:
        """Work until the operator calls the task complete, or the session or the turns end.

        Raises:
            TurnLimitError: the turns are used up.
            ModelError: the operator has no answer.
        """
        task, notes = split_context(instruction)
        recording = Recording(self.name(), self.version(), self.model_name, self.session_id)
        screen = await self._session.get_incremental_output()
        recording.open(task, notes, screen)
        turns: list[Turn] = []
        try:
            for _ in range(self.options.max_turns):
                if not await self._session.is_session_alive():
                    return
                turn = await self._operator.acall(
                    task=task, screen=screen, context=notes, turns=turns
                )
                turns.append(turn)
                screen = await self._type(turn)
                recording.add(turn, screen)
                self._keep(recording, turns, context)
                if turn.task_complete:
                    return
            raise TurnLimitError(f"{self.options.max_turns} turns were taken")
        finally:
            self._keep(recording, turns, context)

    async def _type(self, turn: Turn) -> str:
        """Type a turn's entries; what the terminal shows then, and what was waited for in vain."""
        notes = []
        for entry in turn.commands:
            if self._is_late:  # the signal of a command that was done too late ends no other wait
                await self._session.environment.exec("timeout 0.2s tmux wait done")
            self._is_late = not await type_keys(self._session, entry, self.options.max_seconds)
            if self._is_late:
                notes.append(f"[still running after its wait: {entry.keys.strip()[:200]}]")
                break  # what follows was meant for a shell that is free
        screen = await self._session.get_incremental_output()
        return "\n".join([screen.rstrip(), *notes])

    def _keep(self, recording: Recording, turns: list[Turn], context: Any) -> None:
        """Write the trajectory so far, and tell Harbor what it cost."""
        spent = sum((turn.usage for turn in turns), Usage())
        context.n_input_tokens = spent.input_tokens
        context.n_output_tokens = spent.output_tokens
        context.n_cache_tokens = spent.cached_tokens
        context.cost_usd = spent.cost_usd
        context.metadata = {"n_turns": len(turns)}
        text = json.dumps(recording.document(spent), indent=2, ensure_ascii=False)
        logs = Path(self.logs_dir)
        _write(logs / _FILE, text + "\n")
        _write(place_record(logs), text + "\n")


def _write(path: Path, text: str) -> None:
    """Write a file anew: the environment shares its folder, and may have put a link there."""
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(part).chmod(0o644)
    Path(part).replace(path)
