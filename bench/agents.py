"""Threads or processes for agents: what one agent's model call costs the process that carries it.

mini-SWE-agent's own loop with litellm, each rollout in a thread and a sandbox of its own, against
an endpoint that answers at once. A call's processor time is what bounds threads, which share one
interpreter; the commands themselves run in processes in any case.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figure
from bench.makers import TASK
from bench.serving import serve
from rematch.agents.mini import MiniAgent, MiniConfig, MiniModelConfig
from rematch.agents.sandboxes import Sandbox, SandboxConfig, choose_sandbox
from rematch.data.records import Ending, Rollout, Task
from rematch.testing import Agent, Conversation, Endpoint

AGENTS, COMMANDS = 16, 8
IN_FLIGHT, SECONDS = 64, 5.0
"""What threads must carry: the run of the other figures, at a usual latency of a model."""


def measure() -> list[Figure]:
    """How many agents one process carries before its interpreter is full."""
    with serve(make_endpoint) as url, tempfile.TemporaryDirectory() as folder:
        cpu, wall, calls = asyncio.run(_measure(url, Path(folder)))
    carried = SECONDS / (cpu / calls)
    told = (
        f"{1e3 * cpu / calls:.1f} ms of processor time a call; {calls / wall:.0f} calls/s with "
        f"{AGENTS} agents in threads at no latency",
        f"at {SECONDS:g} s a call one process carries {carried:,.0f} agents",
    )
    label = f"agents that threads of one process carry at {SECONDS:g} s a call / {IN_FLIGHT}"
    return [Figure(label, carried / IN_FLIGHT, 2.0, at_least=True, beside=told)]


def make_endpoint() -> Endpoint:
    """An agent that runs so many commands."""
    return Endpoint(agent=Agent(_plan), keep_messages=False)


def _plan(_: Conversation) -> Sequence[str]:
    return [f"echo {number}" for number in range(COMMANDS)]


async def _measure(url: str, folder: Path) -> tuple[float, float, int]:
    """Processor time of this process, wall time, and calls, all without what is done once."""
    (folder / "app").mkdir()
    (folder / "app" / "file.py").write_text("x = 1\n")
    choice = choose_sandbox("process", True, SandboxConfig())

    def make_sandbox(_: Task) -> Sandbox:
        return choice.make(folder / "app")

    agent = MiniAgent(
        MiniConfig(),
        make_sandbox,
        model=MiniModelConfig(model="openai/scripted", api_base=url),
    )

    async def attempt(index: int) -> Rollout:
        rollout = await agent.attempt(TASK, context="", iteration=0, index=index)
        assert rollout.trajectory.ending is Ending.SUBMITTED, rollout.trajectory.ending_detail
        return rollout

    await attempt(AGENTS)  # imports
    cpu, began = time.process_time(), time.perf_counter()
    rollouts = await asyncio.gather(*map(attempt, range(AGENTS)))
    calls = sum(rollout.usage.calls for rollout in rollouts)
    return time.process_time() - cpu, time.perf_counter() - began, calls
