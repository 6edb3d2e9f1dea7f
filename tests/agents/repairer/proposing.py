"""What the operators make of small sources."""

from __future__ import annotations

from rematch.agents.repairer.candidates import list_candidates
from rematch.agents.repairer.changes import Change, apply_patch, is_sound
from rematch.agents.repairer.operators import Pool
from rematch.agents.repairer.source import Source

POOL = Pool(literals=("'x'", "7"), errors=("ShopError",))
NOTHING = Pool()


def propose(text: str, pool: Pool = POOL) -> list[Change]:
    """All changes of a source, each of its lines as suspicious as the others."""
    source = Source("a.py", text)
    suspicion = {("a.py", line): 1.0 for line in range(1, len(source.lines) + 1)}
    return list_candidates({"a.py": source}, suspicion, {}, pool)


def outcomes(text: str, operator: str, pool: Pool = POOL) -> dict[str, float]:
    """The sound programs that an operator makes of a source, with their weights."""
    sources = {"a.py": Source("a.py", text)}
    return {
        apply_patch((change,), sources)["a.py"]: change.weight
        for change in propose(text, pool)
        if change.operator == operator and is_sound((change,), sources)
    }


def results(text: str, operator: str, pool: Pool = POOL) -> set[str]:
    """The sound programs that an operator makes of a source."""
    return outcomes(text, operator, pool).keys() | set()


def values(expression: str, operator: str, pool: Pool = NOTHING) -> set[str]:
    """What an operator makes of the right side of `y = EXPRESSION`."""
    found = results(f"y = {expression}\n", operator, pool)
    assert all(text.startswith("y = ") for text in found)
    return {text.removeprefix("y = ").rstrip("\n") for text in found}


def bodies(lines: str, operator: str, pool: Pool = NOTHING, head: str = "def f(a, b):") -> set[str]:
    """What an operator makes of a function's body (lines without their indent)."""
    code = "".join(f"    {line}\n" for line in lines.split("\n"))
    found = results(f"{head}\n{code}", operator, pool)
    cut = [text.removeprefix(f"{head}\n") for text in found if text.startswith(f"{head}\n")]
    return {"\n".join(line[4:] for line in text.rstrip("\n").split("\n")) for text in cut}
