"""Whatever JSON a file holds: it becomes rollouts or a one-line problem, never a traceback."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rematch.data.formats import FORMATS
from rematch.data.pools import read_pool
from rematch.errors import InputError
from tests.data.formats.reading import rollouts_of
from tests.data.formats.samples import ONE_DOCUMENT, claude_code

WORDS = re.findall(
    r"\w+",
    "messages role content extra actions info exit_status submission instance_id trajectory steps "
    "source message tool_calls observation results history action args cause type sessionId id "
    "model_patch task_name schema_version usage arguments function text metrics timestamp",
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "assistant", "user", "agent", "run", "ATIF-v1.6", "text", "\ud800", "é"])
    | st.text(max_size=8)
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)
    ),
    max_leaves=25,
)
SAMPLES = {name: make() for name, make in ONE_DOCUMENT.items()} | {"claude-code": claude_code()}


@st.composite
def bent_samples(draw: st.DrawFn) -> Any:
    """A valid attempt in which a few values, at any depth, are replaced by anything."""
    document: Any = copy.deepcopy(SAMPLES[draw(st.sampled_from(sorted(SAMPLES)))])
    for _ in range(draw(st.integers(1, 4))):
        node = document
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(node[key], dict | list) and draw(st.integers(0, 4)):
                node = node[key]
                continue
            node[key] = draw(ANY_JSON)
            break
    return document


def read_by_all(document: Any) -> None:
    for format in FORMATS:
        value = [document] if format.spans_lines else document
        if not format.matches(document):
            continue
        try:
            for recorded in format.read(value):
                recorded.to_rollout("r", "t", "p", format.name)
        except InputError as error:
            assert "\n" not in str(error)


@given(ANY_JSON)
@settings(max_examples=200, deadline=None)
def test_any_value(document: Any) -> None:
    read_by_all(document)


@given(bent_samples())
@settings(max_examples=400, deadline=None)
def test_bent_attempts(document: Any) -> None:
    read_by_all(document)


@given(bent_samples() | ANY_JSON)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_file(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "attempt.json"
    lines = isinstance(document, list) and document and isinstance(document[0], dict)
    path.write_text("\n".join(map(json.dumps, document)) if lines else json.dumps(document))
    check_file(path)


@given(st.binary(max_size=300))
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "attempt.json"
    path.write_bytes(data)
    check_file(path)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_cut_anywhere(tmp_path: Path, name: str) -> None:
    text = json.dumps(SAMPLES[name])
    path = tmp_path / "attempt.json"
    for length in range(0, len(text), 37):
        path.write_text(text[:length])
        pool = read_pool([path])
        assert len(pool.problems) == 1
        assert pool.tasks == {}


def check_file(path: Path) -> None:
    pool = read_pool([path])
    assert len(pool.problems) <= 1
    for problem in pool.problems:
        assert "\n" not in problem.reason
        assert "please report it" not in problem.reason
    rollouts = rollouts_of(pool)
    assert len({rollout.id for rollout in rollouts}) == len(rollouts)
    assert all(rollout.model_dump_json() for rollout in rollouts)
