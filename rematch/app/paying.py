"""From the configuration to what pays: prices that are known, and the rollouts' purse."""

from __future__ import annotations

from rematch.app.agents import Hands
from rematch.app.config import Config
from rematch.data.suites import Suite
from rematch.runs.calls import Calls
from rematch.runs.folder import RunFolder
from rematch.runs.models import check_prices, price_model
from rematch.runs.purse import Purse


def check_budget(config: Config) -> None:
    """See that a budget in dollars can be held, before anything is asked.

    Raises:
        UsageError: the price of a model that will be asked is unknown.
    """
    if config.budget.dollars is not None:
        unasked = {} if config.context.distill else {"distiller": None}
        check_prices(config.models.model_copy(update=unasked))


def open_purse(
    config: Config, suite: Suite, folder: RunFolder, calls: Calls, hands: Hands
) -> Purse | None:
    """What pays for calls that an agent makes by itself; terminus-1 makes them through us."""
    model = config.models.agent
    if model is None or hands.pilot is not None:
        return None
    rollouts = len(suite.tasks) * config.n * config.iterations - folder.count_rollouts()
    cap = 0.0 if config.agent.in_harbor else config.agent.mini.cost_limit
    return Purse(calls, model.model, price_model(model.model, model), rollouts, cap)
