"""Labelled examples: what a judge is asked is what it is asked at run time, and labels stay out."""

from __future__ import annotations

import pytest

from rematch.data.records import Ending, Rollout, Summary, Trajectory
from rematch.optimizers.examples import (
    RECORD,
    Graded,
    GradedTask,
    JudgeExample,
    dump_lines,
    list_orders,
    make_judge_examples,
)
from rematch.programs import Judge
from rematch.seams import Entrant
from tests.programs.makers import PATCH_TASK, make_rollout, make_steps


def make_graded(rewards: list[float], **patches: str | None) -> GradedTask:
    """Attempts r0, r1, ... with their rewards; patches of their own unless told otherwise."""
    rollouts = [make_rollout(f"r{n}", patch=patches.get(f"r{n}", "")) for n in range(len(rewards))]
    return GradedTask(
        PATCH_TASK,
        tuple(
            Graded(rollout, Summary(rollout_id=rollout.id, final_outcome=f"It is {rollout.id}."), r)
            for rollout, r in zip(rollouts, rewards, strict=True)
        ),
    )


def test_groups_have_mixed_outcomes_and_all_orders() -> None:
    made = make_judge_examples(make_graded([1, 0, 0]), Judge(), most=9)
    assert sorted(example.ids for example in made) == [("r0", "r1"), ("r0", "r2")]
    for example in made:
        assert example.orders == ((0, 1), (1, 0))
        assert example.right == {0}
        first, second = example.candidates
        assert first.index("It is r0.") < first.index(f"It is {example.ids[1]}.")
        assert second.index("It is r0.") > second.index(f"It is {example.ids[1]}.")


def test_the_question_is_the_one_of_run_time() -> None:
    graded = make_graded([1, 0])
    entrants = [Entrant(one.rollout, one.summary) for one in graded.attempts]
    [example] = make_judge_examples(graded, Judge())
    for order, candidates in zip(example.orders, example.candidates, strict=True):
        asked = Judge().write_inputs(PATCH_TASK, entrants, order)
        assert asked == {"task": example.task, "candidates": candidates}


def test_larger_groups_and_partial_rewards() -> None:
    made = make_judge_examples(make_graded([1, 0.5, 0, 1]), Judge(), group_size=3, most=9)
    assert len(made) == 4
    assert {len(example.orders) for example in made} == {6}
    by_ids = {example.ids: example.right for example in made}
    assert by_ids["r0", "r1", "r2"] == {0}
    assert by_ids["r0", "r2", "r3"] == {0, 2}


def test_orders_are_all_for_small_groups_and_rotations_for_larger_ones() -> None:
    assert [len(list_orders(size)) for size in (1, 2, 3, 4, 8)] == [1, 2, 6, 4, 8]
    for size in (2, 3, 4, 8):
        for slot in range(size):
            seen = [order[slot] for order in list_orders(size)]
            assert {seen.count(entrant) for entrant in range(size)} == {len(seen) // size}


@pytest.mark.parametrize("rewards", [[1, 1], [0, 0], [1], [], [0.5, 0.5]])
def test_equal_outcomes_teach_nothing(rewards: list[float]) -> None:
    assert make_judge_examples(make_graded(rewards), Judge()) == []


def test_attempts_without_result_and_equal_patches_do_not_meet() -> None:
    assert make_judge_examples(make_graded([1, 0], r1=None), Judge()) == []
    assert make_judge_examples(make_graded([1, 0], r0="+ same", r1="+ same"), Judge()) == []


def test_a_crash_does_not_enter_a_task_that_asks_for_a_state() -> None:
    graded = make_graded([1, 0])
    state = PATCH_TASK.model_copy(update={"asks_for": "state"})
    crashed = graded.attempts[1].rollout.model_copy(
        update={"trajectory": Trajectory(steps=make_steps(1), ending=Ending.CRASHED)}
    )
    attempts = (graded.attempts[0], Graded(crashed, graded.attempts[1].summary, 0))
    assert make_judge_examples(GradedTask(state, attempts), Judge()) == []


def test_a_task_gives_no_more_than_it_may_and_the_seed_draws_them() -> None:
    graded = make_graded([1, 0] * 4)
    drawn = [make_judge_examples(graded, Judge(), most=3, seed=seed) for seed in (0, 0, 1)]
    assert [len(made) for made in drawn] == [3, 3, 3]
    assert dump_lines(drawn[0]) == dump_lines(drawn[1]) != dump_lines(drawn[2])


def test_labels_are_shown_in_no_input_and_no_text_of_the_example() -> None:
    graded = make_graded([1, 0])
    flipped = make_graded([0, 1])
    [example], [other] = make_judge_examples(graded, Judge()), make_judge_examples(flipped, Judge())
    assert example.right != other.right
    asked = example.as_dspy()
    assert asked.inputs().toDict() == other.as_dspy().inputs().toDict()
    assert RECORD not in repr(asked) and "reward" not in repr(asked)
    assert sorted(asked.keys()) == ["candidates", "task"]
    assert asked[RECORD] is example


def test_examples_are_read_back_whole() -> None:
    [example] = make_judge_examples(make_graded([1, 0]), Judge())
    [line] = dump_lines([example])
    assert JudgeExample.model_validate_json(line) == example


def test_ids_and_agents_are_not_shown() -> None:
    graded = make_graded([1, 0])
    named = Rollout.model_validate(
        {**graded.attempts[0].rollout.model_dump(), "origin": {"agent": "secret-agent"}}
    )
    attempts = (Graded(named, graded.attempts[0].summary, 1), graded.attempts[1])
    [example] = make_judge_examples(GradedTask(PATCH_TASK, attempts), Judge())
    assert "secret-agent" not in "".join(example.shown())
