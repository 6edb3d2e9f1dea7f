"""Options that several commands share, and how they lie over the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from rematch.errors import UsageError

_OWN = "Your own repository"
_MODELS, _RULES, _COST, _OUTPUT = "Models", "Rules", "Cost", "Output"

_LABELS = "Tab-separated: task, attempt, reward (0..1), with a header."

Recorded = Annotated[list[Path], typer.Argument(help="Files and folders of recorded rollouts.")]
Labels = Annotated[Path, typer.Option(help=_LABELS)]
LabelsIfRecorded = Annotated[Path | None, typer.Option(help=_LABELS)]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", help="Model for every role, as provider/name.", rich_help_panel=_MODELS
    ),
]
SummarizerModel = Annotated[
    str | None, typer.Option(help="Model that summarizes.", rich_help_panel=_MODELS)
]
JudgeModel = Annotated[str | None, typer.Option(help="Model that votes.", rich_help_panel=_MODELS)]
ApiBase = Annotated[
    str | None,
    typer.Option(help="Endpoint of all models given by flags.", rich_help_panel=_MODELS),
]
GroupSize = Annotated[
    int | None,
    typer.Option("--group-size", "-g", help="G, entrants per match.", rich_help_panel=_RULES),
]
Votes = Annotated[
    int | None, typer.Option("--votes", "-v", help="V, votes per match.", rich_help_panel=_RULES)
]
Seed = Annotated[
    int | None, typer.Option(help="Fixes every random choice.", rich_help_panel=_RULES)
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        "-c",
        help="A YAML file, key=value (models.judge.temperature=0.7) or `paper`; repeatable, "
        "later ones lie over earlier ones, flags over all.",
        rich_help_panel=_RULES,
    ),
]
Program = Annotated[
    Path | None,
    typer.Option(
        "--program",
        help="Tuned prompts, a file that `rematch optimize` wrote.",
        rich_help_panel=_MODELS,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", "-w", help="Jobs at once of each role.", rich_help_panel=_RULES),
]
Budget = Annotated[
    float | None,
    typer.Option(
        "--budget",
        min=0,
        help="Most dollars, over all sessions of the run; it ends with the best so far.",
        rich_help_panel=_COST,
    ),
]
MaxCalls = Annotated[
    int | None,
    typer.Option(min=0, help="Most model calls, likewise.", rich_help_panel=_COST),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(min=0, help="Most tokens, read and written, likewise.", rich_help_panel=_COST),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Write JSON to stdout.", rich_help_panel=_OUTPUT)
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Tell the calls, tokens and dollars to expect per role, and stop.",
        rich_help_panel=_COST,
    ),
]
PrintConfig = Annotated[
    bool,
    typer.Option(
        "--print-config",
        help="Print the configuration with every default and stop.",
        rich_help_panel=_OUTPUT,
    ),
]


Ids = Annotated[
    list[str] | None,
    typer.Option("--ids", help="Only these tasks; repeatable, or with commas."),
]
Repo = Annotated[
    Path | None,
    typer.Option(help="Your own git repository, to be cloned at HEAD.", rich_help_panel=_OWN),
]
Issue = Annotated[
    Path | None, typer.Option(help="A text file that says what is wrong.", rich_help_panel=_OWN)
]
Test = Annotated[
    str | None,
    typer.Option(
        help="A shell command that runs your tests: evidence for the choice among attempts.",
        rich_help_panel=_OWN,
    ),
]
Image = Annotated[
    str | None,
    typer.Option(
        help="Work in docker containers of this image, with your dependencies.",
        rich_help_panel=_OWN,
    ),
]
Apply = Annotated[
    bool,
    typer.Option(
        "--apply", help="Apply the pick to the work tree, if that is clean.", rich_help_panel=_OWN
    ),
]
Rollouts = Annotated[
    int | None,
    typer.Option("--rollouts", "-n", help="N, rollouts per iteration.", rich_help_panel=_RULES),
]
Iterations = Annotated[
    int | None,
    typer.Option("--iterations", "-t", help="T, iterations.", rich_help_panel=_RULES),
]
Kept = Annotated[
    int | None,
    typer.Option("--kept", "-k", help="K, summaries a context holds.", rich_help_panel=_RULES),
]
Context = Annotated[
    str | None,
    typer.Option(
        help="What a later iteration is told: none, single, random-k or select-k.",
        rich_help_panel=_RULES,
    ),
]
KeepChampion = Annotated[
    bool | None,
    typer.Option(
        "--keep-champion",
        help="Let the last winner meet the survivors of the iteration before.",
        rich_help_panel=_RULES,
    ),
]
AgentModel = Annotated[
    str | None, typer.Option(help="Model that drives mini-SWE-agent.", rich_help_panel=_MODELS)
]
DistillerModel = Annotated[
    str | None, typer.Option(help="Model that distills contexts.", rich_help_panel=_MODELS)
]
AgentName = Annotated[
    str | None,
    typer.Option(
        "--agent",
        help="harbor:NAME runs any agent of Harbor's (terminus-2, claude-code, ...), "
        "harbor:terminus-1 the paper's; default: mini-SWE-agent.",
        rich_help_panel=_MODELS,
    ),
]
AgentKwarg = Annotated[
    list[str] | None,
    typer.Option(
        "--agent-kwarg",
        help="An option of Harbor's agent, as name=value; repeatable.",
        rich_help_panel=_MODELS,
    ),
]
Sandbox = Annotated[
    str | None,
    typer.Option(help="bwrap, docker or process; auto takes the best.", rich_help_panel=_RULES),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="The run's folder; the default follows from the configuration, so that the same "
        "command continues what it began.",
        rich_help_panel=_OUTPUT,
    ),
]
Export = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Write picks.json, preds.json and best/ here, beside a run folder that the same "
        "command continues.",
        rich_help_panel=_OUTPUT,
    ),
]
Redo = Annotated[
    bool,
    typer.Option(
        "--redo", help="Forget the folder's results and begin again.", rich_help_panel=_OUTPUT
    ),
]


def overlay_models(model: str | None, api_base: str | None, **roles: str | None) -> dict[str, Any]:
    """Dotted keys for model flags: `--model` names all roles given, a role's own flag wins.

    Args:
        model: for every role.
        api_base: for every role that a flag names a model for.
        roles: role name to its own flag's value.

    Raises:
        UsageError: an endpoint without a model.
    """
    keys: dict[str, Any] = {}
    for role, own in roles.items():
        if own or model:
            keys[f"models.{role}.model"] = own or model
            keys[f"models.{role}.api_base"] = api_base
    if api_base and not keys:
        raise UsageError("--api-base: name a model too, such as --model openai/NAME")
    return keys


def overlay_kwargs(given: list[str] | None) -> dict[str, Any]:
    """Dotted keys for the options of Harbor's agent, each given as name=value.

    Raises:
        UsageError: one is given otherwise.
    """
    import yaml

    keys: dict[str, Any] = {}
    for line in given or ():
        name, equals, value = line.partition("=")
        try:
            if not equals or not name.strip():
                raise ValueError
            keys[f"agent.harbor.kwargs.{name.strip()}"] = yaml.safe_load(value)
        except (ValueError, yaml.YAMLError) as error:
            example = "write name=value, such as max_turns=30"
            raise UsageError(f"--agent-kwarg {line}: {example}") from error
    return keys


def overlay_sandbox(kind: str | None, image: str | None) -> dict[str, Any]:
    """Dotted keys for `--sandbox` and `--image`.

    Raises:
        UsageError: an image is given for a sandbox that has none.
    """
    if image is not None and kind not in (None, "docker"):
        raise UsageError(f"--image goes with --sandbox docker, not with {kind}")
    kind = kind if image is None else "docker"
    return {"agent.sandbox.kind": kind, "agent.sandbox.docker.image": image}


def split_ids(ids: list[str] | None) -> list[str]:
    """The ids of all `--ids`."""
    return [name for part in ids or () for name in part.split(",") if name]


def overlay_budget(
    dollars: float | None, calls: int | None, tokens: int | None = None
) -> dict[str, Any]:
    """Dotted keys for the limits of what may be spent."""
    return {"budget.dollars": dollars, "budget.calls": calls, "budget.tokens": tokens}


def overlay_workers(workers: int | None) -> dict[str, Any]:
    """Dotted keys that give every role the same number of places."""
    roles = ("agent", "summarizer", "judge", "distiller", "grader")
    return {f"workers.{role}": workers for role in roles}
