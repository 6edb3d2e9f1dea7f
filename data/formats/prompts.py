"""The task inside an agent's first prompt: what the scaffold put around it comes off.

Each scaffold wraps the problem statement in its own words. Known wrappings are cut off, so
that rollouts of different agents show the same task; an unknown prompt stays whole.
"""

from __future__ import annotations

from typing import NamedTuple


class _Wrapping(NamedTuple):
    """What stands before and after the task. Without `after` in the text it goes to the end."""

    before: str
    after: tuple[str, ...]
    last: bool = False  # `after` is a closing tag: its last place counts


_WRAPPINGS = (
    # mini-SWE-agent, swebench.yaml; SWE-agent 1.x
    _Wrapping("<pr_description>", ("</pr_description>",), last=True),
    # OpenHands, swe_bench
    _Wrapping("<issue_description>", ("</issue_description>",), last=True),
    # mini-SWE-agent, mini.yaml and default.yaml
    _Wrapping(
        "Please solve this issue:",
        ("\n\nYou can execute bash commands and edit files", "\n\n## Recommended Workflow"),
        last=True,
    ),
    # SWE-agent before 1.1
    _Wrapping("Here's the issue text:\nISSUE:\n", ("\n\nINSTRUCTIONS:\n", "\nINSTRUCTIONS:\n")),
    # Terminus
    _Wrapping("\nTask Description:\n", ("\n\nCurrent terminal state:", "\nCurrent terminal state")),
)
_LEADS = ("Consider the following PR description:",)


def strip_prompt(prompt: str) -> str:
    """The problem statement in a prompt, without the scaffold's words around it."""
    for wrapping in _WRAPPINGS:
        start = prompt.find(wrapping.before)
        if start < 0:
            continue
        inner = prompt[start + len(wrapping.before) :]
        for after in wrapping.after:
            end = inner.rfind(after) if wrapping.last else inner.find(after)
            if end >= 0:
                inner = inner[:end]
                break
        return _without_lead(inner.strip())
    return prompt.strip()


def _without_lead(text: str) -> str:
    for lead in _LEADS:
        text = text.removeprefix(lead).strip()
    return text
