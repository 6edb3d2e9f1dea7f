"""The task inside each scaffold's prompt."""

from __future__ import annotations

import pytest

from rematch.data.formats.prompts import strip_prompt

TASK = "Make </tags> work.\n\nYou can: execute it.\n1. First"


@pytest.mark.parametrize(
    "prompt",
    [
        "{}",
        "\n{}\n",
        "<pr_description>\nConsider the following PR description:\n{}\n</pr_description>\n\nRules",
        "<uploaded_files>\n/r\n</uploaded_files>\n<pr_description>\n{}\n</pr_description>\nGo",
        "In /w.\n<issue_description>\n{}\n</issue_description>\n\nHelp with <issue_description>?",
        "Please solve this issue: {}\n\nYou can execute bash commands and edit files.\n\n## R",
        "Please solve this issue: {}\n\n## Recommended Workflow\n1. Read",
        "Here's the issue text:\nISSUE:\n{}\n\nINSTRUCTIONS:\nNow, you are on your own.",
        "You are an assistant.\n\nTask Description:\n{}\n\nCurrent terminal state:\n$ ",
    ],
)
def test_wrappings_come_off(prompt: str) -> None:
    assert strip_prompt(prompt.format(TASK)) == TASK


def test_a_wrapping_without_an_end_goes_to_the_end() -> None:
    assert strip_prompt("<pr_description>\nFix it") == "Fix it"


def test_the_closing_tag_that_counts_is_the_last() -> None:
    text = "It prints </pr_description> too early."
    assert strip_prompt(f"<pr_description>\n{text}\n</pr_description>\nRules") == text
