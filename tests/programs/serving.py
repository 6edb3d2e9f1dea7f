"""Programs on the scripted endpoint, through our engine and real HTTP."""

from __future__ import annotations

from typing import Any

import dspy

from rematch.data.records import Bracket, Rollout, Summary
from rematch.programs import RTV, Judge, RTVConfig
from rematch.runs.executor import LocalExecutor
from rematch.runs.metering import Meter
from rematch.runs.models import ModelConfig, Role, build_lm
from rematch.seams import Entrant
from rematch.testing import Endpoint
from tests.programs.makers import PATCH_TASK, make_rollout, run


def serve_lm(
    endpoint: Endpoint,
    role: Role = "judge",
    *,
    meter: Meter | None = None,
    model: str = "openai/scripted",
    **config: Any,
) -> dspy.LM:
    chosen = ModelConfig(model=model, api_base=endpoint.url, **{"first_pause": 0.01, **config})
    return build_lm(role, chosen, meter or Meter())


def make_rated(name: str, quality: float, says: str = "") -> Entrant:
    """An entrant whose worth the scripted judge can read."""
    outcome = f"{says} {name} [quality={quality}]"
    return Entrant(make_rollout(name), Summary(rollout_id=name, final_outcome=outcome))


def make_pool(size: int, name: str = "r") -> list[Entrant]:
    """Entrants of falling worth; the first is the best."""
    return [make_rated(f"{name}{index}", 1 - index / 10) for index in range(size)]


def play(
    lm: dspy.LM, entrants: list[Entrant], *, seed: int = 0, places: int = 16, **config: Any
) -> Bracket:
    rtv = RTV(Judge(lm), RTVConfig(**config), executor=LocalExecutor({"judge": places}))
    bracket: Bracket = run(rtv.acall(task=PATCH_TASK, entrants=entrants, seed=seed))
    return bracket


def with_output(rollout: Rollout, output: str) -> Rollout:
    """The rollout with another output of its first command."""
    step = rollout.trajectory.steps[0]
    action = step.actions[0].model_copy(update={"output": output})
    steps = (step.model_copy(update={"actions": (action,)}), *rollout.trajectory.steps[1:])
    trajectory = rollout.trajectory.model_copy(update={"steps": steps})
    return rollout.model_copy(update={"trajectory": trajectory})
