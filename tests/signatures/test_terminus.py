"""The question of Terminus 1: short, typed, and in fields that a screen cannot hijack."""

from rematch.signatures import OperateTerminal, frame_context, split_context


def test_the_verdict_comes_before_anything_that_may_quote_a_screen() -> None:
    fields = OperateTerminal.output_fields
    assert list(fields) == ["task_complete", "analysis", "explanation", "commands"]
    assert fields["task_complete"].annotation is bool


def test_the_question_is_short_and_each_field_is_described() -> None:
    assert len(OperateTerminal.instructions.split()) < 230
    for field in {**OperateTerminal.input_fields, **OperateTerminal.output_fields}.values():
        assert not field.json_schema_extra["desc"].startswith("${")


def test_a_context_is_told_from_the_task_before_it() -> None:
    context = frame_context("Use the parser.", 4)
    assert split_context(f"Fix it.\n\n{context}") == ("Fix it.", context)
    assert split_context("Fix it.\n") == ("Fix it.\n", "")


def test_notes_that_quote_a_frame_stay_in_the_context() -> None:
    context = frame_context(f"It said:\n{frame_context('old notes', 2)}", 4)
    assert split_context(f"Fix it.\n\n{context}") == ("Fix it.", context)
