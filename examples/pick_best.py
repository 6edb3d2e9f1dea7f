"""Pick the best of recorded rollouts from Python, without a model.

usage: python examples/pick_best.py PATH...

With models, write for example
    load_config(overrides={"models.judge.model": "openai/gpt-5-mini", "rtv.votes": 4})
"""

import sys

from rematch.app import build_selector, load_config, read_pool, run_async, select_pool


def main(paths: list[str]) -> None:
    """Print a pick and its reason for every task found below the paths."""
    config = load_config(overrides={"seed": 7})
    pool = read_pool(paths)
    parts = build_selector(config)
    selected = run_async(lambda: select_pool(parts, pool, config))
    for task_id, selection in selected.selections.items():
        sys.stdout.write(f"{task_id}: {selection.pick.rollout_id} ({selection.pick.reasons})\n")


if __name__ == "__main__":
    main(sys.argv[1:])
