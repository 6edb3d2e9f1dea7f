"""The parts of a saved program: predictors there and back, digests, and all or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.errors import ProgramFileError
from rematch.programs.saved import (
    VERSION,
    Document,
    dump_predictor,
    load_predictor,
    load_predictors,
    read_document,
    signature_hash,
    write_document,
)


class Rank(dspy.Signature):
    """Rank the fruit."""

    fruit: str = dspy.InputField(desc="what to rank")
    rank: int = dspy.OutputField(desc="1 is best")


class Name(dspy.Signature):
    """Name the fruit."""

    shape: str = dspy.InputField()
    fruit: str = dspy.OutputField()


def make_predictors() -> dict[str, dspy.Predict]:
    return {"rank": dspy.Predict(Rank), "inner.name": dspy.Predict(Name)}


def write(folder: Path, predictors: dict[str, dspy.Predict]) -> Path:
    path = folder / "program.json"
    path.write_text(write_document(predictors, "Fruit"), encoding="utf-8")
    return path


def edit(path: Path, **changes: Any) -> Path:
    document = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(document))
    return path


def state(predictors: dict[str, dspy.Predict]) -> dict[str, Any]:
    return {name: dump_predictor(p).model_dump() for name, p in predictors.items()}


@settings(max_examples=20)
@given(
    instructions=st.text(min_size=1),
    demos=st.lists(st.fixed_dictionaries({"fruit": st.text(), "rank": st.integers()}), max_size=3),
)
def test_a_predictor_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    instructions: str,
    demos: list[dict[str, Any]],
) -> None:
    tuned = make_predictors()
    rank = tuned["rank"]
    rank.signature = rank.signature.with_instructions(instructions)
    rank.demos = [dspy.Example(**demo) for demo in demos]
    path = write(tmp_path_factory.mktemp("saved"), tuned)
    fresh = make_predictors()
    assert load_predictors(path, fresh) == ("inner.name", "rank")
    assert state(fresh) == state(tuned)
    assert fresh["rank"].signature.instructions == rank.signature.instructions
    assert write_document(fresh, "Fruit") == path.read_text(encoding="utf-8")


def test_the_same_prompts_are_the_same_bytes_in_any_order() -> None:
    one, other = make_predictors(), dict(reversed(make_predictors().items()))
    assert write_document(one, "Fruit") == write_document(other, "Fruit")
    assert write_document(one, "Fruit").endswith("}\n")


def test_letters_of_any_script_can_be_read_in_the_file() -> None:
    predictor = dspy.Predict(Rank.with_instructions("Nenne die süßeste 果物."))
    assert "Nenne die süßeste 果物." in write_document({"rank": predictor}, "Fruit")


def test_loading_leaves_the_predictor_that_it_copies_as_it_was() -> None:
    predictor, tuned = dspy.Predict(Rank), dspy.Predict(Rank.with_instructions("Be quick."))
    loaded = load_predictor(predictor, dump_predictor(tuned))
    assert loaded.signature.instructions == "Be quick."
    assert predictor.signature.instructions == "Rank the fruit."


def test_a_state_of_other_fields_is_no_state_of_this_predictor() -> None:
    saved = dump_predictor(dspy.Predict(Rank))
    shorter = saved.signature.model_copy(update={"fields": saved.signature.fields[:1]})
    with pytest.raises(ValueError, match="the number of fields differs"):
        load_predictor(dspy.Predict(Rank), saved.model_copy(update={"signature": shorter}))


def test_all_predictors_are_loaded_or_none(tmp_path: Path) -> None:
    """The first one fits; the second one's signature is another by now."""
    tuned = make_predictors()
    for predictor in tuned.values():
        predictor.signature = predictor.signature.with_instructions("Tuned.")
    path = write(tmp_path, tuned)
    changed = make_predictors() | {"inner.name": dspy.Predict("shape, colour -> fruit")}
    before = state(changed)
    with pytest.raises(ProgramFileError, match=r"other signatures \(inner\.name\)"):
        load_predictors(path, changed)
    assert state(changed) == before


def test_what_has_no_place_is_told_with_its_remedy_unless_it_may_be_skipped(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, make_predictors())
    ours = {"rank": dspy.Predict(Rank)}
    with pytest.raises(ProgramFileError, match=r"for inner\.name, .* or load it into a Fruit$"):
        load_predictors(path, ours)
    with pytest.raises(ProgramFileError, match=r"for inner\.name, "):
        load_predictors(path, ours, skip=["rank"])
    assert load_predictors(path, ours, skip=["inner.name"]) == ("rank",)


def test_skipping_never_keeps_back_what_has_a_place(tmp_path: Path) -> None:
    path = write(tmp_path, {"rank": dspy.Predict(Rank.with_instructions("Tuned."))})
    ours = make_predictors()
    assert load_predictors(path, ours, skip=["rank", "inner.name"]) == ("rank",)
    assert ours["rank"].signature.instructions == "Tuned."
    assert ours["inner.name"].signature.instructions == "Name the fruit."


def test_a_file_without_predictors_loads_nothing(tmp_path: Path) -> None:
    ours = make_predictors()
    assert load_predictors(write(tmp_path, {}), ours) == ()
    assert state(ours) == state(make_predictors())


def test_a_digest_follows_every_part_but_itself(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, make_predictors()))
    assert document.digest == document.compute_digest()
    renamed = document.model_copy(update={"program": "Other"})
    assert renamed.compute_digest() != document.digest
    assert document.model_copy(update={"digest": "x"}).compute_digest() == document.digest


def test_a_program_under_another_name_was_changed_after_it_was_saved(tmp_path: Path) -> None:
    path = edit(write(tmp_path, make_predictors()), program="Other")
    with pytest.raises(ProgramFileError, match="was changed after it was saved"):
        read_document(path)
    assert read_document(edit(path, digest="")).program == "Other"


def test_layout_and_the_order_of_keys_are_no_change(tmp_path: Path) -> None:
    path = write(tmp_path, make_predictors())
    before = read_document(path)
    tree = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(tree.items()))))
    assert read_document(path) == before


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": VERSION + 1}, "update rematch-agents"),
        ({"version": VERSION + 1, "new": {}}, "update rematch-agents"),
        ({"version": None}, r"is damaged \(version: "),
        ({"program": 3}, r"is damaged \(program: "),
        ({"signatures": {}}, "name different predictors"),
        ({"digest": "0"}, "was changed after it was saved"),
        ({"format": None}, "is not a program saved by Rematch"),
    ],
)
def test_each_mistake_is_one_line_that_names_the_file(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    path = edit(write(tmp_path, make_predictors()), **changes)
    with pytest.raises(ProgramFileError, match=told) as error:
        read_document(path)
    line = str(error.value)
    assert line.startswith(f"{path}: ") and "\n" not in line


def test_a_folder_is_no_program(tmp_path: Path) -> None:
    with pytest.raises(ProgramFileError, match=r"cannot be read \(Is a directory\)"):
        read_document(tmp_path)


def test_fields_in_another_order_are_another_signature() -> None:
    one, other = dspy.Signature("a, b -> c"), dspy.Signature("b, a -> c")
    assert signature_hash(one) != signature_hash(other)
    assert signature_hash(one) == signature_hash(dspy.Signature("a, b -> c", "Other words."))


def test_an_unknown_key_anywhere_is_no_document() -> None:
    text = write_document(make_predictors(), "Fruit")
    tree = json.loads(text)
    Document.model_validate(tree)
    for part in (tree, tree["state"]["rank"], tree["state"]["rank"]["signature"]):
        part["extra"] = 1
        with pytest.raises(ValueError, match="extra"):
            Document.model_validate(tree)
        del part["extra"]
