"""How records stand in a prompt: one form for every agent, no names, no ids, no labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rematch.data.records import Claim, Hypothesis, Summary, Workspace
from rematch.signatures import fence


def render_summary(summary: Summary) -> str:
    """A summary as Markdown; empty sections are left out, what was not seen is said."""
    parts = [
        _line("Final outcome", summary.final_outcome),
        _line("Problem as understood", summary.problem),
        _claims("Hypotheses", summary.hypotheses),
        _claims("Key actions", summary.key_actions),
        _line("Progress", summary.progress),
        _claims("Verified", summary.verified) or "Verified: nothing was.\n",
        _claims("Failure modes", summary.failure_modes),
        _claims("Lessons to reuse", summary.lessons_to_reuse),
        _claims("Lessons to avoid", summary.lessons_to_avoid),
        _bullets("Contradicted by the attempt's own record", _contradictions(summary)),
        _line("Not seen by the summary's author", summary.left_out),
    ]
    return "".join(parts).strip()


def render_workspace(workspace: Workspace) -> str:
    """A workspace as Markdown; empty sections are left out."""
    sections = (
        ("Agreed or verified", workspace.agreements),
        ("Contradictions to settle", workspace.contradictions),
        ("Open ends", workspace.open_ends),
        ("Dead ends", workspace.dead_ends),
    )
    return "".join(_bullets(title, items) for title, items in sections).strip()


def number_fenced(title: str, texts: Sequence[str]) -> str:
    """The texts as numbered, fenced blocks: `### Candidate 1` and so on."""
    return "\n\n".join(
        f"### {title} {number}\n{fence(text)}" for number, text in enumerate(texts, 1)
    )


def _contradictions(summary: Summary) -> Iterable[str]:
    return (f"{c.text}: {c.why}" for c in summary.checks if c.verdict == "contradicted")


def _line(title: str, text: str) -> str:
    return f"{title}: {text.strip()}\n" if text.strip() else ""


def _claims(title: str, claims: Sequence[Claim]) -> str:
    return _bullets(title, (_claim(claim) for claim in claims))


def _claim(claim: Claim) -> str:
    fate = f"[{claim.fate}] " if isinstance(claim, Hypothesis) else ""
    word = "step" if len(claim.steps) == 1 else "steps"
    steps = f" ({word} {', '.join(map(str, claim.steps))})" if claim.steps else ""
    return f"{fate}{claim.text}{steps}"


def _bullets(title: str, items: Iterable[str]) -> str:
    lines = "".join(f"- {item}\n" for item in items)
    return f"{title}:\n{lines}" if lines else ""
