"""Students over HTTP: they ask as the program does, once, and tell which prompt answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dspy
import pytest
from dspy.teleprompt.bootstrap_trace import FailedPrediction

from rematch.errors import HaltError
from rematch.loops import LoopThread
from rematch.optimizers.candidates import Candidates
from rematch.optimizers.examples import Graded, GradedTask, JudgeExample, make_judge_examples
from rematch.optimizers.metrics import JudgeMetric, Scoring
from rematch.optimizers.students import DistillerStudent, JudgeStudent, Student, SummarizerStudent
from rematch.programs import Distiller, Judge, Summarizer
from rematch.testing import Endpoint, Fault
from rematch.testing import Judge as ScriptedJudge
from tests.programs.makers import PATCH_TASK
from tests.programs.serving import make_rated, serve_lm


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    with LoopThread() as running:
        yield running


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as serving:
        yield serving


def make_example() -> JudgeExample:
    """A pair of which the second passes, and shows it."""
    rated = [make_rated("bad", 0.1), make_rated("good", 0.9)]
    attempts = (Graded(one.rollout, one.summary, float(n)) for n, one in enumerate(rated))
    [example] = make_judge_examples(GradedTask(PATCH_TASK, tuple(attempts)), Judge())
    return example


def make_student(loop: LoopThread, **options: Any) -> JudgeStudent:
    return JudgeStudent(Judge().compare, loop, Candidates([]), **options)


def call(student: Student, endpoint: Endpoint, inputs: Any, model: str = "m") -> dspy.Prediction:
    lm = serve_lm(endpoint, model=f"openai/{model}", attempts=1)
    with dspy.context(lm=lm, trace=None):
        return student(**inputs)


def test_each_order_is_asked_once_and_in_turn(endpoint: Endpoint, loop: LoopThread) -> None:
    example = make_example()
    made = call(make_student(loop), endpoint, example.as_dspy().inputs(), "turn")
    assert made.winner == [2, 1]
    asked = [str(one.messages) for one in endpoint.calls(model="turn")]
    assert len(asked) == 2
    assert asked[0].index("bad [quality") < asked[0].index("good [quality")
    assert asked[1].index("bad [quality") > asked[1].index("good [quality")


def test_the_prompt_is_the_programs_own(endpoint: Endpoint, loop: LoopThread) -> None:
    example = make_example()
    call(make_student(loop), endpoint, example.as_dspy().inputs(), "student")
    entrants = [make_rated("bad", 0.1), make_rated("good", 0.9)]
    judge = Judge(serve_lm(endpoint, model="openai/program"))
    for sample, order in enumerate(example.orders):
        judge(task=PATCH_TASK, entrants=entrants, order=order, sample=sample)
    texts = [[c.messages for c in endpoint.calls(model=m)] for m in ("student", "program")]
    assert texts[0] == texts[1]


def test_a_copy_with_another_instruction_is_another_candidate(
    endpoint: Endpoint, loop: LoopThread
) -> None:
    student = make_student(loop)
    other = student.deepcopy()
    other.predict.signature = other.predict.signature.with_instructions("Pick one.")
    inputs = make_example().as_dspy().inputs()
    names = [call(one, endpoint, inputs)._candidate for one in (student, other, student)]
    assert names[0] == names[2] != names[1]
    assert student.candidates is other.candidates
    assert student.candidates.count == 2


def test_an_unreadable_reply_is_not_asked_again(loop: LoopThread) -> None:
    with Endpoint(judge=ScriptedJudge(unreadable=1.0)) as mumbling:
        made = call(make_student(loop), mumbling, make_example().as_dspy().inputs())
        assert len(mumbling.log) == 2
    assert set(made.winner) <= {None, 99}
    assert all(
        problem == "unreadable reply"
        for slot, problem in zip(made.winner, made.problems, strict=True)
        if slot is None
    )


@pytest.mark.parametrize("tells", [True, False])
def test_gepa_is_shown_what_could_not_be_read(loop: LoopThread, tells: bool) -> None:
    with Endpoint(faults=lambda request, rng: Fault.MALFORMED) as mumbling:
        student = make_student(loop, tell_failures=tells)
        lm = serve_lm(mumbling, attempts=1)
        with dspy.context(lm=lm, trace=[]):
            student(**make_example().as_dspy().inputs())
            trace = list(dspy.settings.trace)
    assert [type(made) for _, _, made in trace] == [FailedPrediction] * (2 if tells else 0)
    for predictor, inputs, made in trace:
        assert predictor is student.predict
        assert sorted(inputs) == ["candidates", "task"]
        assert "it depends" in made.completion_text


def test_a_prompt_beyond_the_window_is_a_wrong_answer(loop: LoopThread) -> None:
    with Endpoint(context_window=50) as small:
        made = call(make_student(loop), small, make_example().as_dspy().inputs())
    assert made.winner == [None, None]
    assert set(made.problems) == {"the prompt is longer than the model's window"}


def test_samples_of_a_bound_model_are_asked_apart(endpoint: Endpoint, loop: LoopThread) -> None:
    inputs = make_example().as_dspy().inputs()
    lm = serve_lm(endpoint, model="openai/samples")
    student = make_student(loop)
    for rollout_id in (0, 1, 1):
        bound = student.deepcopy()
        bound.set_lm(lm.copy(rollout_id=rollout_id, temperature=1.0))
        with dspy.context(lm=lm, trace=None):
            bound(**inputs)
    assert len(endpoint.calls(model="samples")) == 4, "two orders of two samples"


def test_nobody_asks_after_the_end(endpoint: Endpoint, loop: LoopThread) -> None:
    student = make_student(loop)
    student.candidates.stop("over")
    with pytest.raises(HaltError, match="over"):
        call(student, endpoint, make_example().as_dspy().inputs(), "ended")
    assert endpoint.calls(model="ended") == []


def test_summarizer_and_distiller_ask_their_own_questions(
    endpoint: Endpoint, loop: LoopThread
) -> None:
    rated = make_rated("good", 0.9)
    fields, _ = Summarizer().write_inputs(PATCH_TASK, rated.rollout)
    writer = SummarizerStudent(Summarizer().summarize, loop, Candidates([]))
    made = call(writer, endpoint, fields, "writes")
    assert "final_outcome" in made.keys() and made._candidate  # noqa: SIM118
    shown = Distiller().write_inputs(PATCH_TASK, [rated.summary])
    distiller = DistillerStudent(Distiller().distill, loop, Candidates([]))
    inputs = {"task": shown["task"], "summaries": [shown["summaries"]] * 2}
    both = call(distiller, endpoint, inputs, "distills")
    assert [bool(one.agreements) for one in both.workspaces] == [True, True]


def test_scores_are_noted_with_the_candidate_that_earned_them(
    endpoint: Endpoint, loop: LoopThread
) -> None:
    example = make_example()
    candidates = Candidates([example.key])
    student = JudgeStudent(Judge().compare, loop, candidates)
    scoring = Scoring(JudgeMetric(), loop, candidates)
    asked = example.as_dspy()
    made = call(student, endpoint, asked.inputs())
    assert scoring.score(asked, made) == 1.0
    assert candidates.best is not None and candidates.best.mean == 1.0
    trace = [(student.predict, {"candidates": example.candidates[1]}, made)]
    told = scoring.explain(asked, made, None, "predict", trace)
    assert (told.score, told.feedback) == (1.0, "Right: Candidate 1 passes the hidden tests.")
