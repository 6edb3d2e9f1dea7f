"""The file of a saved program: JSON, checked on reading, without models, keys or pickles."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path
from typing import Any, Literal

import dspy
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from rematch.errors import ProgramFileError

FORMAT: Literal["rematch-program"] = "rematch-program"
VERSION = 1


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
    """A saved program: per predictor its signature's hash and its state."""

    format: Literal["rematch-program"]
    version: int
    program: str
    signatures: dict[str, str]
    state: dict[str, SavedPredictor]

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


def read_document(path: Path) -> Document:
    """Read a saved program.

    Raises:
        ProgramFileError: it cannot be read, or is of another format or a newer version.
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
        return Document.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise ProgramFileError(f"{path}: is damaged ({place}: {first['msg']})") from error
