"""The file of a saved program: JSON, checked on reading, without models, keys or pickles."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

import dspy
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from rematch.errors import ProgramFileError

FORMAT: Literal["rematch-program"] = "rematch-program"
VERSION = 2
"""1 had no digest."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SavedField(_Part):
    """How a field is called and described in a prompt."""

    prefix: str
    description: str


class SavedSignature(_Part):
    """A signature's words; its fields' names and types are the code's."""

    instructions: str
    fields: list[SavedField]


class SavedPredictor(_Part):
    """What tuning may change. `fields` are the weights of DSPy's decision types."""

    signature: SavedSignature
    demos: list[dict[str, Any]]
    fields: dict[str, Any] = {}


class Document(_Part):
    """A saved program: per predictor its signature's hash and its state.

    `digest` is of all the rest; a file without one (version 1, or a person's) is taken as it is.
    """

    format: Literal["rematch-program"]
    version: int
    program: str
    signatures: dict[str, str]
    state: dict[str, SavedPredictor]
    digest: str = ""

    def compute_digest(self) -> str:
        """A hash of everything but the digest."""
        rest = self.model_dump(exclude={"digest"})
        return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16]

    @model_validator(mode="after")
    def _check_names(self) -> Document:
        if self.signatures.keys() != self.state.keys():
            raise ValueError("signatures and state name different predictors")
        return self


def signature_hash(signature: type[dspy.Signature]) -> str:
    """A hash of the fields' names, directions and types; instructions may be tuned freely."""
    fields = [
        [name, direction, str(field.annotation)]
        for direction, group in (
            ("in", signature.input_fields),
            ("out", signature.output_fields),
        )
        for name, field in group.items()
    ]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()[:16]


def dump_predictor(predictor: dspy.Predict) -> SavedPredictor:
    """A predictor's state; a model that is bound to it stays out."""
    plain = copy.copy(predictor)
    plain.lm = None  # DSPy would save it, or refuse to
    state = plain.dump_state()
    kept = {key: state[key] for key in SavedPredictor.model_fields if key in state}
    return SavedPredictor.model_validate(kept)


def load_predictor(predictor: dspy.Predict, state: SavedPredictor) -> dspy.Predict:
    """A copy of the predictor in that state.

    Raises:
        ValueError: it has another number of fields.
    """
    if len(state.signature.fields) != len(predictor.signature.fields):
        raise ValueError("the number of fields differs")
    loaded = copy.copy(predictor)
    loaded.load_state({**state.model_dump(), "lm": None})
    return loaded


def write_document(predictors: Mapping[str, dspy.Predict], program: str) -> str:
    """The text of a file that holds these predictors.

    Args:
        predictors: by their names in the program.
        program: the name of its class, for messages.
    """
    document = Document(
        format=FORMAT,
        version=VERSION,
        program=program,
        signatures={name: signature_hash(p.signature) for name, p in predictors.items()},
        state={name: dump_predictor(predictor) for name, predictor in predictors.items()},
    )
    document = document.model_copy(update={"digest": document.compute_digest()})
    text = json.dumps(document.model_dump(), indent=2, sort_keys=True, ensure_ascii=False)
    return text + "\n"


def read_document(path: Path) -> Document:
    """Read a saved program.

    Raises:
        ProgramFileError: it cannot be read, is of another format or a newer version, or was
            changed after it was saved.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProgramFileError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ProgramFileError(f"{path}: is not JSON ({error})") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ProgramFileError(f"{path}: is not a program saved by Rematch")
    version = document.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ProgramFileError(f"{path}: was saved by a newer Rematch: update rematch-agents")
    try:
        saved = Document.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise ProgramFileError(f"{path}: is damaged ({place}: {first['msg']})") from error
    if saved.digest and saved.digest != saved.compute_digest():
        raise ProgramFileError(
            f"{path}: was changed after it was saved: save it again, or take its digest out to "
            "load it as it is"
        )
    return saved


def load_predictors(
    path: Path, predictors: Mapping[str, dspy.Predict], skip: Collection[str] = ()
) -> tuple[str, ...]:
    """Load a file's prompts into predictors; what the file does not know keeps its own.

    Args:
        path: the file.
        predictors: by their names in the program; changed all together or not at all.
        skip: names that the file may know and that need not be among them.

    Returns:
        The names of those that were loaded.

    Raises:
        ProgramFileError: the file does not fit.
    """
    document = read_document(path)
    ours = {name: signature_hash(p.signature) for name, p in predictors.items()}
    held = {n: known for n, known in document.signatures.items() if n in ours or n not in skip}
    if foreign := sorted(held.keys() - ours):
        raise ProgramFileError(
            f"{path}: holds prompts for {', '.join(foreign)}, which this program does not "
            f"have: give those roles a model, or load it into a {document.program}"
        )
    if changed := sorted(name for name, known in held.items() if known != ours[name]):
        raise ProgramFileError(
            f"{path}: was saved for other signatures ({', '.join(changed)}): "
            "tune again with this version"
        )
    try:
        loaded = {name: load_predictor(predictors[name], document.state[name]) for name in held}
    except Exception as error:  # whatever DSPy makes of a damaged state
        problem = " ".join(f"{type(error).__name__}: {error}".split())
        raise ProgramFileError(f"{path}: is damaged ({problem})") from error
    for name, predictor in loaded.items():
        predictors[name].signature = predictor.signature
        predictors[name].demos = predictor.demos
        predictors[name].fields = predictor.fields
    return tuple(sorted(held))
