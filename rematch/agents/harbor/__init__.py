"""Any agent of Harbor's as an Agent, and Terminus 1 as an agent for Harbor.

Harbor is imported when a rollout is made, never by importing this package.
"""

from rematch.agents.harbor.agent import HarborAgent, Places
from rematch.agents.harbor.config import HarborConfig, HarborModel
from rematch.agents.harbor.seat import Operator

__all__ = ["HarborAgent", "HarborConfig", "HarborModel", "Operator", "Places"]
