"""From our settings to Harbor's: what a trial is asked, and whether it can be asked at all."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rematch.agents.harbor.config import HarborConfig, HarborModel
from rematch.data.harbor_package import load_harbor
from rematch.errors import UsageError

TERMINUS_1 = "terminus-1"
_OUR_TERMINUS = "rematch.agents.harbor.terminus:Terminus1"
_NO_KEY = "this-endpoint-needs-no-key-at-all"
"""Long, because Harbor blacks out a key wherever it stands in a trial's files."""
_SHORTEST_KEY = 8


class Trials:
    """Makes trial configurations for one agent.

    Args:
        agent: its name in Harbor, `terminus-1`, or `module:Class`.
        config: options, environment, limits.
        model: what drives it; None for agents without one.

    Raises:
        UsageError: Harbor is missing, or cannot run this agent so; it says why.
    """

    def __init__(self, agent: str, config: HarborConfig, model: HarborModel | None) -> None:
        self._models = load_harbor("models.trial.config")
        self._config = config
        self.agent = _settle(agent, lambda: self._describe_agent(agent, model))
        self.environment = _settle(config.environment, self._describe_environment)
        self._check()

    def describe(
        self, folder: Path, suite: str, target: Path, name: str, context: str
    ) -> Any:  # harbor's TrialConfig
        """One trial's configuration.

        Args:
            folder: the task.
            suite: where the task is from.
            target: the folder in which the trial gets its own.
            name: of the trial.
            context: appended to the instruction, "" for none.
        """
        return self._models.TrialConfig.model_validate(
            {
                "timeout_multiplier": self._config.timeout_multiplier,
                **self._config.trial,
                "task": self._models.TaskConfig(path=folder, source=suite or None),
                "trials_dir": target,
                "trial_name": name,
                "agent": self.agent,
                "environment": self.environment,
                "extra_instructions": [context] if context else [],
            }
        )

    def _describe_agent(self, agent: str, model: HarborModel | None) -> Any:
        factory = load_harbor("agents.factory").AgentFactory
        ours = agent == TERMINUS_1
        if not ours and ":" not in agent and agent not in factory.registered_names():
            known = ", ".join(sorted({*factory.registered_names(), TERMINUS_1}))
            raise UsageError(f"Harbor has no agent {agent}; it has {known}, or give module:Class")
        described = self._models.AgentConfig(
            name=None if ours else agent,
            import_path=_OUR_TERMINUS if ours else None,
            model_name=model.name if model else None,
            override_timeout_sec=self._config.agent_seconds,
            env=self._config.env,
            kwargs=self._config.kwargs,
        )
        if model is None or ours:  # ours is handed its model ready-made
            return described
        known = factory.get_agent_class_from_config(described)
        options = getattr(known.options_model, "model_fields", {})
        told = {
            key: value
            for key in ("temperature", "reasoning_effort")
            if key in options and (value := getattr(model, key)) is not None
        }
        key = f"{model.name.partition('/')[0].upper()}_API_KEY"
        no_key = {key: _NO_KEY} if model.api_base and key not in os.environ else {}
        return described.model_copy(
            update={
                "base_url": model.api_base,
                "kwargs": {**told, **self._config.kwargs},
                "env": {**no_key, **self._config.env},
            }
        )

    def _describe_environment(self) -> Any:
        kind = self._config.environment
        named = {"import_path": kind} if ":" in kind else {"type": kind}
        return self._models.EnvironmentConfig.model_validate(
            {**self._config.environment_options, **named}
        )

    def _check(self) -> None:
        """Harbor's own checks, before any work: names, options, keys, whether Docker answers."""
        factory = load_harbor("agents.factory").AgentFactory
        environments = load_harbor("environments.factory").EnvironmentFactory
        agent, where = self.agent, self.environment
        _settle(agent.name or TERMINUS_1, lambda: factory.run_preflight(agent))
        installed = load_harbor("agents.installed.base").BaseInstalledAgent
        if issubclass(factory.get_agent_class_from_config(agent), installed):
            _refuse_short_keys(agent.env, agent.model_name)
        kwargs = where.kwargs or None
        _settle(
            self._config.environment,
            lambda: environments.run_preflight(where.type, where.import_path, kwargs=kwargs),
        )
        if self._config.environment == "docker":
            _refuse_without_compose()


def _settle(what: str, work: Callable[[], Any]) -> Any:
    """Do one of Harbor's checks; whatever it raises is one line."""
    try:
        return work()
    except UsageError:
        raise
    except (Exception, SystemExit) as error:  # they raise what they like
        line = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            line = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise UsageError(f"Harbor refuses {what}: {line[:600]}") from error


def _refuse_without_compose() -> None:
    done = subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=60)
    if done.returncode:
        raise UsageError(
            "Harbor's docker environment needs Compose v2, and `docker compose` does not answer: "
            "install Docker's compose plugin, or choose agent.harbor.environment"
        )


def _refuse_short_keys(env: Mapping[str, str], model: str | None) -> None:
    """Harbor replaces a key in all of a trial's files: one letter would spoil every word."""
    names = {*env, f"{(model or '').partition('/')[0].upper()}_API_KEY"}
    for name in sorted(name for name in names if name.endswith(("KEY", "TOKEN", "SECRET"))):
        value = os.environ.get(name, "") if "${" in env.get(name, "${") else env[name]
        if 0 < len(value) < _SHORTEST_KEY:
            raise UsageError(
                f"{name} has {len(value)} characters, and Harbor would black out all of them "
                f"wherever they stand in a trial's files: make it longer than {_SHORTEST_KEY}"
            )
