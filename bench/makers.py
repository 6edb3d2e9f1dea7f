"""Tasks, rollouts and entrants of a realistic size."""

from __future__ import annotations

from rematch.data.records import Action, Ending, Rollout, Step, Summary, Task, Trajectory
from rematch.seams import Entrant

TASK = Task(id="task", problem="The parser fails on an empty file. " + "It should return []. " * 40)


def make_rollout(name: str, *, steps: int = 4, size: int = 400, says: str = "") -> Rollout:
    """A rollout with so many steps, whose outputs have so many characters."""
    output = f"{name} ran 3 tests: 2 passed, 1 failed in line 17\n"
    made = tuple(
        Step(
            number=number,
            message=f"I look at part {number}. {says}",
            actions=(
                Action(
                    command=f"python -m pytest tests/test_{number}.py",
                    output=(output * (size // len(output) + 1))[:size],
                ),
            ),
        )
        for number in range(1, steps + 1)
    )
    return Rollout(
        id=name,
        task_id=TASK.id,
        patch=f"--- a/f.py\n+++ b/f.py\n@@ -1 +1 @@\n-0\n+{name}\n",
        trajectory=Trajectory(steps=made, ending=Ending.SUBMITTED),
    )


def make_entrant(number: int, says: str) -> Entrant:
    """An entrant whose summary says something, in about 1,500 characters."""
    name = f"r{number}"
    told = f"{says}. " + "The tests of the parser were run after the change and passed. " * 24
    return Entrant(make_rollout(name), Summary(rollout_id=name, final_outcome=told))
