"""From the configuration to an agent of Harbor's, and to the rewards that its trials bring."""

from __future__ import annotations

from collections.abc import Mapping

from rematch.agents.harbor import HarborAgent, HarborModel, Places
from rematch.app.config import Config
from rematch.data.harbor_tasks import HarborTask
from rematch.errors import UsageError
from rematch.grading.harbor import SealedRewards
from rematch.programs import Terminus
from rematch.runs.folder import RunFolder
from rematch.runs.models import find_window, fit_reply

TRIALS = 4
"""Trials at once where `workers.agent` does not say, as in Harbor."""
_LEAST_TOKENS = 4_000


def describe_harbor(config: Config) -> str:
    """Who makes the attempts, in a few words."""
    model = config.models.agent
    driven = f" with {model.model}" if model else ""
    where = config.agent.harbor.environment
    return f"{_name(config)}{driven}, run by Harbor in {where}"


def open_rewards(folder: RunFolder) -> SealedRewards:
    """The grader of a run's trials: it keeps what their verifiers say."""
    return SealedRewards(lambda task_id, name: folder.task(task_id).sealed(name))


def build_harbor(
    config: Config, tasks: Mapping[str, HarborTask], folder: RunFolder
) -> tuple[HarborAgent, SealedRewards, Terminus | None]:
    """The agent, the grader of its trials, and the program behind terminus-1, still without model.

    Args:
        config: agent, model, environment.
        tasks: by id.
        folder: keeps trials and sealed rewards.

    Raises:
        UsageError: Harbor is missing, or will not run this agent so.
    """
    rewards = open_rewards(folder)
    model = config.models.agent
    terminus = _build_terminus(config) if _name(config) == "terminus-1" else None
    agent = HarborAgent(
        _name(config),
        config.agent.harbor,
        tasks,
        Places(lambda task_id, name: folder.task(task_id).trial(name), rewards.seal),
        model=None
        if model is None
        else HarborModel(
            name=model.model,
            api_base=model.api_base,
            temperature=model.temperature,
            reasoning_effort=model.reasoning_effort,
        ),
        pilot=terminus,
        n_concurrent=config.workers.get("agent", TRIALS),
    )
    return agent, rewards, terminus


def _name(config: Config) -> str:
    return config.agent.name.removeprefix("harbor:")


def _build_terminus(config: Config) -> Terminus:
    """The program behind terminus-1, within its model's window."""
    model, settings = config.models.agent, config.agent.terminus
    if model is None:
        raise UsageError("harbor:terminus-1 is driven by a model: give --model provider/name")
    window = find_window(model.model)
    if window is not None:
        room = max(_LEAST_TOKENS, window - (fit_reply(model) or 0))
        budget = min(settings.input_tokens, room)
        settings = settings.model_copy(update={"input_tokens": budget})
    terminus = Terminus(config=settings)
    if config.agent.program is not None:
        terminus.load(config.agent.program)
    return terminus
