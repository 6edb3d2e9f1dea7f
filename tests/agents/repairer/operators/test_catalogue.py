"""What holds for every operator, on programs that hypothesis makes."""

from __future__ import annotations

import ast
import itertools
import warnings

from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.agents.repairer.candidates import list_candidates
from rematch.agents.repairer.changes import apply_patch, is_sound, write_edit
from rematch.agents.repairer.inside import repairer_trial
from rematch.agents.repairer.operators import CATALOGUE, Pool
from rematch.agents.repairer.source import Source
from tests.agents.repairer.proposing import POOL, propose

NAMES = st.sampled_from(["a", "b", "rows", "größe", "self.x", "d['é']"])
ATOMS = NAMES | st.sampled_from(["0", "1", "-1", "2.5", "''", "'ü'", "None", "True", "[]", "{}"])


def combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = ["+", "-", "*", "/", "//", "%", "and", "or", "<", "<=", "==", "is not", "in", "not in"]
    binary = st.tuples(inner, st.sampled_from(signs), inner).map(lambda p: f"({' '.join(p)})")
    calls = st.sampled_from(["len({})", "sorted({}, key=lambda p: p[1])", "({}).strip()", "({})[0]",
                             "({})[1:]", "(not {})", "({} if a else b)", "f'{{{}}} ü'", "open({})",
                             "[p for p in {}]", "d.get({})", "range({}, 3)"])  # fmt: skip
    return binary | st.tuples(calls, inner).map(lambda p: p[0].format(p[1].replace("'", '"')))


EXPRESSIONS = st.recursive(ATOMS, combine, max_leaves=5)
LINES = st.sampled_from(
    [
        "rows = {}",
        "self.x = {}  # ü",
        "a += {}",
        "if {}:\n        return b",
        "for p in {}:\n        rows.append(p)",
        "while {}:\n        break",
        "return {}",
        "raise ValueError({})",
        "try:\n        g({})\n    except KeyError:\n        pass",
        "g(\n        {},\n        b=1,\n    )",
        "'é'; a = {}",
        "",
    ]
)
STATEMENTS = st.tuples(LINES, EXPRESSIONS).map(lambda pair: pair[0].replace("{}", pair[1]))


@st.composite
def programs(draw: st.DrawFn) -> str:
    body = "\n".join(f"    {line}" for line in draw(st.lists(STATEMENTS, min_size=1, max_size=5)))
    head = draw(st.sampled_from(["def f(self, a, b=[], *, d=None):", "def f(a, /, b):  # ü"]))
    text = f"class A:\n    rows = []\n\n\n{head}\n{body}\n    return 0"
    return text + draw(st.sampled_from(["", "\n", "\n\n\n"]))


@settings(max_examples=30)
@given(programs())
def test_every_change_stays_in_its_file_and_has_a_name_of_its_own(text: str) -> None:
    source = Source("a.py", text)
    assert source.tree is not None
    changes = propose(text)
    assert len({change.key for change in changes}) == len(changes)
    for change in changes:
        spans = sorted(change.spans)
        assert spans[0].start >= 0
        assert spans[-1].end <= len(text)
        assert all(one.end <= two.start for one, two in itertools.pairwise(spans))
        assert source.apply(change.spans) != text
        assert change.weight > 0
        assert change.operator in CATALOGUE
        assert "\n" not in change.key
        assert change.before != change.after
        assert 1 <= change.line <= len(source.lines)


@settings(max_examples=20)
@given(programs(), st.data())
def test_what_is_drawn_compiles_and_is_another_program(text: str, data: st.DataObject) -> None:
    sources = {"a.py": Source("a.py", text)}
    changes = propose(text)
    sound = 0
    sample = data.draw(st.lists(st.sampled_from(changes), max_size=30, unique=True))
    for change in sample:
        new = apply_patch((change,), sources)["a.py"]
        if not is_sound((change,), sources):
            continue
        sound += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what the program does, such as `(0)[0]`
            compile(new, "a.py", "exec")
        assert ast.dump(ast.parse(new)) != ast.dump(ast.parse(text))
    assert sound >= 0.5 * len(sample) - 1


@settings(max_examples=20)
@given(programs(), st.data())
def test_the_sandbox_makes_of_an_edit_what_we_made_of_it(text: str, data: st.DataObject) -> None:
    """The edit that is sent, applied to the file's lines as the script inside applies it."""
    sources = {"a.py": Source("a.py", text)}
    change = data.draw(st.sampled_from(propose(text)))
    edits, checks = repairer_trial.read_input(write_edit((change,), sources).encode())
    lines = text.encode().split(b"\n")
    for edit in edits:
        start = edit.line - 1
        assert lines[start : start + len(edit.old)] == edit.old
        lines[start : start + len(edit.old)] = edit.new
    assert b"\n".join(lines).decode() == apply_patch((change,), sources)["a.py"]
    assert checks == []


@settings(max_examples=10)
@given(programs(), st.dictionaries(st.sampled_from(sorted(CATALOGUE)), st.floats(0.1, 5)))
def test_factors_weigh_and_change_nothing_else(text: str, factors: dict[str, float]) -> None:
    sources = {"a.py": Source("a.py", text)}
    suspicion = {("a.py", line): 1.0 for line in range(1, len(sources["a.py"].lines) + 1)}
    plain = list_candidates(sources, suspicion, {}, POOL)
    again = list_candidates(dict(sources), suspicion, {}, POOL)
    assert plain == again
    weighed = list_candidates(sources, suspicion, factors, POOL)
    assert [change.key for change in weighed] == [change.key for change in plain]
    for one, other in zip(plain, weighed, strict=True):
        wanted = one.weight * factors.get(one.operator, 1.0)
        assert abs(other.weight - wanted) <= 1e-9 * wanted


def test_an_unknown_file_and_an_empty_one_have_no_changes() -> None:
    assert list_candidates({"a.py": Source("a.py", "")}, {}, {}, Pool()) == []
    assert list_candidates({"a.py": Source("a.py", "y = a < b\n")}, {}, {}, Pool()) == []
    assert list_candidates({}, {("a.py", 1): 1.0}, {}, Pool()) == []
