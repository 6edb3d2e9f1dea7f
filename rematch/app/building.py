"""The composition root: configuration in, wired parts out."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import dspy

from rematch.agents.sandboxes import sweep
from rematch.app.agents import Hands, build_hands, name_agent
from rematch.app.config import Config
from rematch.app.fitting import choose_view, fit_summarizer, read_weights
from rematch.app.harbor import TRIALS
from rematch.app.parts import Parts, Run
from rematch.app.paying import check_budget, open_purse
from rematch.app.repository import build_repository
from rematch.app.running import describe_run
from rematch.app.swebench import build_swebench
from rematch.data.harbor_tasks import HarborTask
from rematch.data.repositories import RepositoryTask
from rematch.data.suites import Suite
from rematch.data.swebench import SwebenchTask
from rematch.errors import UsageError
from rematch.evidence.faithfulness import check_claims
from rematch.evidence.judge import EvidenceJudge
from rematch.evidence.summarizer import EvidenceSummarizer
from rematch.programs import PDR, RTV, ChoiceJudge, Distiller, Judge, Rematch, Summarizer
from rematch.programs.calibration import Calibration, read_calibration
from rematch.runs.budget import Budget
from rematch.runs.calls import Calls, Event
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import RunFolder
from rematch.runs.ledger import Ledger
from rematch.runs.manifest import Manifest, default_folder, open_folder
from rematch.runs.models import ModelConfig, Role, build_lm
from rematch.runs.recorded import RecordedAgent, RecordedSummarizer
from rematch.runs.shared import SharedAgent, SharedGrader
from rematch.seams import Summarizer as SummarizerSeam
from rematch.stopping import stopping

T = TypeVar("T")
_LOOP_THREADS = 32
_DISTILLER, _SUMMARIZER = "pdr.distiller.distill", "summarizer.summarize"


def build_selector(
    config: Config,
    on_change: Callable[[str, int, int], None] | None = None,
    *,
    folder: RunFolder | None = None,
    on_event: Callable[[Event], None] | None = None,
    calls: Calls | None = None,
) -> Parts:
    """The program that selects among recorded rollouts.

    Args:
        config: models and rules; roles without a model are answered from evidence.
        on_change: told (role, jobs running, jobs done) at every change.
        folder: keeps the record of model calls; without one it lasts as long as the program.
        on_event: told what befell a model call.
        calls: records and bounds the calls of several programs together, in place of `folder`.

    Raises:
        UsageError: a model cannot be used, or its price is unknown and a budget is set.
        ProgramFileError: the file of prompts does not fit.
    """
    calls = calls or open_calls(config, folder, on_event)
    parts = build_parts(config, calls, on_change, reads_summaries=config.reads_summaries)
    rating = _read_rating(config)
    program = Rematch(parts.summarizer, parts.rtv, None, config, parts.executor, rating)
    if config.program is not None:
        # Selecting makes no contexts, and no summaries that the judge is not shown.
        skip = [_DISTILLER] if config.reads_summaries else [_DISTILLER, _SUMMARIZER]
        program.load(config.program, skip)
    return Parts(program, parts.calls, parts.executor)


def build_run(
    config: Config,
    suite: Suite,
    output: Path | None = None,
    *,
    redo: bool = False,
    on_change: Callable[[str, int, int], None] | None = None,
    on_event: Callable[[Event], None] | None = None,
    tell: Callable[[str], None] | None = None,
    calls: Calls | None = None,
    shared: Path | None = None,
) -> Run:
    """A suite's run: the program with an agent, its grader, and the folder that keeps results.

    Args:
        config: models, rules, agent.
        suite: the tasks.
        output: the run's folder; None takes the one that follows from the configuration.
        redo: forget what the folder holds.
        on_change: told (role, jobs running, jobs done) at every change.
        on_event: told what befell a model call.
        tell: gets lines for the user while the run is under way (an image is pulled).
        calls: records and bounds the calls of several runs together, in place of the folder.
        shared: keeps attempts and grades that several runs have in common, but for Harbor's,
            whose verdicts lie sealed in the folder of one run.

    Raises:
        UsageError: a model or folder cannot be used, or a price is unknown and a budget set.
        SandboxError: no sandbox works here that this agent may use.
        ProgramFileError: the file of prompts does not fit.
    """
    manifest = describe_run(config, suite, name_agent(config))
    path = output or default_folder(manifest)
    sweep()
    hands = _build_hands(config, suite, RunFolder(path), tell or _say_nothing)
    if shared is not None and not config.agent.in_harbor:
        hands = _share(hands, config, manifest, shared)
    folder = open_folder(path, manifest, redo=redo)
    parts = build_parts(config, calls or open_calls(config, folder, on_event), on_change)
    if hands.pilot is not None and config.models.agent is not None:
        hands.pilot.lm = _lm("agent", config.models.agent, parts.calls)
    pdr = PDR(
        RecordedAgent(hands.agent, folder, open_purse(config, suite, folder, parts.calls, hands)),
        config.context,
        distiller=parts.distiller,
        executor=parts.executor,
    )
    if config.program is not None:
        # The recorder below hides the summarizer's prompts from loading.
        bare = Rematch(parts.summarizer, parts.rtv, pdr)
        bare.load(config.program, skip=[] if config.context.distill else [_DISTILLER])
    summarizer = RecordedSummarizer(parts.summarizer, folder)
    rating = _read_rating(config)
    program = Rematch(summarizer, parts.rtv, pdr, config, parts.executor, rating)
    return Run(
        program=program,
        grader=hands.grader,
        folder=folder,
        executor=parts.executor,
        calls=parts.calls,
        notices=hands.notices,
    )


def _build_hands(
    config: Config, suite: Suite, folder: RunFolder, tell: Callable[[str], None]
) -> Hands:
    """Who makes and who grades attempts at tasks of the suite's kind."""
    instances = {t.task.id: t for t in suite.tasks if isinstance(t, SwebenchTask)}
    if instances:
        return Hands(*build_swebench(config, instances, folder, tell))
    own = [task for task in suite.tasks if isinstance(task, RepositoryTask)]
    if own:
        return build_repository(config, own[0], folder, tell)
    tasks = {t.task.id: t for t in suite.tasks if isinstance(t, HarborTask)}
    return build_hands(config, tasks, folder)


def _share(hands: Hands, config: Config, manifest: Manifest, shared: Path) -> Hands:
    asked = {key: manifest.config[key] for key in ("agent", "seed")}
    asked["model"] = manifest.config["models"]["agent"]
    maker = manifest.model_copy(update={"config": asked}).digest
    grader = hands.grader and SharedGrader(hands.grader, shared / "grades")
    agent = SharedAgent(hands.agent, shared / "attempts", maker)
    return replace(hands, agent=agent, grader=grader)


def _say_nothing(line: str) -> None:
    """Where nobody listens."""


@dataclass(frozen=True)
class Built:
    """The parts that selecting, running and tuning share."""

    summarizer: SummarizerSeam
    rtv: RTV
    distiller: Distiller | None
    calls: Calls
    executor: LocalExecutor


def open_calls(
    config: Config,
    folder: RunFolder | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> Calls:
    """Where a configuration's model calls are recorded and bounded.

    Without a folder to keep the record, it lasts as long as the calls.
    """
    prepare_environment()
    ledger = Ledger(folder.ledger if folder else None)
    return Calls(ledger=ledger, budget=Budget(config.budget, ledger.spent), on_event=on_event)


def build_parts(
    config: Config,
    calls: Calls,
    on_change: Callable[[str, int, int], None] | None = None,
    *,
    reads_summaries: bool = True,
) -> Built:
    """The parts of a configuration; see `build_selector` for the arguments.

    Raises:
        UsageError: a model cannot be used, or its price is unknown and a budget is set.
    """
    prepare_environment()
    check_budget(config)
    executor = LocalExecutor(_places(config), on_change, config.in_flight)
    evidence = EvidenceSummarizer()
    models = config.models
    summarizer = (
        Summarizer(
            _lm("summarizer", models.summarizer, calls),
            fit_summarizer(config, models.summarizer),
            fallback=evidence,
            check=check_claims,
        )
        if models.summarizer and reads_summaries
        else evidence
    )
    scorer = read_weights(config)
    judge: Judge | EvidenceJudge = EvidenceJudge(scorer)
    if models.judge:
        asks = ChoiceJudge if config.judge.kind == "choice" else Judge
        judge = asks(_lm("judge", models.judge, calls), choose_view(config, models.judge))
    distiller = Distiller(_lm("distiller", models.distiller, calls)) if models.distiller else None
    if config.context.distill and distiller is None:
        raise UsageError("context.distill needs a model: --distiller-model provider/name")
    rtv = RTV(judge, config.rtv, scorer=scorer, executor=executor)
    return Built(summarizer, rtv, distiller, calls, executor)


def _read_rating(config: Config) -> Calibration | None:
    return read_calibration(config.calibration) if config.calibration else None


def _places(config: Config) -> dict[str, int]:
    """Jobs at once per role; what only computes gets one place per processor."""
    processors = os.cpu_count() or 1
    agent: dict[str, int] = {} if config.models.agent else {"agent": processors}
    if config.agent.in_harbor:
        agent = {"agent": TRIALS}
    asked = {str(role): count for role, count in config.workers.items()}
    return {"grader": processors, **agent, **asked}


def _lm(role: Role, config: ModelConfig, calls: Calls) -> dspy.LM:
    return build_lm(role, config, calls=calls)


@contextlib.contextmanager
def quiet_dspy() -> Iterator[None]:
    """DSPy without history and trace, which would hold every prompt of a long run in memory."""
    with dspy.context(trace=None, disable_history=True):
        yield


def run_async(job: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a program's coroutine on a loop with enough threads for DSPy's own hops.

    Raises:
        StoppedError: the user wanted to end (`rematch.stopping`).
    """

    async def main() -> T:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_LOOP_THREADS))
        with quiet_dspy():
            return await stopping.get().run(job())

    return asyncio.run(main())


def prepare_environment() -> None:
    """What DSPy and litellm read when they are first used: no price list from the net."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
