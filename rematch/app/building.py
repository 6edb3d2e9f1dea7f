"""The composition root: configuration in, wired parts out."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import dspy

from rematch.agents.sandboxes import sweep
from rematch.app.agents import Hands, build_hands, name_agent
from rematch.app.config import Config
from rematch.app.harbor import TRIALS
from rematch.app.parts import Parts, Run
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
from rematch.evidence.scoring import EvidenceScorer, load_model, parse_model
from rematch.evidence.summarizer import EvidenceSummarizer
from rematch.programs import PDR, RTV, Distiller, Judge, Rematch, Summarizer
from rematch.runs.budget import Budget
from rematch.runs.calls import Calls, Event
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import RunFolder
from rematch.runs.ledger import Ledger
from rematch.runs.manifest import default_folder, open_folder
from rematch.runs.models import ModelConfig, Role, build_lm, check_prices, find_window, fit_reply
from rematch.runs.recorded import RecordedAgent, RecordedSummarizer
from rematch.seams import Summarizer as SummarizerSeam

T = TypeVar("T")
_LOOP_THREADS = 32
_DISTILLER = "pdr.distiller.distill"


def build_selector(
    config: Config,
    on_change: Callable[[str, int, int], None] | None = None,
    *,
    folder: RunFolder | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> Parts:
    """The program that selects among recorded rollouts.

    Args:
        config: models and rules; roles without a model are answered from evidence.
        on_change: told (role, jobs running, jobs done) at every change.
        folder: keeps the record of model calls; without one it lasts as long as the program.
        on_event: told what befell a model call.

    Raises:
        UsageError: a model cannot be used, or its price is unknown and a budget is set.
        ProgramFileError: the file of prompts does not fit.
    """
    parts = _build_parts(config, folder, on_change, on_event)
    program = Rematch(parts.summarizer, parts.rtv, config=config, executor=parts.executor)
    if config.program is not None:
        program.load(config.program, skip=[_DISTILLER])  # selecting makes no contexts
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

    Raises:
        UsageError: a model or the folder cannot be used, or a price is unknown and a budget set.
        SandboxError: no sandbox works here that this agent may use.
        ProgramFileError: the file of prompts does not fit.
    """
    manifest = describe_run(config, suite, name_agent(config))
    path = output or default_folder(manifest)
    sweep()
    hands = _build_hands(config, suite, RunFolder(path), tell or _say_nothing)
    folder = open_folder(path, manifest, redo=redo)
    parts = _build_parts(config, folder, on_change, on_event)
    if hands.pilot is not None and config.models.agent is not None:
        hands.pilot.lm = _lm("agent", config.models.agent, parts.calls)
    pdr = PDR(
        RecordedAgent(hands.agent, folder),
        config.context,
        distiller=parts.distiller,
        executor=parts.executor,
    )
    if config.program is not None:
        # The recorder below hides the summarizer's prompts from loading.
        bare = Rematch(parts.summarizer, parts.rtv, pdr)
        bare.load(config.program, skip=[] if config.context.distill else [_DISTILLER])
    summarizer = RecordedSummarizer(parts.summarizer, folder)
    program = Rematch(summarizer, parts.rtv, pdr, config, parts.executor)
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


def _say_nothing(line: str) -> None:
    """Where nobody listens."""


@dataclass(frozen=True)
class _Built:
    """The parts that selecting and running share."""

    summarizer: SummarizerSeam
    rtv: RTV
    distiller: Distiller | None
    calls: Calls
    executor: LocalExecutor


def _build_parts(
    config: Config,
    folder: RunFolder | None,
    on_change: Callable[[str, int, int], None] | None,
    on_event: Callable[[Event], None] | None,
) -> _Built:
    prepare_environment()
    if config.budget.dollars is not None:
        check_prices(config.models)
    ledger = Ledger(folder.ledger if folder else None)
    calls = Calls(ledger=ledger, budget=Budget(config.budget, ledger.spent), on_event=on_event)
    executor = LocalExecutor(_places(config), on_change, config.in_flight)
    evidence = EvidenceSummarizer()
    models = config.models
    summarizer = (
        Summarizer(
            _lm("summarizer", models.summarizer, calls),
            _fit_window(config, models.summarizer),
            fallback=evidence,
            check=check_claims,
        )
        if models.summarizer
        else evidence
    )
    scorer = _read_weights(config.evidence.weights)
    judge = Judge(_lm("judge", models.judge, calls)) if models.judge else EvidenceJudge(scorer)
    distiller = Distiller(_lm("distiller", models.distiller, calls)) if models.distiller else None
    if config.context.distill and distiller is None:
        raise UsageError("context.distill needs a model: --distiller-model provider/name")
    rtv = RTV(judge, config.rtv, scorer=scorer, executor=executor)
    return _Built(summarizer, rtv, distiller, calls, executor)


def _places(config: Config) -> dict[str, int]:
    """Jobs at once per role; what only computes gets one place per processor."""
    processors = os.cpu_count() or 1
    agent: dict[str, int] = {} if config.models.agent else {"agent": processors}
    if config.agent.in_harbor:
        agent = {"agent": TRIALS}
    asked = {str(role): count for role, count in config.workers.items()}
    return {"grader": processors, **agent, **asked}


def _read_weights(path: Path | None) -> EvidenceScorer:
    if path is None:
        return EvidenceScorer(load_model())
    try:
        return EvidenceScorer(parse_model(path.read_text(encoding="utf-8"), str(path)))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"evidence.weights: {path}: cannot be read") from error


def _lm(role: Role, config: ModelConfig, calls: Calls) -> dspy.LM:
    return build_lm(role, config, calls=calls)


def _fit_window(config: Config, model: ModelConfig) -> Any:
    """The summarizer's budget, lowered where the model's window is smaller."""
    window = find_window(model.model)
    if window is None:
        return config.summarizer
    room = max(1_000, window - (fit_reply(model) or 0))
    budget = min(config.summarizer.input_tokens, room)
    return config.summarizer.model_copy(update={"input_tokens": budget})


@contextlib.contextmanager
def quiet_dspy() -> Iterator[None]:
    """DSPy without history and trace, which would hold every prompt of a long run in memory."""
    with dspy.context(trace=None, disable_history=True):
        yield


def run_async(job: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a program's coroutine on a loop with enough threads for DSPy's own hops."""

    async def main() -> T:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_LOOP_THREADS))
        with quiet_dspy():
            return await job()

    return asyncio.run(main())


def prepare_environment() -> None:
    """Settings that DSPy and litellm read when they are first used: no price list from the net."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
