"""mini-SWE-agent as an Agent: its own loop and prompts, in our sandboxes."""

from rematch.agents.mini.agent import MakeSandbox, MiniAgent, ModelFactory
from rematch.agents.mini.config import MiniConfig, MiniModelConfig
from rematch.agents.mini.environment import MiniEnvironment
from rematch.agents.mini.loading import load_mini

__all__ = [
    "MakeSandbox",
    "MiniAgent",
    "MiniConfig",
    "MiniEnvironment",
    "MiniModelConfig",
    "ModelFactory",
    "load_mini",
]
