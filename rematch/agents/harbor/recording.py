"""Terminus 1's turns as ATIF, Harbor's trajectory format, checked by Harbor's own model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from harbor.models.trajectories import (
    Agent,
    FinalMetrics,
    Metrics,
    Observation,
    ObservationResult,
    Step,
    ToolCall,
    Trajectory,
)

from rematch.data.records import Usage
from rematch.signatures import Turn

_TYPE, _DONE = "bash_command", "mark_task_complete"
"""The names that terminus-2 gives the same actions, which readers of ATIF know."""


class Recording:
    """The trajectory of one run, in the making.

    Args:
        agent: name of the agent.
        version: of the agent.
        model: what drives it.
        session: names the run.
    """

    def __init__(self, agent: str, version: str, model: str | None, session: str | None) -> None:
        self._agent = Agent(name=agent, version=version, model_name=model)
        self._session = session
        self._steps: list[Any] = []

    def open(self, task: str, context: str, screen: str) -> None:
        """Note what the agent was told, and the first screen."""
        told = f"Task Description:\n{task}\n\nCurrent terminal state:\n{screen}"
        self._add(source="user", message=f"\n{told}")
        if context:
            self._add(source="user", message=context)

    def add(self, turn: Turn, screen: str) -> None:
        """Note a turn and the screen after it. One entry's screen is its own observation."""
        number = len(self._steps) + 1
        calls = [
            ToolCall(
                tool_call_id=f"call_{number}_{place}",
                function_name=_TYPE,
                arguments={
                    "keystrokes": entry.keys,
                    "blocking": entry.blocking,
                    "seconds": entry.seconds,
                },
            )
            for place, entry in enumerate(turn.commands, 1)
        ]
        source = calls[0].tool_call_id if len(calls) == 1 else None
        if turn.task_complete:
            done = f"call_{number}_task_complete"
            calls.append(ToolCall(tool_call_id=done, function_name=_DONE, arguments={}))
        self._add(
            source="agent",
            message=f"Analysis: {turn.analysis}\nExplanation: {turn.explanation}",
            tool_calls=calls or None,
            observation=Observation(
                results=[ObservationResult(source_call_id=source, content=screen)]
            ),
            metrics=Metrics(
                prompt_tokens=turn.usage.input_tokens,
                completion_tokens=turn.usage.output_tokens,
                cached_tokens=turn.usage.cached_tokens,
                cost_usd=turn.usage.cost_usd,
            ),
            llm_call_count=turn.usage.calls or None,
        )

    def document(self, spent: Usage) -> dict[str, Any]:
        """The trajectory so far as JSON values.

        Args:
            spent: what all turns cost.
        """
        trajectory = Trajectory(
            session_id=self._session,
            agent=self._agent,
            steps=self._steps,
            final_metrics=FinalMetrics(
                total_prompt_tokens=spent.input_tokens,
                total_completion_tokens=spent.output_tokens,
                total_cached_tokens=spent.cached_tokens,
                total_cost_usd=spent.cost_usd,
                total_steps=len(self._steps),
            ),
        )
        document: dict[str, Any] = trajectory.to_json_dict()
        return document

    def _add(self, **parts: Any) -> None:
        now = datetime.now(UTC).isoformat()
        self._steps.append(Step(step_id=len(self._steps) + 1, timestamp=now, **parts))
