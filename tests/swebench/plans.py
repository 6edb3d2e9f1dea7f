"""What scripted agents do in /testbed, as mini-SWE-agent's instructions for SWE-bench ask."""

from __future__ import annotations

from collections.abc import Sequence

from rematch.testing import Conversation

_EDIT = """\
cat > /tmp/edit.py <<'END'
import pathlib
file = pathlib.Path("src/flask/blueprints.py")
text = file.read_text()
mark = '        if "." in name:\\n'
assert text.count(mark) == 1
file.write_text(text.replace(mark, '''        if {condition}:
            {statement}

''' + mark))
END
python /tmp/edit.py"""
_REFUSE = "raise ValueError(\"'name' may not be empty.\")"
_SUBMIT = (
    "git diff -- src/flask/blueprints.py > patch.txt",
    "cat patch.txt",
    "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && cat patch.txt",
)


def edit(condition: str, worth: float, statement: str = _REFUSE) -> list[str]:
    """An attempt that edits the constructor, and marks its worth for the scripted judge."""
    return [
        "grep -n 'in name' src/flask/blueprints.py",
        _EDIT.format(condition=condition, statement=statement),
        f"echo 'import flask' > reproduce.py; python reproduce.py && echo quality={worth}",
        *_SUBMIT,
    ]


FIX = edit("not name", 0.9)
SLOW_FIX = edit("not name", 0.9, f"import time; time.sleep(8); {_REFUSE}")
WRONG = edit("name is None", 0.3)
BREAKING = edit('not name or "a" in name', 0.5)
GIVE_UP = ["git log --oneline", "echo quality=0.1", "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"]

FOUR = (WRONG, FIX, GIVE_UP, BREAKING)


def follow(conversation: Conversation) -> Sequence[str]:
    """Attempts in turn: one that fixes it among four."""
    return FOUR[conversation.attempt % len(FOUR)]


def fix_slowly(conversation: Conversation) -> Sequence[str]:
    """As `follow`, but the tests of the right fix take long."""
    return (WRONG, SLOW_FIX)[conversation.attempt % 2]
