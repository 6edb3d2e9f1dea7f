"""Settings at the edge of mattering, spaces written by hand, and comparisons' files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rematch.app.config import Config, load_config
from rematch.app.plans import Plan, Variant, find_changes, read_plan
from rematch.app.relevance import Place, check_variants, explain_idle
from rematch.app.spaces import check_space, propose_space, read_space
from rematch.errors import InputError, RematchError, UsageError
from rematch.optimizers.space import parse_space

MODEL = {"models.judge.model": "openai/m"}
LIVE = Place()


def pool(most: int, *, patches: bool = True) -> Place:
    return Place(is_live=False, most_attempts=most, has_patches=patches)


def explain(place: Place, base: dict[str, Any], changes: dict[str, Any]) -> str:
    config, plain = load_config([base, changes]), load_config([base])
    return explain_idle(Variant("v", config, dict(find_changes(plain, config))), plain, place)


@pytest.mark.parametrize(
    ("base", "changed", "matters"),
    [
        (None, 4, True),
        (None, 5, False),
        (3, 5, True),
        (5, 9, False),
        (5, None, False),
        (4, 3, True),
    ],
)
def test_drawing_matters_where_another_number_of_attempts_enters(
    base: int | None, changed: int | None, matters: bool
) -> None:
    assert (explain(pool(5), {"recorded_n": base}, {"recorded_n": changed}) == "") == matters


@pytest.mark.parametrize(
    ("entrants", "base", "changed", "matters"),
    [(4, 2, 4, True), (4, 4, 2, True), (4, 4, 5, False), (4, 3, 9, True), (2, 2, 3, False)],
)
def test_a_group_size_matters_while_one_of_both_makes_more_than_one_match(
    entrants: int, base: int, changed: int, matters: bool
) -> None:
    sizes = {**MODEL, "rtv.group_size": base}, {"rtv.group_size": changed}
    assert (explain(pool(entrants), *sizes) == "") == matters
    drawn = sizes[0] | {"recorded_n": entrants}
    assert (explain(pool(50), drawn, sizes[1]) == "") == matters
    live = sizes[0] | {"n": entrants}
    assert (explain(LIVE, live, sizes[1]) == "") == matters


def test_a_change_that_brings_the_rule_that_it_obeys_is_let_through() -> None:
    """With a model that votes, votes matter, though the base has none."""
    assert explain(pool(4), {}, {"rtv.votes": 1}) != ""
    assert explain(pool(4), {}, {**MODEL, "rtv.votes": 1}) == ""


def test_summaries_matter_to_a_live_second_iteration_without_any_judge() -> None:
    summarizer = {"models.summarizer.model": "openai/m"}
    assert explain(LIVE, {"iterations": 2}, summarizer) == ""
    assert "does not read" in explain(LIVE, {"iterations": 1}, summarizer)
    assert "does not read" in explain(LIVE, {"context.kind": "none"}, summarizer)


def test_a_plan_without_an_idle_variant_passes_and_so_does_none() -> None:
    base = load_config([MODEL])
    check_variants(Plan(base=Variant("base", base, {}), variants=()), LIVE)


PLACES = st.builds(Place, st.booleans(), st.integers(0, 9), st.booleans())
BASES = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(1, 8),
        "iterations": st.integers(1, 3),
        "context.kind": st.sampled_from(["none", "single", "random-k", "select-k"]),
        "recorded_n": st.integers(1, 6),
        "rtv.ties": st.sampled_from(["evidence", "cost", "draw"]),
        "rtv.votes": st.sampled_from([1, 4]),
        "models.judge.model": st.just("openai/m"),
    },
)


@settings(max_examples=50)
@example(Place(), {"n": 2})
@example(Place(), {"iterations": 1})
@example(Place(), {"context.kind": "none"})
@example(Place(False, 2, True), MODEL)
@example(Place(False, 5, True), {**MODEL, "recorded_n": 2})
@example(Place(False, 5, True), {**MODEL, "rtv.ties": "cost"})
@given(PLACES, BASES)
def test_whatever_is_proposed_somewhere_can_matter_there(
    place: Place, keys: dict[str, Any]
) -> None:
    base = load_config([keys])
    try:
        found = propose_space(base, place)
    except UsageError as error:
        assert str(error).startswith("nothing that a search proposes can matter here")
    else:
        check_space(found, base, place)


def test_the_proposal_for_one_attempt_a_run_leaves_n_alone() -> None:
    found = propose_space(load_config([{"n": 1}]), LIVE).dimensions
    assert "n" not in found and "context.k" not in found


def test_a_key_whose_only_value_is_the_bases_is_told() -> None:
    base = load_config([{**MODEL, "rtv.votes": 4}])
    with pytest.raises(UsageError, match=r"^rtv\.votes: has no value but the base's$"):
        check_space(parse_space({"rtv.votes": [4]}, "s"), base, pool(5))
    check_space(parse_space({"rtv.votes": [4, 1]}, "s"), base, pool(5))


@pytest.mark.parametrize("key", ["rtv.vote", "nothing", "rtv.votes.more"])
def test_an_unknown_key_of_a_space_is_one_line_that_names_it(key: str) -> None:
    with pytest.raises(UsageError) as told:
        check_space(parse_space({key: [1, 2]}, "s"), Config(), pool(5))
    assert str(told.value).startswith("rtv.vote" if "rtv" in key else "nothing")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rtv.votes: [1, 2", "is not YAML: "),
        ("{{ votes }}: [1]", "is not YAML: "),
        ("", "a space maps dotted keys to their values"),
        ("- rtv.votes", "a space maps dotted keys to their values"),
        ("rtv.votes: 3", "rtv.votes: "),
        ("rtv.votes: {low: 1, high: many}", "rtv.votes.high: "),
        ("rtv.votes: {low: 1.5, high: 3}", "rtv.votes.low: "),
        ("rtv.votes: {one_of: [1]}", "rtv.votes.one_of: "),
    ],
)
def test_a_mistake_in_a_space_is_one_line_that_names_its_place(
    tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "space.yaml"
    file.write_text(text)
    with pytest.raises(RematchError) as error:
        read_space(file)
    line = str(error.value)
    assert line.startswith(f"{file}: ") and told in line and "\n" not in line


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    for reader in (read_space, read_plan):
        with pytest.raises(InputError, match=r"cannot be read \(UnicodeDecodeError\)$"):
            reader(file)
        with pytest.raises(InputError, match=r"cannot be read \(IsADirectoryError\)$"):
            reader(tmp_path)


def plan(tmp_path: Path, text: str, **overrides: object) -> Plan:
    file = tmp_path / "ablation.yaml"
    file.write_text(text)
    return read_plan(file, (), overrides)


def test_a_flag_that_was_not_given_leaves_the_files_value(tmp_path: Path) -> None:
    read = plan(tmp_path, "base: {seed: 4}\nvariants: {v: {rtv.votes: 1}}", seed=None)
    assert {one.config.seed for one in read.all} == {4}


def test_a_variant_that_says_what_the_base_says_changes_nothing(tmp_path: Path) -> None:
    read = plan(tmp_path, "base: {seed: 4}\nvariants: {same: {seed: 4}}")
    assert read.variants[0].changes == {}
    with pytest.raises(UsageError, match=r"^variant 'same': changes nothing of the base$"):
        check_variants(read, LIVE)


def test_variants_may_share_what_an_anchor_holds(tmp_path: Path) -> None:
    """A merged key that stands again is YAML's way to override it, and no key that stands twice."""
    read = plan(
        tmp_path,
        "variants:\n"
        "  one: &one {rtv.votes: 1, seed: 3}\n"
        "  two: {<<: *one, rtv.votes: 2}\n"
        "  three: {<<: *one, rtv.rotate: false}\n",
    )
    assert [one.changes for one in read.variants] == [
        {"rtv.votes": 1, "seed": 3},
        {"rtv.votes": 2, "seed": 3},
        {"rtv.rotate": False, "rtv.votes": 1, "seed": 3},
    ]


def test_several_pools_keep_their_order(tmp_path: Path) -> None:
    read = plan(tmp_path, "pool: [b, a]\nvariants: {v: {seed: 1}}")
    assert read.pool == (Path("b"), Path("a"))
    assert plan(tmp_path, "variants: {v: {seed: 1}}").pool == ()


KEYS = st.fixed_dictionaries(
    {},
    optional={
        "seed": st.integers(0, 3),
        "rtv.votes": st.integers(1, 3),
        "rtv.rotate": st.booleans(),
        "evidence.without": st.lists(st.sampled_from(["size", "tests"]), unique=True),
        "models.judge": st.none(),
        "recorded_n": st.none() | st.integers(1, 3),
    },
)


@settings(max_examples=30)
@given(KEYS, KEYS)
def test_changes_lead_from_the_base_to_the_variant_and_nowhere_else(
    one: dict[str, Any], two: dict[str, Any]
) -> None:
    base, config = load_config([MODEL, one]), load_config([MODEL, two])
    changes = dict(find_changes(base, config))
    assert load_config([base.model_dump(mode="json"), changes]) == config
    assert changes.keys() == dict(find_changes(config, base)).keys()
    assert (changes == {}) == (base == config)


@pytest.mark.parametrize("text", ["base: {{ x }}\n", "variants: {[a, b]: {seed: 1}}\n"])
def test_a_key_that_is_no_text_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match="is not YAML: a key is no text"):
        read_plan(path, [], {})
    with pytest.raises(InputError, match="is not YAML: a key is no text"):
        read_space(path)


def test_a_key_of_a_space_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text("rtv.votes: [1, 2]\nrtv.votes: [3]\n")
    with pytest.raises(InputError, match=r"'rtv\.votes' stands twice"):
        read_space(path)
