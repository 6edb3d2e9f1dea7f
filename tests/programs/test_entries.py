"""Who enters a bracket, what equal patches are, and what settles ties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Bracket, Decision, Task, Usage
from rematch.programs import RTV, RTVConfig
from rematch.programs.brackets import count_matches
from rematch.programs.entries import merge_equal, normalize_patch, order_ties
from rematch.seams import Entrant, Scorer
from tests.programs.makers import (
    PATCH_TASK,
    STATE_TASK,
    PolicyJudge,
    first_slot,
    make_entrant,
    make_entrants,
    no_vote,
    run,
)

DIFF = """\
diff --git a/x.py b/x.py
index 0123abc..89def01 100644
--- a/x.py
+++ b/x.py
@@ -1,2 +1,2 @@ def f():
-    return 1
+    return 2
"""
SAME = (
    DIFF.replace("0123abc..89def01", "0123abc..7777777")
    .replace(" def f():", "")
    .replace("\n", "\r\n")
)
OTHER = DIFF.replace("return 2", "return 3")


def play(
    entrants: Sequence[Entrant],
    *,
    keep: int = 1,
    scorer: Scorer | None = None,
    task: Task = PATCH_TASK,
    seed: int = 0,
    **config: object,
) -> Bracket:
    rtv = RTV(PolicyJudge(no_vote), RTVConfig.model_validate(config), scorer=scorer)
    bracket: Bracket = run(rtv.acall(task=task, entrants=entrants, keep=keep, seed=seed))
    return bracket


def test_a_patch_is_the_same_whatever_does_not_change_its_effect() -> None:
    assert normalize_patch(DIFF) == normalize_patch(SAME)
    assert normalize_patch(DIFF) != normalize_patch(OTHER)
    assert normalize_patch(DIFF) != normalize_patch(DIFF.replace("x.py", "y.py"))
    assert normalize_patch(DIFF) != normalize_patch(DIFF.replace("    return 2", "  return 2"))


def test_a_patch_without_content_lines_is_known_by_its_file() -> None:
    empty = "diff --git a/{0} b/{0}\nnew file mode 100644\nindex 0000000..e69de29\n"
    assert normalize_patch(empty.format("a")) != normalize_patch(empty.format("b"))
    script = DIFF.replace("index 0123", "old mode 100644\nnew mode 100755\nindex 0123")
    assert normalize_patch(script) != normalize_patch(DIFF)
    assert normalize_patch(DIFF.split("\n", 2)[2]) == normalize_patch(DIFF)


def test_equal_patches_enter_once_as_the_cheapest() -> None:
    entrants = [
        make_entrant("dear", patch=DIFF, tokens=90),
        make_entrant("other", patch=OTHER, tokens=50),
        make_entrant("cheap", patch=SAME, tokens=10),
    ]
    distinct, merged = merge_equal(entrants)
    assert [(entrant.id, entrant.weight) for entrant in distinct] == [("cheap", 2), ("other", 1)]
    assert merged == {"cheap": ("dear",)}
    assert play(entrants).merged == merged
    assert play(entrants, merge=False).merged == {}


@given(st.lists(st.sampled_from(["a", "b", "c", "", " \n", None]), min_size=1, max_size=10))
def test_merging_loses_nobody_and_never_joins_empty_patches(patches: list[str | None]) -> None:
    entrants = [make_entrant(f"r{n}", patch=p or None) for n, p in enumerate(patches)]
    distinct, merged = merge_equal(entrants)
    names = [*(e.id for e in distinct), *(name for others in merged.values() for name in others)]
    assert sorted(names) == sorted(entrant.id for entrant in entrants)
    assert sum(entrant.weight for entrant in distinct) == len(entrants)
    full = {p for p in patches if p and p.strip()}
    empty = sum(not (p and p.strip()) for p in patches)
    assert len(distinct) == len(full) + empty


def test_k_shrinks_to_the_distinct_entrants_and_says_so() -> None:
    entrants = [make_entrant(f"r{n}", patch="+ same") for n in range(5)] + [make_entrant("x")]
    bracket = play(entrants, keep=4)
    assert bracket.note == "2 distinct entrants, so 2 survive instead of 4"
    assert (len(bracket.survivors), bracket.rounds) == (2, ())
    assert play(entrants, keep=4, merge=False).note == ""


def test_rollouts_without_a_patch_stay_apart() -> None:
    entrants = [make_entrant(f"r{n}", patch=None) for n in range(4)]
    assert len(play(entrants, task=STATE_TASK, keep=4).survivors) == 4


def scores(**by_id: float) -> Scorer:
    return lambda _, entrants: tuple(by_id.get(entrant.id, 0.0) for entrant in entrants)


@pytest.mark.parametrize(
    ("scorer", "heavy", "cheap", "rule"),
    [
        (scores(good=0.7), "dear", "cheap", "evidence margin"),
        (None, "good", "cheap", "more rollouts with this patch"),
        (None, "", "good", "cheaper rollout"),
        (None, "", "", "seeded draw"),
    ],
)
def test_ties_go_by_evidence_weight_cost_and_draw(
    scorer: Scorer | None, heavy: str, cheap: str, rule: str
) -> None:
    entrants = [
        make_entrant(name, weight=1 + (name == heavy), tokens=100 - 50 * (name == cheap))
        for name in ("good", "dear")
    ]
    (match,) = play(entrants, scorer=scorer).matches
    assert (match.decided_by, match.tie_break) == (Decision.NO_VOTE, rule)
    if rule != "seeded draw":
        assert match.winner_id == "good"


def test_a_draw_is_fair_and_belongs_to_the_task_and_seed() -> None:
    entrants = make_entrants(3)
    picks = Counter(play(entrants, seed=seed).survivors[0] for seed in range(600))
    # A fair draw stays within 200 +- 46 (four standard deviations); the seeds are fixed.
    assert all(154 < picks[entrant.id] < 246 for entrant in entrants)
    assert play(entrants, seed=1) == play(entrants, seed=1)


@pytest.mark.parametrize(
    ("first", "second", "cheaper"),
    [
        (Usage(cost_usd=0.2, input_tokens=1), Usage(cost_usd=0.1, input_tokens=9), 1),
        (Usage(cost_usd=None, input_tokens=5), Usage(cost_usd=0.1, input_tokens=9), 0),
        (Usage(cost_usd=0.0, input_tokens=9), Usage(cost_usd=0.0, input_tokens=5), 1),
    ],
)
def test_cost_is_dollars_where_all_are_known_else_tokens(
    first: Usage, second: Usage, cheaper: int
) -> None:
    entrants = make_entrants(2)
    told = [
        Entrant(e.rollout.model_copy(update={"usage": usage}), e.summary)
        for e, usage in zip(entrants, (first, second), strict=True)
    ]
    assert order_ties(PATCH_TASK, told, None, 0).ranks[cheaper] == 0


def test_cost_is_steps_where_nothing_else_is_known() -> None:
    entrants = [make_entrant("long", steps=9), make_entrant("short", steps=2)]
    assert order_ties(PATCH_TASK, entrants, None, 0).ranks == (1, 0)


@given(st.integers(1, 20), st.integers(2, 6), st.integers(1, 6), st.integers(0, 99))
def test_the_number_of_matches_is_known_before(n: int, size: int, keep: int, seed: int) -> None:
    rtv = RTV(PolicyJudge(first_slot), RTVConfig(group_size=size, votes=1))
    job = rtv.acall(task=PATCH_TASK, entrants=make_entrants(n), keep=keep, seed=seed)
    assert len(run(job).matches) == count_matches(n, size, keep)


def test_the_papers_bracket() -> None:
    assert count_matches(16, 2, 4) == 12
    assert count_matches(16, 2, 1) == 15
