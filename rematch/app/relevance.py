"""Which settings can matter where: a variant that cannot is refused before it costs anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rematch.app.config import PACING, Config
from rematch.app.plans import Plan, Variant
from rematch.data.pools import Pool
from rematch.data.records import ResultKind
from rematch.errors import UsageError


@dataclass(frozen=True)
class Place:
    """Where variants run: live, or on a pool with so many attempts a task, with patches or not."""

    is_live: bool = True
    most_attempts: int = 0
    has_patches: bool = True

    @classmethod
    def of_pool(cls, pool: Pool) -> Place:
        """The place that a recorded pool is."""
        kinds = [pool.task(task_id).asks_for for task_id in pool.sizes]
        return cls(False, max(pool.sizes.values(), default=0), ResultKind.PATCH in kinds)


def check_variants(plan: Plan, place: Place) -> None:
    """See that every variant can make a difference.

    Raises:
        UsageError: one cannot, with the reason.
    """
    for variant in plan.variants:
        reason = explain_idle(variant, plan.base.config, place)
        if reason:
            raise UsageError(f"variant {variant.name!r}: {reason}")


def explain_idle(variant: Variant, base: Config, place: Place) -> str:
    """Why one of a variant's changes cannot matter here; "" when all can."""
    if not variant.changes:
        return "changes nothing of the base"
    for key in variant.changes:
        for rule in _RULES:
            reason = rule(key, variant.config, base, place)
            if reason:
                return f"{key} {reason}"
    return ""


def _paces(key: str, config: Config, base: Config, place: Place) -> str:
    of_model = key.startswith("models.") and key.rpartition(".")[2] in PACING
    if of_model or _under(key, "calibration", "budget", "workers", "in_flight", "rtv.warm_cache"):
        return "changes no result, only how the run is paced, priced, bounded or described"
    return ""


def _tunes(key: str, config: Config, base: Config, place: Place) -> str:
    if _under(key, "tuning", "models.reflection"):
        return "says how `rematch optimize` tunes prompts, and nothing is tuned here"
    return ""


def _makes_rollouts(key: str, config: Config, base: Config, place: Place) -> str:
    making = ("n", "iterations", "keep_champion", "context", "agent", "grading")
    if not place.is_live and _under(key, *making, "models.agent", "models.distiller"):
        hint = "; recorded_n draws N of them" if key == "n" else ""
        return f"says how rollouts are made, and those of a recorded pool are made{hint}"
    if place.is_live and key == "recorded_n":
        return "draws from recorded rollouts, and what runs live makes its own: n says how many"
    return ""


def _counts(key: str, config: Config, base: Config, place: Place) -> str:
    most = place.most_attempts
    if key == "recorded_n" and min(config.recorded_n or most, most) == min(
        base.recorded_n or most, most
    ):
        return f"changes nothing where no task has more than {most} attempts"
    return ""


def _shows_patches(key: str, config: Config, base: Config, place: Place) -> str:
    if place.has_patches:
        return ""
    if key == "rtv.merge":
        return "merges equal patches, and no attempt here has a patch"
    if key == "judge.represent" and config.judge.represent == "patch":
        return "is `patch`, and no attempt here has a patch"
    return ""


def _asks_judge(key: str, config: Config, base: Config, place: Place) -> str:
    if config.models.judge is not None:
        return ""
    voting = ("rtv.votes", "rtv.mode", "rtv.early_stop", "rtv.rotate", "judge")
    if _under(key, *voting):
        return "means nothing to an evidence judge, which casts one vote that no order changes"
    narrows = place.is_live and config.iterations > 1 and config.context.kind == "select-k"
    if key == "rtv.group_size" and not narrows:
        return "means nothing to an evidence judge, whose bracket equals its ranking"
    if key == "rtv.ties" and "draw" not in (config.rtv.ties, base.rtv.ties):
        return "decides alike: where an evidence judge sees a tie, evidence is equal"
    return ""


def _plays_matches(key: str, config: Config, base: Config, place: Place) -> str:
    entrants = config.n if place.is_live else min(config.recorded_n or 10**9, place.most_attempts)
    sizes = (config.rtv.group_size, base.rtv.group_size)
    if key == "rtv.group_size" and min(sizes) >= entrants:
        return f"changes nothing where {entrants} entrants make one match"
    if key == "rtv.early_stop" and config.rtv.mode == "batched":
        return "has no effect on batched votes, which are asked at once"
    if key == "rtv.early_stop" and config.rtv.votes == 1:
        return "has no effect on a single vote"
    if key == "rtv.rotate" and config.rtv.votes == 1:
        return "has no effect on a single vote, which has one order"
    if key == "judge.input_tokens" and config.judge.represent in ("summary", "evidence"):
        return "bounds trajectories and patches only; summaries have their own bounds"
    return ""


def _reads_summaries(key: str, config: Config, base: Config, place: Place) -> str:
    if not _under(key, "summarizer", "models.summarizer"):
        return ""
    if _under(key, "summarizer") and config.models.summarizer is None:
        return "bounds a model's summaries, and these are written from evidence"
    if place.is_live and config.iterations > 1 and config.context.kind != "none":
        return ""  # the next iteration reads them
    if config.models.judge is None:
        return "changes summaries, which an evidence judge does not read"
    if config.judge.represent != "summary":
        return f"changes summaries, and the judge is shown {config.judge.represent} instead"
    return ""


def _reads_prompts(key: str, config: Config, base: Config, place: Place) -> str:
    models = config.models
    asked = [models.judge, models.summarizer if models.judge or place.is_live else None]
    if place.is_live and config.context.distill:
        asked.append(models.distiller)
    if key == "program" and not any(asked):
        return "holds prompts, and no model is asked here"
    return ""


def _weighs_evidence(key: str, config: Config, base: Config, place: Place) -> str:
    decides = config.models.judge is None or config.rtv.ties == "evidence"
    if _under(key, "evidence") and not decides:
        return "changes nothing where a model votes and ties are not settled by evidence"
    return ""


def _refines(key: str, config: Config, base: Config, place: Place) -> str:
    if not place.is_live:
        return ""
    if config.iterations == 1 and _under(key, "context", "keep_champion", "models.distiller"):
        return "matters from the second iteration on, and this variant has one (T=1)"
    kind = config.context.kind
    if key == "context.k" and kind in ("none", "single") and not config.keep_champion:
        return f"means nothing to a context of kind {kind}"
    if key == "context.distill" and kind == "none":
        return "distills nothing: the context is empty (kind none)"
    if _under(key, "models.distiller") and not config.context.distill:
        return "asks nobody: context.distill is false"
    return ""


def _drives_agent(key: str, config: Config, base: Config, place: Place) -> str:
    model = config.models.agent is not None
    if _under(key, "agent.repairer") and (model or config.agent.in_harbor):
        return "is about the offline repairer, and another agent makes the attempts"
    if _under(key, "agent.harbor", "agent.terminus") and not config.agent.in_harbor:
        return "is about Harbor's agents, and none is named (agent.name)"
    return ""


_RULES: tuple[Callable[[str, Config, Config, Place], str], ...] = (
    _paces,
    _tunes,
    _makes_rollouts,
    _counts,
    _shows_patches,
    _asks_judge,
    _plays_matches,
    _reads_summaries,
    _reads_prompts,
    _weighs_evidence,
    _refines,
    _drives_agent,
)


def _under(key: str, *parts: str) -> bool:
    return any(key == part or key.startswith(f"{part}.") for part in parts)
