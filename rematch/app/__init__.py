"""The public Python door: configuration in, wired program out. The command line uses it too."""

from rematch.app.building import Parts, build_selector, prepare_environment, run_async
from rematch.app.config import Config, dump_config, load_config
from rematch.app.selecting import Selected, Selection, count_calls, select_pool
from rematch.data.pools import Pool, read_pool

__all__ = [
    "Config",
    "Parts",
    "Pool",
    "Selected",
    "Selection",
    "build_selector",
    "count_calls",
    "dump_config",
    "load_config",
    "prepare_environment",
    "read_pool",
    "run_async",
    "select_pool",
]
