"""The parts of an ablation: what each variant takes, what is told of it, and where it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.app.ablating import (
    RESULT,
    ablate_pool,
    add_usage,
    check_whole,
    count_tasks,
    open_ablation,
    plan_pool,
    share_calls,
    tell_losses,
    trim,
    variant_folder,
)
from rematch.app.config import load_config
from rematch.app.plans import Plan, Variant, find_changes
from rematch.data.records import Usage
from rematch.errors import BudgetSpentError, InputError, UsageError
from rematch.optimizers.ablation import PICKED, Ablation
from rematch.runs.calls import Calls
from tests.app.recordings import write_pool
from tests.cli.pools import write_labelled

MODELS = {"models.judge.model": "openai/m", "models.summarizer.model": "openai/m"}


@pytest.fixture
def calls() -> Iterator[Calls]:
    with closing(Calls()) as opened:
        yield opened


def make_variant(name: str = "v", **keys: Any) -> Variant:
    return Variant(name, load_config([keys]), {})


def make_plan(common: dict[str, Any], **variants: dict[str, Any]) -> Plan:
    base = load_config([common])
    made = []
    for name, keys in variants.items():
        config = load_config([common, keys])
        made.append(Variant(name, config, dict(find_changes(base, config))))
    return Plan(base=Variant("base", base, {}), variants=tuple(made))


def test_tasks_are_counted_as_they_end_under_the_variants_name() -> None:
    told: list[tuple[str, int, int]] = []
    for variant in (make_variant("one"), make_variant("two")):
        note = count_tasks(variant, 2, lambda *what: told.append(what))
        note("task b", "a pick")
        note("task a", "a reason why there is none")
    assert told == [("one", 1, 2), ("one", 2, 2), ("two", 1, 2), ("two", 2, 2)]


def test_where_nobody_listens_tasks_end_all_the_same() -> None:
    count_tasks(make_variant(), 2, None)("task a", "a pick")


def test_only_lost_calls_are_told_each_of_them(calls: Calls) -> None:
    calls.note("judge", "timeout", "retried")
    calls.note("judge", "timeout", "replayed")
    assert tell_losses(make_variant(), calls) == []
    for _ in range(2):
        calls.note("judge", "timeout", "lost")
    calls.note("summarizer", "server", "lost")
    (line,) = tell_losses(make_variant("one vote"), calls)
    assert line.startswith("one vote: 3 calls came to nothing") and "\n" not in line
    assert "the same command asks for them again" in line


def test_a_variant_is_whole_unless_the_budget_cut_it_short(calls: Calls) -> None:
    calls.note("judge", "timeout", "lost")
    check_whole("one vote", calls)
    calls.note("judge", "budget", "lost")
    with pytest.raises(BudgetSpentError, match=r"^variant 'one vote': the budget is spent") as told:
        check_whole("one vote", calls)
    assert "raise the budget and run the same command" in str(told.value)


def test_variants_share_ledger_and_budget_and_count_by_themselves(calls: Calls) -> None:
    one, other = share_calls(calls), share_calls(calls)
    assert one.ledger is other.ledger is calls.ledger
    assert one.budget is other.budget is calls.budget
    one.meter.note("judge", Usage(calls=1))
    one.note("judge", "budget", "lost")
    assert (other.lost, other.meter.by_role(), calls.lost) == (0, {}, 0)
    check_whole("other", other)


ROLES = st.sampled_from(["judge", "summarizer", "agent"])
USAGES = st.dictionaries(
    ROLES,
    st.builds(
        Usage,
        calls=st.integers(0, 9),
        input_tokens=st.integers(0, 99),
        cost_usd=st.none() | st.sampled_from([0.0, 0.25, 0.5]),
    ),
)


@given(USAGES, USAGES, USAGES)
def test_usage_adds_up_whatever_the_order(
    one: dict[str, Usage], two: dict[str, Usage], three: dict[str, Usage]
) -> None:
    both = add_usage(one, two)
    assert both == add_usage(two, one)
    assert add_usage(both, three) == add_usage(one, add_usage(two, three))
    assert both.keys() == {*one, *two}
    assert sum(u.calls for u in both.values()) == sum(
        u.calls for part in (one, two) for u in part.values()
    )
    assert add_usage(one, {}) == one


def test_an_unknown_price_stays_unknown_in_its_role_alone() -> None:
    unpriced = {"judge": Usage(calls=1, cost_usd=None)}
    added = add_usage(unpriced, {"judge": Usage(cost_usd=1.0), "agent": Usage(cost_usd=2.0)})
    assert (added["judge"].cost_usd, added["agent"].cost_usd) == (None, 2.0)


def test_an_evidence_judge_pays_for_no_summaries_and_reads_no_prompts() -> None:
    config = load_config([MODELS, {"models.judge": None, "program": "p.json", "seed": 3}])
    trimmed = trim(config)
    assert (trimmed.models.summarizer, trimmed.program, trimmed.seed) == (None, None, 3)
    assert config.models.summarizer is not None, "the variant's own configuration stays"


def test_what_a_model_judges_is_left_as_it_is() -> None:
    config = load_config([MODELS, {"program": "p.json"}])
    assert trim(config) == config
    assert trim(trim(load_config([]))) == trim(load_config([]))


def test_another_setting_of_the_same_name_goes_elsewhere(tmp_path: Path) -> None:
    one = variant_folder(tmp_path, make_variant("v", **{"rtv.votes": 1}))
    assert one != variant_folder(tmp_path, make_variant("v", **{"rtv.votes": 2}))
    assert one != variant_folder(tmp_path, make_variant("w", **{"rtv.votes": 1}))
    paced = make_variant("v", **{"rtv.votes": 1, "in_flight": 2, "budget.calls": 9})
    assert one == variant_folder(tmp_path, paced), "how it is paced changes no result"


@pytest.mark.parametrize("name", ["../up", "a/b", "with space", "ä" * 200, "."])
def test_any_name_is_one_folder_below_variants(tmp_path: Path, name: str) -> None:
    folder = variant_folder(tmp_path, make_variant(name))
    assert folder.resolve().parent == (tmp_path / "variants").resolve()
    folder.mkdir(parents=True)


def test_a_folder_goes_on_with_its_suite_alone(tmp_path: Path) -> None:
    open_ablation(tmp_path / "out", "one pool", redo=False).close()
    open_ablation(tmp_path / "out", "one pool", redo=False).close()
    with pytest.raises(UsageError):
        open_ablation(tmp_path / "out", "another pool", redo=False)


def test_doing_it_again_forgets_variants_and_what_they_share(tmp_path: Path) -> None:
    output = tmp_path / "out"
    open_ablation(output, "pool", redo=False).close()
    kept = [output / "variants" / "v-1" / "pick.json", output / "shared" / "a" / "rollout.json"]
    for file in kept:
        file.parent.mkdir(parents=True)
        file.write_text("{}")
    open_ablation(output, "pool", redo=False).close()
    assert all(file.exists() for file in kept)
    open_ablation(output, "pool", redo=True).close()
    assert not any(file.exists() for file in kept)


def test_calls_are_counted_for_each_variant_by_itself(tmp_path: Path) -> None:
    pool = write_pool(tmp_path, tasks=2, attempts=4)
    plan = make_plan(
        {**MODELS, "rtv.votes": 2, "rtv.group_size": 2},
        four={"rtv.votes": 4},
        evidence={"models.judge": None},
        two={"recorded_n": 2},
    )
    _, counted = plan_pool(plan, [pool])
    assert counted == {
        "base": {"summarizer": 8, "judge": 2 * 3 * 2},
        "four": {"summarizer": 8, "judge": 2 * 3 * 4},
        "evidence": {},
        "two": {"summarizer": 4, "judge": 2 * 1 * 2},
    }


def test_a_variant_that_cannot_matter_on_the_pool_is_refused_before_it_is_counted(
    tmp_path: Path,
) -> None:
    pool = write_pool(tmp_path, tasks=1, attempts=2)
    with pytest.raises(UsageError, match=r"^variant 'all': recorded_n changes nothing"):
        plan_pool(make_plan({}, all={"recorded_n": 2}), [pool])


def test_an_ablation_without_a_model_is_whole_and_the_same_again(tmp_path: Path) -> None:
    pool, labels = write_labelled(tmp_path, tasks=3, attempts=4)
    labels.write_text(labels.read_text() + "org__repo-9\tattempt0\t1\n")
    plan = make_plan({"seed": 5}, fewer={"recorded_n": 1}, bare={"evidence.without": ["size"]})
    told: list[tuple[str, int, int]] = []
    made = ablate_pool(
        plan, [pool], labels, tmp_path / "out", on_done=lambda *what: told.append(what)
    )
    assert [row.name for row in made.rows] == ["base", "fewer", "bare"]
    assert [row.changes for row in made.rows[1:]] == [variant.changes for variant in plan.variants]
    assert {row.comparisons[PICKED].n_tasks for row in made.rows} == {3}
    assert (made.kind, made.seed, made.spent) == ("recorded", 5, {})
    assert [name for name, _, total in told if total == 3] == ["base"] * 3 + ["fewer"] * 3 + [
        "bare"
    ] * 3
    assert made.problems == ("org__repo-9/attempt0: labelled, not in the pool",)
    assert made.references["random"] == 0.5 and made.references["oracle"] == 1.0
    text = (tmp_path / "out" / RESULT).read_text()
    assert Ablation.model_validate_json(text) == made
    assert ablate_pool(plan, [pool], labels, tmp_path / "out") == made


def test_without_labels_that_fit_there_is_nothing_to_compare(tmp_path: Path) -> None:
    pool, labels = write_labelled(tmp_path, tasks=1, attempts=2)
    labels.write_text("task\tattempt\treward\nelsewhere\ta\t1\n")
    with pytest.raises(InputError, match=r"^variant 'base': nothing to compare"):
        ablate_pool(make_plan({}, v={"recorded_n": 1}), [pool], labels, tmp_path / "out")
