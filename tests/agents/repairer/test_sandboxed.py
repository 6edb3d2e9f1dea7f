"""The repairer as the application runs it: adapter, process sandbox, evidence, context."""

import asyncio
from pathlib import Path

from rematch.agents.mini import MiniAgent, MiniConfig
from rematch.agents.repairer import make_repairer
from rematch.agents.sandboxes import ProcessSandbox
from rematch.data.records import Ending, Rollout, Task
from rematch.evidence.summarizer import EvidenceSummarizer
from rematch.programs.contexts import write_context
from rematch.seams import Entrant
from tests.agents.repairer.driving import write_project
from tests.agents.repairer.projects import PROJECTS


async def run_two_iterations(source: Path, task: Task) -> tuple[list[Rollout], list[Rollout], str]:
    agent = MiniAgent(
        MiniConfig(),
        lambda task: ProcessSandbox(source),
        model_factory=make_repairer,
        seed=3,
        name="offline-repairer",
    )

    async def attempt(context: str, iteration: int) -> list[Rollout]:
        ways = [
            agent.attempt(task, context=context, iteration=iteration, index=index)
            for index in range(2)
        ]
        return list(await asyncio.gather(*ways))

    first = await attempt("", 0)
    summarizer = EvidenceSummarizer()
    entrants = [
        Entrant(rollout, await summarizer.acall(task=task, rollout=rollout)) for rollout in first
    ]
    context = await write_context(task, entrants, None)
    return first, await attempt(context, 1), context


def test_the_second_iteration_learns_from_the_first(tmp_path: Path) -> None:
    project = PROJECTS["empty"]
    source = write_project(tmp_path / "source", project.files)
    task = Task(id="empty", problem=project.issue)
    first, second, context = asyncio.run(run_two_iterations(source, task))
    assert any("confirmed: stats.py:" in s.message for r in first for s in r.trajectory.steps)
    assert "[confirmed] stats.py:" in context
    for rollout in second:
        assert rollout.trajectory.ending is Ending.SUBMITTED
        assert rollout.patch
        assert rollout.patch.startswith("diff --git a/stats.py b/stats.py")
        assert rollout.origin.model == "offline-repairer"
        assert "Earlier attempts left" in rollout.trajectory.steps[0].message
        assert len(rollout.trajectory.steps) <= min(len(r.trajectory.steps) for r in first)
    assert {p.name for p in source.iterdir()} == set(project.files)


def test_giving_up_is_an_ending_with_its_reason(tmp_path: Path) -> None:
    source = write_project(tmp_path / "source", {"a.py": "x = 1\n"})
    agent = MiniAgent(
        MiniConfig(), lambda task: ProcessSandbox(source), model_factory=make_repairer
    )
    task = Task(id="t", problem="Bad.")
    rollout = asyncio.run(agent.attempt(task, context="", iteration=0, index=0))
    assert rollout.trajectory.ending is Ending.GAVE_UP
    assert "no visible tests" in rollout.trajectory.ending_detail
    assert rollout.trajectory.steps[-1].message.startswith("I give up: ")
    assert not rollout.patch
