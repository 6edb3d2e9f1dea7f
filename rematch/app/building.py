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

from rematch.app.config import Config
from rematch.data.records import Usage
from rematch.errors import UsageError
from rematch.evidence.faithfulness import check_claims
from rematch.evidence.judge import EvidenceJudge
from rematch.evidence.scoring import EvidenceScorer, load_model, parse_model
from rematch.evidence.summarizer import EvidenceSummarizer
from rematch.programs import RTV, Judge, Rematch, Summarizer
from rematch.runs.executor import LocalExecutor
from rematch.runs.metering import Meter
from rematch.runs.models import ModelConfig, Role, build_lm, find_window

T = TypeVar("T")
_LOOP_THREADS = 32


@dataclass(frozen=True)
class Parts:
    """A wired program with what watches it."""

    program: Rematch
    meter: Meter
    executor: LocalExecutor

    def usage(self) -> dict[str, Usage]:
        """What our own model calls cost so far, by role."""
        return self.meter.by_role()


def build_selector(
    config: Config,
    program_file: Path | None = None,
    on_change: Callable[[str, int, int], None] | None = None,
) -> Parts:
    """The program that selects among recorded rollouts.

    Args:
        config: models and rules; roles without a model are answered from evidence.
        program_file: tuned prompts to load.
        on_change: told (role, jobs running, jobs done) at every change.

    Raises:
        UsageError: a model cannot be used.
        ProgramFileError: the file does not fit.
    """
    meter = Meter()
    executor = LocalExecutor(config.workers, on_change)
    evidence = EvidenceSummarizer()
    models = config.models
    summarizer = (
        Summarizer(
            _lm("summarizer", models.summarizer, meter),
            _fit_window(config, models.summarizer),
            fallback=evidence,
            check=check_claims,
        )
        if models.summarizer
        else evidence
    )
    scorer = _read_weights(config.evidence.weights)
    judge = Judge(_lm("judge", models.judge, meter)) if models.judge else EvidenceJudge(scorer)
    rtv = RTV(judge, config.rtv, scorer=scorer, executor=executor)
    program = Rematch(summarizer, rtv, config=config, executor=executor)
    if program_file is not None:
        program.load(program_file)
    return Parts(program, meter, executor)


def _read_weights(path: Path | None) -> EvidenceScorer:
    if path is None:
        return EvidenceScorer(load_model())
    try:
        return EvidenceScorer(parse_model(path.read_text(encoding="utf-8"), str(path)))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"evidence.weights: {path}: cannot be read") from error


def _lm(role: Role, config: ModelConfig, meter: Meter) -> dspy.LM:
    return build_lm(role, config, meter)


def _fit_window(config: Config, model: ModelConfig) -> Any:
    """The summarizer's budget, lowered where the model's window is smaller."""
    window = find_window(model.model)
    if window is None:
        return config.summarizer
    room = max(1_000, window - (model.max_tokens or 0))
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
    """Settings that must stand before DSPy or litellm are imported: no network at start."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
