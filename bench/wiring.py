"""A suite's run from given parts: the product's own flow, folder and executor."""

from __future__ import annotations

from pathlib import Path

from rematch.app.config import Config
from rematch.app.parts import Run
from rematch.data.harbor_tasks import HarborTask, SealedTests
from rematch.data.records import Grade, Rollout, Task
from rematch.data.suites import Suite
from rematch.evidence.scoring import EvidenceScorer, load_model
from rematch.programs import PDR, RTV, Rematch
from rematch.runs.calls import Calls
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import RunFolder
from rematch.runs.recorded import RecordedAgent, RecordedSummarizer
from rematch.seams import Agent
from rematch.seams import Judge as JudgeSeam
from rematch.seams import Summarizer as SummarizerSeam


def wire(
    config: Config,
    folder: Path,
    calls: Calls,
    agent: Agent,
    summarizer: SummarizerSeam,
    judge: JudgeSeam,
) -> Run:
    """A run with these parts, as the application wires them."""
    executor = LocalExecutor(config.workers, in_flight=config.in_flight)
    kept = RunFolder(folder)
    rtv = RTV(judge, config.rtv, scorer=EvidenceScorer(load_model()), executor=executor)
    pdr = PDR(RecordedAgent(agent, kept), config.context, executor=executor)
    program = Rematch(RecordedSummarizer(summarizer, kept), rtv, pdr, config, executor)
    return Run(program=program, calls=calls, executor=executor, grader=_Grader(), folder=kept)


def make_suite(count: int) -> Suite:
    """So many tasks, none of which has files."""
    sealed = SealedTests(Path("nowhere"), 1.0)
    tasks = (Task(id=f"task-{number}", problem="Mend the parser.") for number in range(count))
    return Suite("bench", tuple(HarborTask(task, (), 1.0, sealed, Path("n")) for task in tasks))


class _Grader:
    """Has no tests: the run ends with its picks (seams.Grader)."""

    async def grade(self, task: Task, rollout: Rollout) -> Grade:
        return Grade(task_id=task.id, rollout_id=rollout.id, reward=0)
