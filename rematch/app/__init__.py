"""The public Python door: configuration in, wired program out. The command line uses it too."""

from rematch.app.building import Parts, build_selector, prepare_environment, run_async
from rematch.app.config import Config, dump_config, load_config
from rematch.app.evaluating import evaluate_pool, fit_evidence
from rematch.app.reading import load_run, open_task, report_run_judge
from rematch.app.selecting import (
    Selected,
    Selection,
    count_calls,
    open_selection,
    select_pool,
)
from rematch.data.pools import Pool, read_pool
from rematch.optimizers.evaluation import Evaluation
from rematch.runs.folder import RunFolder, write_text

__all__ = [
    "Config",
    "Evaluation",
    "Parts",
    "Pool",
    "RunFolder",
    "Selected",
    "Selection",
    "build_selector",
    "count_calls",
    "dump_config",
    "evaluate_pool",
    "fit_evidence",
    "load_config",
    "load_run",
    "open_selection",
    "open_task",
    "prepare_environment",
    "read_pool",
    "report_run_judge",
    "run_async",
    "select_pool",
    "write_text",
]
