"""Which beginnings of prompts are marked: those that come again, by one request at a time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import dspy
import pytest
from dspy import lm15
from hypothesis import given
from hypothesis import strategies as st

from rematch.runs.marks import (
    KEPT_SECONDS,
    Cut,
    Marker,
    find_cuts,
    mark_blocks,
    mark_natively,
    takes_marks,
)
from rematch.signatures import CompareRollouts, SummarizeRollout, neutralise

texts = st.text(min_size=1, max_size=60).map(neutralise)
MARK = {"type": "ephemeral"}


def ask(
    inputs: dict[str, str],
    signature: type[dspy.Signature] = CompareRollouts,
    demos: Sequence[dict[str, Any]] = (),
) -> lm15.Request:
    """A question as DSPy puts it."""
    messages = dspy.ChatAdapter().format(signature, list(demos), inputs)
    return lm15.request_from_openai_chat({"model": "anthropic/m", "messages": messages})


def vote(task: str = "Repair it.", candidates: str = "a or b", **more: Any) -> lm15.Request:
    return ask({"task": task, "candidates": candidates}, **more)


def summary(demos: int = 0) -> lm15.Request:
    inputs = {"task": "t", "trajectory": "ran", "result": "done"}
    return ask(inputs, SummarizeRollout, [{**inputs, "problem": "p"}] * demos)


def read(request: lm15.Request, cut: Cut) -> str:
    return (request.messages[cut.message].text or "")[: cut.length]


@given(texts, texts)
def test_votes_on_one_task_have_all_in_common_but_the_candidates(task: str, shown: str) -> None:
    request, other = vote(task, shown), vote(task, "two others")
    (cut,) = find_cuts(request, "judge", repeated=False)
    assert read(request, cut) == read(other, cut)
    assert read(request, cut).startswith("[[ ## task ## ]]")
    rest = (request.messages[-1].text or "")[cut.length :]
    assert rest.startswith("[[ ## candidates ## ]]")


def test_equal_votes_have_the_whole_prompt_in_common_too() -> None:
    request = vote()
    task, whole = find_cuts(request, "judge", repeated=True)
    assert task.length < whole.length == len(request.messages[-1].text or "")


def test_a_candidates_marker_is_no_field() -> None:
    stray = neutralise("[[ ## candidates ## ]]\nnot these")
    (cut,) = find_cuts(vote(candidates=stray), "judge", repeated=False)
    assert read(vote(candidates=stray), cut).count("[[ ##") == 1


def test_other_roles_have_examples_in_common_and_a_conversation_so_far() -> None:
    assert find_cuts(summary(), "summarizer", repeated=False) == []
    request = summary(demos=2)
    (cut,) = find_cuts(request, "summarizer", repeated=False)
    assert cut.message == len(request.messages) - 2
    assert read(request, cut) == request.messages[-2].text


def test_a_judges_examples_stand_before_the_task() -> None:
    example = {"task": "t", "candidates": "c", "winner": 1, "confidence": 0.5, "reasons": "r"}
    request = vote(demos=[example])
    (cut,) = find_cuts(request, "judge", repeated=False)
    assert cut.message == len(request.messages) - 1 > 0


@pytest.mark.parametrize("role", ["judge", "agent"])
def test_what_is_more_than_text_is_left_alone(role: str) -> None:
    call = {"type": "function", "function": {"name": "bash", "parameters": {"type": "object"}}}
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "tools": [call]}
    with_tools = lm15.request_from_openai_chat(body)
    picture = lm15.ImagePart(url="https://example.invalid/a.png")
    shown = lm15.Request("m", (lm15.Message.user([lm15.TextPart("x"), picture]),))
    for request in (with_tools, shown):
        assert find_cuts(request, role, repeated=True) == []


@given(texts, texts, st.booleans(), st.booleans())
def test_marks_change_no_word(task: str, shown: str, repeated: bool, marked: bool) -> None:
    request = vote(task, shown)
    cuts = [
        Cut(cut.message, cut.length, marked)
        for cut in find_cuts(request, "judge", repeated=repeated)
    ]
    native = mark_natively(request, cuts)
    assert "".join(m.text or "" for m in native.messages) == request.messages[0].text
    assert {m.role for m in native.messages} == {"user"}
    said = request.messages[0].text or ""
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": said}]
    system, user = mark_blocks(chat, cuts)
    assert system == chat[0]
    assert "".join(block["text"] for block in user["content"]) == said
    assert all(block["text"] for block in user["content"])
    marks = [block.get("cache_control") for block in user["content"]]
    assert marks.count(MARK) == marked * (1 + repeated)
    assert chat[1]["content"] == said  # what was handed in stays as it was


def test_natively_the_task_is_marked_beside_the_system_prompt_and_the_whole_by_a_parameter() -> (
    None
):
    request = vote()
    native = mark_natively(request, find_cuts(request, "judge", repeated=True))
    assert native.config.cache == lm15.CacheConfig(prefix_until_index=0)
    assert native.config.extensions == {"cache_control": MARK}
    (task,) = find_cuts(request, "judge", repeated=False)
    assert native.messages[0].text == read(request, task)


def test_what_another_request_is_writing_is_cut_and_not_marked() -> None:
    request = vote()
    cuts = [Cut(c.message, c.length, False) for c in find_cuts(request, "judge", repeated=True)]
    native = mark_natively(request, cuts)
    assert (native.config.cache, native.config.extensions) == (None, None)
    assert len(native.messages) == 2
    assert mark_natively(request, []) == request


def test_examples_are_marked_at_their_end() -> None:
    request = summary(demos=1)
    cuts = find_cuts(request, "summarizer", repeated=False)
    native = mark_natively(request, cuts)
    assert native.messages == request.messages
    assert native.config.cache == lm15.CacheConfig(prefix_until_index=len(request.messages) - 2)
    chat = [{"role": m.role, "content": m.text} for m in request.messages]
    marked = mark_blocks(chat, cuts)
    assert [isinstance(m["content"], list) for m in marked] == [False, True, False]


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def place(marker: Marker, request: lm15.Request, *, repeated: bool = False) -> list[bool]:
    """Which of an answered request's cuts were marked."""
    with marker.place(request, repeated=repeated) as cuts:
        return [cut.is_marked for cut in cuts]


def test_of_requests_under_way_together_one_writes() -> None:
    marker = Marker("judge", Clock())
    with ExitStack() as under_way:
        first = under_way.enter_context(marker.place(vote(), repeated=True))
        again = under_way.enter_context(marker.place(vote(), repeated=True))
        turned = under_way.enter_context(marker.place(vote(candidates="b or a"), repeated=True))
    assert [cut.is_marked for cut in first] == [True, True]
    assert [cut.is_marked for cut in again] == [False, False]
    assert [cut.is_marked for cut in turned] == [False, True]


def test_what_is_kept_is_read_by_all_who_are_under_way() -> None:
    marker = Marker("judge", Clock())
    place(marker, vote())
    with ExitStack() as under_way:
        requests = [vote(candidates=name) for name in "abc"]
        placed = [under_way.enter_context(marker.place(r, repeated=False)) for r in requests]
    assert [cut.is_marked for cuts in placed for cut in cuts] == [True] * 3


def test_what_came_to_nothing_is_written_by_the_next() -> None:
    marker = Marker("judge", Clock())
    with pytest.raises(lm15.ServerError), marker.place(vote(), repeated=False):
        raise lm15.ServerError("down")
    with (
        marker.place(vote(), repeated=False) as second,
        marker.place(vote(), repeated=False) as third,
    ):
        pass
    assert (second[0].is_marked, third[0].is_marked) == (True, False)


@pytest.mark.parametrize(
    ("pause", "is_kept"), [(KEPT_SECONDS - 1, True), (KEPT_SECONDS + 1, False)]
)
def test_what_is_not_used_for_a_while_is_written_anew_by_one(pause: float, is_kept: bool) -> None:
    clock = Clock()
    marker = Marker("judge", clock)
    place(marker, vote())
    clock.now += KEPT_SECONDS - 1
    place(marker, vote())  # each use keeps it for as long again
    clock.now += pause
    with marker.place(vote(), repeated=False) as one, marker.place(vote(), repeated=False) as two:
        assert one[0].is_marked
        assert two[0].is_marked == is_kept


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=30))
def test_no_beginning_is_ever_written_by_two_at_once(steps: list[tuple[int, bool]]) -> None:
    """Requests begin and end in any order; some fail."""
    marker = Marker("judge", Clock())
    kept: set[int] = set()
    open_: dict[int, list[tuple[Any, bool]]] = {0: [], 1: [], 2: []}
    for task, begins in steps:
        if begins:
            context = marker.place(vote(str(task)), repeated=False)
            (cut,) = context.__enter__()
            writers = sum(marked for _, marked in open_[task])
            assert cut.is_marked == (task in kept or writers == 0)
            open_[task].append((context, cut.is_marked))
        elif open_[task]:
            context, marked = open_[task].pop()
            context.__exit__(None, None, None)
            kept |= {task} if marked else set()
    for contexts in open_.values():
        for context, _ in contexts:
            context.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("azure_ai/claude-sonnet-4-5", True),
        ("bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ("vertex_ai/claude-sonnet-4-5", True),
        ("openrouter/anthropic/claude-sonnet-4.5", True),
        ("openrouter/google/gemini-2.5-pro", False),
        ("openai/gpt-5-mini", False),
        ("vertex_ai/gemini-2.5-pro", False),
        ("hosted_vllm/claude-like", False),
    ],
)
def test_models_whose_provider_caches_by_itself_get_no_marks(model: str, takes: bool) -> None:
    assert takes_marks(model) is takes
