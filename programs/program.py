"""What every program has: async first, one sync door, and JSON files that fit the code."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import dspy

from rematch.errors import ProgramFileError
from rematch.loops import run_sync
from rematch.programs.saved import (
    FORMAT,
    VERSION,
    Document,
    dump_predictor,
    load_predictor,
    read_document,
    signature_hash,
)


class Program(dspy.Module):
    """Base of Rematch's programs. Subclasses write `aforward`."""

    def forward(self, **inputs: Any) -> Any:
        """The sync door, which DSPy's optimizers use."""
        job: Coroutine[Any, Any, Any] = self.aforward(**inputs)
        return run_sync(job)

    def save(self, path: str | Path) -> None:
        """Write prompts and demonstrations as JSON; models and keys stay out."""
        predictors = dict(self.named_predictors())
        document = Document(
            format=FORMAT,
            version=VERSION,
            program=type(self).__name__,
            signatures={name: signature_hash(p.signature) for name, p in predictors.items()},
            state={name: dump_predictor(predictor) for name, predictor in predictors.items()},
        )
        text = json.dumps(document.model_dump(), indent=2, sort_keys=True, ensure_ascii=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    def load(self, path: str | Path) -> None:
        """Load what `save` wrote. Predictors that the file does not know keep their prompts.

        Raises:
            ProgramFileError: the file is damaged, of another format, or holds prompts for
                predictors or signatures that this program does not have.
        """
        document = read_document(Path(path))
        predictors = dict(self.named_predictors())
        ours = {name: signature_hash(p.signature) for name, p in predictors.items()}
        if foreign := sorted(document.signatures.keys() - ours):
            raise ProgramFileError(
                f"{path}: holds prompts for {', '.join(foreign)}, which this program does not "
                f"have: give those roles a model, or load it into a {document.program}"
            )
        changed = sorted(n for n, known in document.signatures.items() if known != ours[n])
        if changed:
            raise ProgramFileError(
                f"{path}: was saved for other signatures ({', '.join(changed)}): "
                "tune again with this version"
            )
        try:
            loaded = {
                name: load_predictor(predictors[name], kept)
                for name, kept in document.state.items()
            }
        except Exception as error:  # whatever DSPy makes of a damaged state
            problem = " ".join(f"{type(error).__name__}: {error}".split())
            raise ProgramFileError(f"{path}: is damaged ({problem})") from error
        for name, predictor in loaded.items():
            predictors[name].signature = predictor.signature
            predictors[name].demos = predictor.demos
            predictors[name].fields = predictor.fields
