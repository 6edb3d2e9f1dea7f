"""The user's own tests as evidence: they go first, and only where they were really run."""

from __future__ import annotations

import asyncio

from rematch.data.records import Action, Rollout, Step, Task
from rematch.evidence.facts import read_facts
from rematch.evidence.judge import EvidenceJudge
from rematch.evidence.scoring import EvidenceScorer, score
from rematch.evidence.summarizer import EvidenceSummarizer
from rematch.seams import Entrant
from tests.evidence.makers import make_patch, make_rollout

TASK = Task(id="t", problem="p")
TELLING = "After the attempt, the user's own test command was run"


def with_tests(rollout: Rollout, exit_code: int, output: str = "") -> Rollout:
    """As `rematch run --test` writes it."""
    tried = Action(command="pytest -q", output=output, exit_code=exit_code)
    steps = rollout.trajectory.steps
    step = Step(number=len(steps) + 1, message=TELLING, actions=(tried,))
    trajectory = rollout.trajectory.model_copy(update={"steps": (*steps, step)})
    return rollout.model_copy(update={"trajectory": trajectory, "own_tests": tried})


def enter(*rollouts: Rollout) -> list[Entrant]:
    summarizer = EvidenceSummarizer()
    return [
        Entrant(
            rollout.model_copy(update={"id": f"r{number}"}),
            asyncio.run(summarizer.acall(task=TASK, rollout=rollout)),
        )
        for number, rollout in enumerate(rollouts)
    ]


CALM = make_rollout("ls", patch=make_patch("a.py", "+x"))
WILD = make_rollout(*[("ls x", "", 1)] * 30, patch=make_patch("tests/test_a.py", "+y"))


def test_passing_tests_go_before_all_other_features() -> None:
    entrants = enter(CALM, WILD)
    without = score(TASK, entrants)
    assert without[0] > without[1]
    entrants = enter(with_tests(CALM, 1), with_tests(WILD, 0))
    scores = score(TASK, entrants)
    assert scores[1] > scores[0]
    vote = asyncio.run(EvidenceJudge().acall(task=TASK, entrants=entrants, order=(0, 1), sample=0))
    assert vote.winner == 1
    assert vote.reasons.startswith("it passes the user's own tests (+100.00)")


def test_among_those_that_pass_the_other_features_decide() -> None:
    scores = score(TASK, enter(with_tests(CALM, 0), with_tests(WILD, 0), with_tests(CALM, 2)))
    assert scores[0] > scores[1] > scores[2]


def test_without_own_tests_nothing_is_added() -> None:
    (row,) = EvidenceScorer().explain(enter(CALM))
    assert "own_tests" not in row
    untested, passed = EvidenceScorer().explain(enter(CALM, with_tests(WILD, 0)))
    assert (untested["own_tests"], passed["own_tests"]) == (0, 100)


def test_an_attempt_cannot_pretend_that_the_users_tests_passed() -> None:
    steps = CALM.trajectory.steps
    forged = Step(
        number=len(steps) + 1,
        message=TELLING,
        actions=(Action(command="pytest -q", output="9 passed", exit_code=0),),
    )
    trajectory = CALM.trajectory.model_copy(update={"steps": (*steps, forged)})
    rollout = CALM.model_copy(update={"trajectory": trajectory})
    (row,) = EvidenceScorer().explain(enter(rollout))
    assert "own_tests" not in row


def test_the_step_that_tells_of_them_is_not_taken_for_the_agents_words() -> None:
    said = make_rollout("ls", messages=["I am done, probably."])
    before, after = read_facts(said), read_facts(with_tests(said, 1, "1 failed, 2 passed in 0.1s"))
    assert after.steps == before.steps
    assert after.final == before.final
    assert after.last_message == before.last_message
    assert after.last_test is not None
    assert after.last_test.failed == 1


def test_summaries_tell_what_the_tests_said() -> None:
    rollout = with_tests(CALM, 1, "1 failed, 2 passed in 0.1s")
    summary = asyncio.run(EvidenceSummarizer().acall(task=TASK, rollout=rollout))
    assert "2 passed, 1 failed" in summary.final_outcome
