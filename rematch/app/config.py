"""One configuration: YAML files, then `key=value` overlays, then flags; every default resolved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, PositiveInt, ValidationError, field_validator, model_validator

from rematch.agents.harbor import HarborConfig
from rematch.agents.mini import MiniConfig
from rematch.agents.repairer import RepairerConfig
from rematch.agents.sandboxes import SandboxConfig
from rematch.errors import UsageError
from rematch.evidence.features import GROUPS
from rematch.grading.swebench import SwebenchGradingConfig
from rematch.optimizers.tuners import TuningConfig
from rematch.programs import (
    ContextConfig,
    JudgeConfig,
    RematchConfig,
    RTVConfig,
    SummarizerConfig,
    TerminusConfig,
)
from rematch.programs.calibration import read_calibration
from rematch.programs.saved import read_document
from rematch.runs.budget import BudgetConfig
from rematch.runs.models import ModelsConfig
from rematch.settings import Settings

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {
        "n": 16,
        "iterations": 2,
        "context": {"kind": "select-k", "k": 4, "distill": False},
        "rtv": {"group_size": 2, "votes": 8, "merge": False, "early_stop": False},
    }
}
"""Named configurations for `-c`; `paper` is the one closest to the paper."""


class EvidenceConfig(Settings):
    """What the evidence judge decides by."""

    weights: Path | None = None
    """A file of weights that `rematch optimize evidence` wrote; none takes the committed ones."""
    without: tuple[str, ...] = ()
    """Groups of features to leave out: ending, size, agreement, errors, tests, claims, patch."""

    @field_validator("without")
    @classmethod
    def _refuse_unknown_groups(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [group for group in groups if group not in GROUPS]
        if unknown:
            raise ValueError(f"there is no group {unknown[0]!r}; there are {', '.join(GROUPS)}")
        return groups


WorkerRole = Literal["agent", "summarizer", "judge", "distiller", "grader"]
PACING = {
    *("timeout", "attempts", "retry_seconds", "first_pause", "requests_per_minute"),
    *("tokens_per_minute", "input_price", "output_price", "cache_markers"),
}
"""A model's settings that change when and for how much it answers, not what."""
_SECRET = re.compile(r"api_?key|secret|password|authorization|access_?token", re.IGNORECASE)


class AgentConfig(Settings):
    """Who makes attempts, and in what: where no name is given, mini-SWE-agent.

    Without a model that is the offline repairer.
    """

    name: str = Field(default="", pattern=r"^(harbor:\S+)?$")
    """`harbor:NAME` for any agent of Harbor's, or `harbor:terminus-1` for the paper's."""
    sandbox: SandboxConfig = SandboxConfig()
    """In what its commands run."""
    mini: MiniConfig = MiniConfig()
    """mini-SWE-agent's prompts and the limits of one rollout."""
    repairer: RepairerConfig = RepairerConfig()
    """Limits and habits of the offline repairer."""
    harbor: HarborConfig = HarborConfig()
    """How Harbor runs an agent."""
    terminus: TerminusConfig = TerminusConfig()
    """What Terminus 1 is shown."""
    program: Path | None = None
    """A file of tuned prompts for Terminus 1."""

    @property
    def in_harbor(self) -> bool:
        """Whether Harbor runs the tasks."""
        return bool(self.name)


class Config(RematchConfig):
    """All of a run's settings."""

    seed: int = 0
    """Fixes every random choice."""
    program: Path | None = None
    """A file of tuned prompts for summarizer, judge and distiller, as `rematch optimize` writes."""
    calibration: Path | None = None
    """A file that `rematch calibrate` wrote: picks come with the probability to be right."""
    recorded_n: int | None = Field(default=None, ge=1)
    """Of a task's recorded rollouts, the most that enter, drawn by seed; none takes all."""
    models: ModelsConfig = ModelsConfig()
    """A model per role; roles without one are answered from evidence."""
    agent: AgentConfig = AgentConfig()
    """Who makes attempts, and in what."""
    summarizer: SummarizerConfig = SummarizerConfig()
    """What a summary is made from."""
    judge: JudgeConfig = JudgeConfig()
    """What a model that votes is shown."""
    rtv: RTVConfig = RTVConfig()
    """How a tournament is played."""
    context: ContextConfig = ContextConfig()
    """What a later iteration is told."""
    evidence: EvidenceConfig = EvidenceConfig()
    """What the evidence judge decides by."""
    grading: SwebenchGradingConfig = SwebenchGradingConfig()
    """How SWE-bench's harness grades."""
    tuning: TuningConfig = TuningConfig()
    """How `rematch optimize` tunes prompts."""
    budget: BudgetConfig = BudgetConfig()
    """What the run may spend, over all its sessions."""
    workers: dict[WorkerRole, PositiveInt] = Field(default={}, examples=[{"judge": 32}])
    """Jobs at once per role (agent, summarizer, judge, distiller, grader); 16 where nothing is
    said."""
    in_flight: PositiveInt | None = None
    """Jobs at once over all roles; of those that wait, the ones with most stages of their task
    left go first. None leaves it to `workers`."""

    @model_validator(mode="after")
    def _refuse_equal_votes(self) -> Self:
        judge = self.models.judge
        if judge and judge.temperature == 0 and self.rtv.votes > 1:
            raise ValueError(
                "models.judge.temperature=0 makes all votes of a match the same: "
                "raise it, or set rtv.votes=1"
            )
        return self

    @model_validator(mode="after")
    def _refuse_larger_choices(self) -> Self:
        if self.judge.kind == "names" or self.rtv.group_size == 2:
            return self
        raise ValueError("judge.kind=choice compares two at a time: set rtv.group_size=2")

    @model_validator(mode="after")
    def _refuse_keys(self) -> Self:
        """A configuration is kept beside the results, so no secret may stand in it."""
        for role, model in self.models:
            names = _names(model.extra if model else {})
            secrets = [name for name in names if _SECRET.search(name)]
            if secrets:
                raise ValueError(
                    f"models.{role}.extra: {secrets[0]} is a secret; "
                    "keys come from the environment or .env only"
                )
        return self

    @property
    def reads_summaries(self) -> bool:
        """Whether selecting among recorded rollouts shows summaries to anyone."""
        return self.models.judge is None or self.judge.represent == "summary"

    def describe_results(self) -> dict[str, Any]:
        """What changes a run's results; how it is paced, priced and bounded does not.

        Raises:
            ProgramFileError: the file of prompts cannot be used.
            InputError: the file of a calibration cannot be used.
        """
        models: Any = {role: PACING for role, _ in self.models} | {"reflection": True}
        aside = ("workers", "in_flight", "budget", "program", "tuning")
        left_out: Any = {**dict.fromkeys(aside, True), "models": models}
        results = self.model_dump(mode="json", exclude=left_out)
        if self.program is not None:  # what it says counts, not where it lies
            results["program"] = read_document(self.program).compute_digest()
        if self.calibration is not None:
            results["calibration"] = read_calibration(self.calibration).model_dump(mode="json")
        return results


def _names(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            yield str(name)
            yield from _names(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _names(value)


def load_config(
    sources: Iterable[str | Mapping[str, Any]] = (), overrides: Mapping[str, Any] | None = None
) -> Config:
    """Read a configuration.

    Args:
        sources: what `-c` was given, in order: a preset's name, a YAML file, or `key=value`
            with a dotted key and a YAML value; also mappings of dotted keys, whose None values
            take away what stood there.
        overrides: dotted keys from flags; None values are skipped. They lie over everything.

    Raises:
        UsageError: an unknown key, a bad value or an unreadable file.
    """
    tree: dict[str, Any] = {}
    for source in sources:
        if isinstance(source, str):
            _merge(tree, _read_source(source))
        else:
            for key, value in source.items():
                _merge(tree, _nest(key, value))
    for key, value in (overrides or {}).items():
        if value is not None:
            _merge(tree, _nest(key, value))
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        raise UsageError(_explain(error)) from error


def dump_config(config: Config) -> str:
    """The configuration as YAML, every default resolved."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)


def _read_source(source: str) -> dict[str, Any]:
    if source in PRESETS:
        return PRESETS[source]
    key, equals, value = source.partition("=")
    if equals and "/" not in key:
        try:
            return _nest(key.strip(), yaml.safe_load(value))
        except yaml.YAMLError as error:
            raise UsageError(f"-c {source}: the value is not YAML") from error
    try:
        tree = yaml.safe_load(Path(source).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(PRESETS)
        raise UsageError(
            f"-c {source}: neither a file that can be read, nor key=value, nor a preset ({known})"
        ) from error
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise UsageError(f"-c {source}: is not YAML: {line}") from error
    if tree is None:  # nothing but comments
        return {}
    if not isinstance(tree, dict):
        raise UsageError(f"-c {source}: the file must hold keys and values")
    return tree


def _nest(key: str, value: Any) -> dict[str, Any]:
    for part in reversed(key.split(".")):
        value = {part: value}
    nested: dict[str, Any] = value
    return nested


def _merge(tree: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping):
            below = tree.get(key)
            tree[key] = below if isinstance(below, dict) else {}
            _merge(tree[key], value)
        else:
            tree[key] = value


def _explain(error: ValidationError) -> str:
    """The first mistakes in one line, with the dotted key of each."""
    mistakes = error.errors()[:3]
    found = [f"{_locate(mistake)}{_say(mistake)}" for mistake in mistakes]
    hint = " (`rematch run pocket --print-config` lists all keys)"
    unknown = any(mistake["type"] == "extra_forbidden" for mistake in mistakes)
    return "; ".join(found) + (hint if unknown else "")


def _locate(mistake: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in mistake["loc"] if part != "[key]")
    return f"{key}: " if key else ""


def _say(mistake: Mapping[str, Any]) -> str:
    if mistake["type"] == "extra_forbidden":
        return "unknown key"
    if mistake["type"] == "missing":
        return "is needed"
    if mistake["type"] == "string_pattern_mismatch" and mistake["loc"] == ("agent", "name"):
        return f"{mistake['input']!r} must be written harbor:NAME, such as harbor:terminus-2"
    if mistake["type"] == "string_pattern_mismatch" and mistake["loc"][-1] == "model":
        return f"{mistake['input']!r} must be written provider/name, such as openai/gpt-5-mini"
    return str(mistake["msg"]).removeprefix("Value error, ")
