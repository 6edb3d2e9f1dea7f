"""Variants against their base: pairs of tasks, intervals, and the price of looking often."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.data.records import Usage
from rematch.errors import InputError
from rematch.optimizers.ablation import (
    PICKED,
    Ablation,
    Brought,
    Comparison,
    compare_variants,
    correct_holm,
)


def brought(name: str, *rewards: float | None, **more: object) -> Brought:
    """Rewards by task; None is a task that failed."""
    values = {f"task{n}": reward for n, reward in enumerate(rewards) if reward is not None}
    failed = {f"task{n}": "broke" for n, reward in enumerate(rewards) if reward is None}
    return Brought.model_validate(
        {"name": name, "measures": {PICKED: values}, "failures": failed, **more}
    )


def compare(base: Brought, *variants: Brought, seed: int = 0) -> Ablation:
    return compare_variants(base, variants, kind="recorded", seed=seed)


def test_differences_are_taken_task_by_task() -> None:
    base = brought("base", 1, 0, 0, 0.5)
    row = compare(base, brought("v", 0, 1, 1, 0.5)).rows[1].comparisons[PICKED]
    assert row.mean == pytest.approx(0.625)
    assert row.difference == pytest.approx(0.25)
    assert row.paired is not None
    assert (row.paired.better, row.paired.worse, row.paired.p) == (2, 1, 1.0)


def test_the_base_comes_first_and_is_compared_with_nothing() -> None:
    table = compare(brought("base", 1, 0), brought("v", 1, 1))
    assert [row.name for row in table.rows] == ["base", "v"]
    base = table.rows[0].comparisons[PICKED]
    assert (base.difference, base.paired, base.p_holm) == (None, None, None)
    assert base.mean == 0.5


def test_the_pairs_interval_is_narrower_than_the_tasks_spread() -> None:
    """What two eyeballed intervals hide: every task is better by the same."""
    base = brought("base", *[0.0, 0.4] * 10)
    variant = compare(base, brought("v", *[0.1, 0.5] * 10)).rows[1].comparisons[PICKED]
    assert variant.difference_ci95 == pytest.approx((0.1, 0.1))
    assert variant.ci95[0] < 0.25 < variant.ci95[1]


def test_a_task_that_failed_is_in_no_pair_and_is_told() -> None:
    table = compare(brought("base", 1, 0, 1), brought("v", None, 1, 1))
    row = table.rows[1].comparisons[PICKED]
    assert (row.n_tasks, row.difference) == (2, 0.5)
    assert table.problems == ("v: task0: broke",)


def test_a_variant_that_brought_nothing_is_refused_with_its_reason() -> None:
    with pytest.raises(InputError, match="nothing to compare"):
        compare(brought("base", 1), brought("v", None))


def test_a_variant_with_none_of_the_bases_tasks_has_no_difference() -> None:
    row = compare(brought("base", 1, None), brought("v", None, 1)).rows[1].comparisons[PICKED]
    assert (row.mean, row.difference, row.p_holm) == (1.0, None, None)


def test_equal_variants_differ_by_nothing_for_certain() -> None:
    row = compare(brought("base", 1, 0, 1), brought("v", 1, 0, 1)).rows[1].comparisons[PICKED]
    assert (row.difference, row.difference_ci95) == (0.0, (0.0, 0.0))
    assert row.paired is not None and row.paired.p == 1.0


def test_the_same_seed_gives_the_same_table() -> None:
    base, variant = brought("base", 1, 0, 1, 0, 0.3), brought("v", 1, 1, 0, 1, 0.9)
    assert compare(base, variant, seed=3) == compare(base, variant, seed=3)


def test_every_measure_is_compared_and_corrected_by_itself() -> None:
    measures = {"picked": {"a": 0.0, "b": 0.0}, "mean": {"a": 0.5, "b": 0.5}}
    better = {"picked": {"a": 1.0, "b": 1.0}, "mean": {"a": 0.5, "b": 0.5}}
    table = compare_variants(
        Brought(name="base", measures=measures),
        [Brought(name="v", measures=better)],
        kind="live",
    )
    assert table.measures == ("picked", "mean")
    found = table.rows[1].comparisons
    assert (found["picked"].difference, found["mean"].difference) == (1.0, 0.0)
    assert [row["measure"] for row in table.flatten()] == ["picked", "picked", "mean", "mean"]


def test_a_row_tells_what_the_variant_takes() -> None:
    judge = Usage(calls=3, input_tokens=10, output_tokens=2, cost_usd=0.5)
    summarizer = Usage(calls=2, input_tokens=20, output_tokens=4, cost_usd=None)
    variant = brought("v", 1, usage={"judge": judge, "summarizer": summarizer})
    row = compare(brought("base", 1), variant).flatten()[1]
    assert (row["calls"], row["tokens"], row["cost_usd"]) == (5, 36, None)


def test_the_table_survives_its_file() -> None:
    table = compare(brought("base", 1, 0), brought("v", 1, 1, changes={"rtv.votes": 1}))
    assert Ablation.model_validate_json(table.model_dump_json()) == table


def test_holm_by_hand() -> None:
    assert correct_holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert correct_holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_p_and_bonferroni_and_keeps_the_order(ps: list[float]) -> None:
    corrected = correct_holm(ps)
    for p, one in zip(ps, corrected, strict=True):
        assert p <= one <= min(1.0, len(ps) * p) + 1e-12
    order = sorted(range(len(ps)), key=ps.__getitem__)
    assert [corrected[i] for i in order] == sorted(corrected)


REWARDS = st.lists(st.sampled_from([0.0, 0.25, 1.0]) | st.none(), min_size=3, max_size=3)
SOME = REWARDS.filter(lambda rewards: any(reward is not None for reward in rewards))


@settings(max_examples=25, deadline=None)
@given(SOME, SOME)
def test_swapping_base_and_variant_turns_the_difference(
    ours: list[float | None], theirs: list[float | None]
) -> None:
    def found(base: list[float | None], variant: list[float | None]) -> Comparison:
        return compare(brought("base", *base), brought("v", *variant)).rows[1].comparisons[PICKED]

    there, back = found(theirs, ours), found(ours, theirs)
    if there.difference is None:
        assert back.difference is None and back.paired is None
        return
    assert back.difference == pytest.approx(-there.difference)
    assert there.paired is not None and back.paired is not None
    assert (there.paired.better, there.paired.p) == (back.paired.worse, back.paired.p)
    assert there.difference_ci95 is not None
    low, high = there.difference_ci95
    assert low - 1e-9 <= there.difference <= high + 1e-9


def test_another_variant_makes_no_difference_but_to_the_correction() -> None:
    base, good = brought("base", *[0] * 6), brought("good", *[1] * 6)
    alone = compare(base, good).rows[1].comparisons[PICKED]
    beside = compare(base, good, brought("same", *[0] * 6)).rows[1].comparisons[PICKED]
    assert alone.paired is not None and alone.p_holm == alone.paired.p
    assert beside.p_holm == pytest.approx(2 * 2 / 2**6)
    assert beside.model_copy(update={"p_holm": None}) == alone.model_copy(update={"p_holm": None})


def test_a_variant_that_shares_no_task_does_not_count_as_a_look() -> None:
    base = brought("base", 0, 0, 0, 0, 0, None)
    apart = brought("apart", None, None, None, None, None, 1)
    table = compare(base, brought("good", 1, 1, 1, 1, 1, None), apart)
    good = table.rows[1].comparisons[PICKED]
    assert good.paired is not None and good.p_holm == good.paired.p


def test_problems_that_are_handed_in_stand_before_failures() -> None:
    table = compare_variants(
        brought("base", 1, None),
        [brought("v", 1, 1)],
        kind="recorded",
        references={"random": 0.5},
        problems=["x: no label"],
    )
    assert table.problems == ("x: no label", "base: task1: broke")
    assert table.references == {"random": 0.5}


def test_a_base_that_brought_nothing_is_refused_by_its_name() -> None:
    with pytest.raises(InputError, match=r"^variant 'base': nothing to compare \(broke\)$"):
        compare(brought("base", None), brought("v", 1))
    empty = Brought(name="v", measures={PICKED: {}})
    with pytest.raises(InputError, match=r"\(no task\)$"):
        compare(brought("base", 1), empty)
