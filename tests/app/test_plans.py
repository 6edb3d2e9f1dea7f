"""An ablation's file: what its base and its variants come to, and every way to write it wrong."""

from pathlib import Path

import pytest

from rematch.app.plans import Plan, read_plan
from rematch.errors import RematchError, UsageError


def plan(tmp_path: Path, text: str, *sources: str, **overrides: object) -> Plan:
    file = tmp_path / "ablation.yaml"
    file.write_text(text)
    return read_plan(file, sources, overrides)


def test_variants_lie_over_the_base(tmp_path: Path) -> None:
    read = plan(
        tmp_path,
        "base: {rtv.votes: 4}\nvariants:\n  big: {rtv.group_size: 4}\n  one: {rtv.votes: 1}",
    )
    assert [one.name for one in read.all] == ["base", "big", "one"]
    assert [one.config.rtv.votes for one in read.all] == [4, 4, 1]
    assert read.variants[0].changes == {"rtv.group_size": 4}


def test_keys_may_be_nested_or_dotted(tmp_path: Path) -> None:
    read = plan(tmp_path, "variants:\n  a: {rtv: {votes: 1}}\n  b: {rtv.votes: 1}")
    assert read.variants[0].config == read.variants[1].config
    assert read.variants[0].changes == read.variants[1].changes == {"rtv.votes": 1}


def test_a_base_may_be_a_preset_and_more(tmp_path: Path) -> None:
    read = plan(tmp_path, "base: [paper, {rtv.votes: 2}]\nvariants: {v: {rtv.rotate: false}}")
    assert (read.base.config.n, read.base.config.rtv.votes) == (16, 2)


def test_the_command_line_lies_over_the_base_and_under_the_variants(tmp_path: Path) -> None:
    text = "base: {rtv.votes: 4, seed: 1}\nvariants:\n  v: {rtv.votes: 1}\n  w: {rtv.rotate: false}"
    read = plan(tmp_path, text, "rtv.votes=6", seed=7)
    assert [one.config.rtv.votes for one in read.all] == [6, 1, 6]
    assert {one.config.seed for one in read.all} == {7}


def test_null_takes_a_role_away_also_where_a_flag_gave_it(tmp_path: Path) -> None:
    name = {"models.judge.model": "openai/m"}
    read = plan(tmp_path, "variants: {evidence: {models.judge: null}}", **name)
    assert read.base.config.models.judge is not None
    assert read.variants[0].config.models.judge is None
    assert read.variants[0].changes == {"models.judge": None}


def test_a_role_gets_another_model_and_keeps_its_other_settings(tmp_path: Path) -> None:
    name = {"models.judge.model": "openai/m", "models.judge.api_base": "http://here/v1"}
    read = plan(tmp_path, "variants: {other: {models.judge.model: openai/n}}", **name)
    judge = read.variants[0].config.models.judge
    assert judge is not None and (judge.model, judge.api_base) == ("openai/n", "http://here/v1")
    assert read.variants[0].changes == {"models.judge.model": "openai/n"}


def test_pool_labels_and_suite_are_read(tmp_path: Path) -> None:
    read = plan(tmp_path, "pool: here\nlabels: l.tsv\nvariants: {v: {seed: 1}}")
    assert (read.pool, read.labels, read.suite) == ((Path("here"),), Path("l.tsv"), None)
    read = plan(tmp_path, "suite: pocket\nids: [a, b]\nvariants: {v: {seed: 1}}")
    assert (read.pool, read.suite, read.ids) == ((), "pocket", ("a", "b"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("variants: {v: {rtv.vote: 1}}", "v: rtv.vote: unknown key"),
        ("base: {rtv.votes: none}\nvariants: {v: {seed: 1}}", "base: rtv.votes"),
        ("variants: {base: {seed: 1}}", "no variant may be called 'base'"),
        ("variants: {}", "variants:"),
        ("variants: {v: {seed: 1}}\nvariant: {}", "variant: unknown key; there are base, variants"),
        ("variants: {v: {seed: 1}}\nbase: nothing", "base: -c nothing"),
        ("variants: {v: 3}", "variants.v:"),
        ("- a", "the file:"),
        ("", "the file:"),
        ("variants: {v: {seed: 1}, v: {seed: 2}}", "'v' stands twice"),
        ("variants: {v: {seed: 1, seed: 2}}", "'seed' stands twice"),
        ("variants: {v: [", "is not YAML"),
    ],
)
def test_a_mistake_is_one_line_that_names_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(RematchError) as error:
        plan(tmp_path, text)
    line = str(error.value)
    assert told in line and "ablation.yaml" in line and "\n" not in line


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RematchError, match="cannot be read"):
        read_plan(tmp_path / "nowhere.yaml")


def test_equal_votes_are_refused_in_a_variant_too(tmp_path: Path) -> None:
    name = {"models.judge.model": "openai/m"}
    with pytest.raises(UsageError, match="makes all votes of a match the same"):
        plan(tmp_path, "variants: {cold: {models.judge.temperature: 0}}", **name)
