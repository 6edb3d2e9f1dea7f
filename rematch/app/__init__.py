"""The public Python door: configuration in, wired program out. The command line uses it too."""

from rematch.app.ablating import ablate_pool, plan_pool
from rematch.app.ablating_live import ablate_suite, count_live_calls, plan_suite
from rematch.app.agents import describe_parts
from rematch.app.anchoring import AnchoringResult, anchor_pool
from rematch.app.building import build_run, build_selector, prepare_environment, run_async
from rematch.app.calibrating import CalibrationReport, calibrate_pool
from rematch.app.config import Config, dump_config, load_config
from rematch.app.evaluating import evaluate_pool, fit_evidence
from rematch.app.forecasting import Forecast, forecast_run, forecast_selection
from rematch.app.grading import Graded, find_suite, grade_predictions, grade_run
from rematch.app.parts import Parts
from rematch.app.plans import Plan, read_plan
from rematch.app.reading import load_run, open_task, report_run_judge
from rematch.app.repository import (
    apply_pick,
    check_appliable,
    keep_pick,
    load_repository,
    place_run,
)
from rematch.app.rewards import grade_trials
from rematch.app.running import Finished, as_json, count_run_calls, run_suite
from rematch.app.searching import SearchRequest, SearchResult, Tried, search_pool, search_suite
from rematch.app.selecting import (
    Selected,
    Selection,
    count_calls,
    open_selection,
    select_pool,
)
from rematch.app.spaces import read_space
from rematch.app.swebench import fit_to_suite
from rematch.app.tuning import TuningRequest, tune_prompts
from rematch.data.pools import Pool, read_pool
from rematch.data.suites import Suite, load_suite
from rematch.optimizers.ablation import Ablation
from rematch.optimizers.evaluation import Evaluation
from rematch.optimizers.tuning_report import TuningReport
from rematch.report.diagnostics import TaskRun
from rematch.runs.calls import Event
from rematch.runs.folder import RunFolder, write_text
from rematch.runs.waits import Waits

__all__ = [
    "Ablation",
    "AnchoringResult",
    "CalibrationReport",
    "Config",
    "Evaluation",
    "Event",
    "Finished",
    "Forecast",
    "Graded",
    "Parts",
    "Plan",
    "Pool",
    "RunFolder",
    "SearchRequest",
    "SearchResult",
    "Selected",
    "Selection",
    "Suite",
    "TaskRun",
    "Tried",
    "TuningReport",
    "TuningRequest",
    "Waits",
    "ablate_pool",
    "ablate_suite",
    "anchor_pool",
    "apply_pick",
    "as_json",
    "build_run",
    "build_selector",
    "calibrate_pool",
    "check_appliable",
    "count_calls",
    "count_live_calls",
    "count_run_calls",
    "describe_parts",
    "dump_config",
    "evaluate_pool",
    "find_suite",
    "fit_evidence",
    "fit_to_suite",
    "forecast_run",
    "forecast_selection",
    "grade_predictions",
    "grade_run",
    "grade_trials",
    "keep_pick",
    "load_config",
    "load_repository",
    "load_run",
    "load_suite",
    "open_selection",
    "open_task",
    "place_run",
    "plan_pool",
    "plan_suite",
    "prepare_environment",
    "read_plan",
    "read_pool",
    "read_space",
    "report_run_judge",
    "run_async",
    "run_suite",
    "search_pool",
    "search_suite",
    "select_pool",
    "tune_prompts",
    "write_text",
]
