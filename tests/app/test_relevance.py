"""What can matter where: refused with a reason, or let through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from rematch.app.config import Config, load_config
from rematch.app.plans import Plan, Variant, find_changes
from rematch.app.relevance import Place, check_variants, explain_idle
from rematch.errors import UsageError

LIVE = Place()
PATCHES = Place(is_live=False, most_attempts=5, has_patches=True)
STATES = Place(is_live=False, most_attempts=5, has_patches=False)
MODEL = {"models.judge.model": "openai/m", "models.summarizer.model": "openai/m"}
NOBODY: dict[str, Any] = {}


def explain(place: Place, base: dict[str, Any], changes: dict[str, Any]) -> str:
    config = load_config([base, changes])
    variant = Variant("v", config, dict(find_changes(load_config([base]), config)))
    return explain_idle(variant, load_config([base]), place)


@pytest.mark.parametrize(
    ("place", "base", "changes", "told"),
    [
        (PATCHES, MODEL, {}, "changes nothing of the base"),
        (PATCHES, MODEL, {"rtv.votes": 8}, "changes nothing of the base"),
        (PATCHES, MODEL, {"n": 3}, "recorded_n draws N of them"),
        (PATCHES, MODEL, {"context.k": 2}, "those of a recorded pool are made"),
        (PATCHES, MODEL, {"iterations": 1}, "those of a recorded pool are made"),
        (PATCHES, MODEL, {"keep_champion": True}, "those of a recorded pool are made"),
        (PATCHES, MODEL, {"models.agent.model": "openai/a"}, "those of a recorded pool are made"),
        (PATCHES, MODEL, {"workers.judge": 2}, "changes no result"),
        (PATCHES, MODEL, {"models.judge.attempts": 2}, "changes no result"),
        (PATCHES, MODEL, {"models.judge.cache_markers": False}, "changes no result"),
        (PATCHES, MODEL, {"budget.calls": 2}, "changes no result"),
        (PATCHES, MODEL, {"in_flight": 2}, "changes no result"),
        (PATCHES, MODEL, {"tuning.effort": "heavy"}, "nothing is tuned here"),
        (LIVE, MODEL, {"models.reflection.model": "openai/r"}, "nothing is tuned here"),
        (PATCHES, NOBODY, {"program": "p.json"}, "no model is asked"),
        (PATCHES, MODEL, {"recorded_n": 5}, "no task has more than 5 attempts"),
        (LIVE, MODEL, {"recorded_n": 2}, "n says how many"),
        (STATES, MODEL, {"rtv.merge": False}, "no attempt here has a patch"),
        (STATES, MODEL, {"judge.represent": "patch"}, "no attempt here has a patch"),
        (PATCHES, NOBODY, {"rtv.votes": 1}, "casts one vote"),
        (PATCHES, NOBODY, {"rtv.rotate": False}, "casts one vote"),
        (PATCHES, NOBODY, {"rtv.early_stop": False}, "casts one vote"),
        (PATCHES, NOBODY, {"judge.represent": "patch"}, "casts one vote"),
        (PATCHES, NOBODY, {"rtv.group_size": 3}, "bracket equals its ranking"),
        (PATCHES, NOBODY, {"rtv.ties": "cost"}, "decides alike"),
        (PATCHES, NOBODY, {"models.summarizer.model": "openai/m"}, "does not read"),
        (PATCHES, MODEL, {"models.judge": None, "rtv.votes": 1}, "casts one vote"),
        (PATCHES, MODEL | {"rtv.group_size": 5}, {"rtv.group_size": 6}, "one match"),
        (PATCHES, MODEL | {"rtv.mode": "batched"}, {"rtv.early_stop": False}, "batched"),
        (PATCHES, MODEL | {"rtv.votes": 1}, {"rtv.early_stop": False}, "single vote"),
        (PATCHES, MODEL | {"rtv.votes": 1}, {"rtv.rotate": False}, "single vote"),
        (PATCHES, MODEL, {"judge.input_tokens": 9000}, "trajectories and patches only"),
        (
            PATCHES,
            MODEL | {"judge.represent": "patch"},
            {"summarizer.input_tokens": 9000},
            "shown patch instead",
        ),
        (LIVE, NOBODY, {"summarizer.input_tokens": 9000}, "written from evidence"),
        (PATCHES, MODEL | {"rtv.ties": "cost"}, {"evidence.without": ["size"]}, "a model votes"),
        (LIVE, NOBODY | {"iterations": 1}, {"context.kind": "none"}, "T=1"),
        (LIVE, NOBODY | {"iterations": 1}, {"keep_champion": True}, "T=1"),
        (LIVE, NOBODY, {"iterations": 1, "context.k": 2}, "T=1"),
        (LIVE, NOBODY | {"context.kind": "none"}, {"context.k": 2}, "kind none"),
        (LIVE, NOBODY, {"context.kind": "single", "context.k": 2}, "kind single"),
        (LIVE, NOBODY, {"models.distiller.model": "openai/d"}, "context.distill is false"),
        (LIVE, MODEL | {"models.agent.model": "openai/a"}, {"agent.repairer.tries": 2}, "offline"),
        (LIVE, NOBODY, {"agent.terminus.attempts": 1}, "Harbor"),
    ],
)
def test_what_cannot_matter_is_refused_with_the_reason(
    place: Place, base: dict[str, Any], changes: dict[str, Any], told: str
) -> None:
    assert told in explain(place, base, changes)


@pytest.mark.parametrize(
    ("place", "base", "changes"),
    [
        (PATCHES, MODEL, {"rtv.votes": 1}),
        (PATCHES, MODEL, {"rtv.group_size": 4}),
        (PATCHES, MODEL, {"rtv.rotate": False}),
        (PATCHES, MODEL, {"rtv.early_stop": False}),
        (PATCHES, MODEL, {"rtv.ties": "draw"}),
        (PATCHES, MODEL, {"rtv.merge": False}),
        (PATCHES, MODEL, {"judge.represent": "patch"}),
        (STATES, MODEL, {"judge.represent": "trajectory"}),
        (PATCHES, MODEL, {"recorded_n": 3}),
        (PATCHES, MODEL, {"models.judge": None}),
        (PATCHES, MODEL, {"models.summarizer": None}),
        (PATCHES, MODEL, {"models.summarizer.model": "openai/other"}),
        (PATCHES, MODEL, {"models.judge.model": "openai/other", "rtv.votes": 1}),
        (PATCHES, MODEL, {"summarizer.attempts": 1}),
        (PATCHES, MODEL, {"evidence.without": ["size"]}),
        (PATCHES, MODEL, {"seed": 1}),
        (PATCHES, NOBODY, {"evidence.without": ["size"]}),
        (PATCHES, NOBODY, {"rtv.ties": "draw"}),
        (PATCHES, NOBODY, {"models.judge.model": "openai/m", "rtv.votes": 1}),
        (LIVE, NOBODY, {"rtv.group_size": 4}),
        (LIVE, NOBODY, {"context.kind": "none"}),
        (LIVE, NOBODY, {"context.k": 2}),
        (LIVE, NOBODY, {"iterations": 1}),
        (LIVE, NOBODY, {"n": 2}),
        (LIVE, NOBODY, {"keep_champion": True}),
        (LIVE, NOBODY, {"keep_champion": True, "context.kind": "none", "context.k": 2}),
        (LIVE, NOBODY, {"models.distiller.model": "openai/d", "context.distill": True}),
        (LIVE, NOBODY, {"models.summarizer.model": "openai/m"}),
        (LIVE, NOBODY, {"agent.repairer.tries": 2}),
    ],
)
def test_what_can_matter_is_let_through(
    place: Place, base: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert explain(place, base, changes) == ""


ROLES = ("agent", "summarizer", "judge", "distiller", "reflection")
EVERYBODY = {f"models.{role}.model": "openai/m" for role in ROLES}


def list_leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from list_leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def change(value: Any) -> list[Any]:
    """Other values of the same kind; None may stand for any number."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value / 2]
    return [3] if value is None else []


def vary(base: Config) -> Iterator[tuple[str, Config]]:
    """The base with each of its switches and numbers changed, by itself."""
    for key, value in list_leaves(base.model_dump(mode="json")):
        for other in change(value):
            try:
                config = load_config([EVERYBODY, {key: other}])
            except UsageError:
                continue  # not every number may stand there
            if config != base:
                yield key, config


@pytest.mark.parametrize("place", [LIVE, PATCHES])
def test_whatever_is_no_part_of_a_results_identity_is_refused(place: Place) -> None:
    """What would continue the base's own folder would be compared with itself."""
    base = load_config([EVERYBODY])
    identity = base.describe_results()
    idle = [(key, config) for key, config in vary(base) if config.describe_results() == identity]
    kinds = {key.partition(".")[0] for key, _ in idle}
    assert {"budget", "models", "tuning", "in_flight"} <= kinds
    for key, config in idle:
        variant = Variant("v", config, dict(find_changes(base, config)))
        assert explain_idle(variant, base, place).startswith(f"{key} "), key


def plan(**variants: dict[str, Any]) -> Plan:
    base = load_config([MODEL])
    made = []
    for name, changes in variants.items():
        config = load_config([MODEL, changes])
        made.append(Variant(name, config, dict(find_changes(base, config))))
    return Plan(base=Variant("base", base, {}), variants=tuple(made))


def test_the_first_variant_that_cannot_matter_is_named() -> None:
    check_variants(plan(one={"rtv.votes": 1}, patch={"judge.represent": "patch"}), PATCHES)
    with pytest.raises(UsageError, match=r"^variant 'slow': in_flight changes no result"):
        check_variants(plan(one={"rtv.votes": 1}, slow={"in_flight": 1}), PATCHES)


def test_one_idle_change_beside_one_that_matters_is_refused_too() -> None:
    """Else a table would say that both made the difference."""
    with pytest.raises(UsageError, match=r"variant 'both': workers\.judge changes no result"):
        check_variants(plan(both={"rtv.votes": 1, "workers.judge": 3}), PATCHES)


def test_a_place_without_attempts_has_no_match_to_play() -> None:
    nowhere = Place(is_live=False, most_attempts=0, has_patches=False)
    assert "changes nothing where no task" in explain(nowhere, MODEL, {"recorded_n": 4})
    assert "0 entrants make one match" in explain(nowhere, MODEL, {"rtv.group_size": 3})
