"""What every program has: async first, one sync door, and JSON files that fit the code."""

from __future__ import annotations

from collections.abc import Collection, Coroutine
from pathlib import Path
from typing import Any

import dspy

from rematch.errors import ProgramFileError
from rematch.loops import run_sync
from rematch.programs.saved import (
    load_predictor,
    read_document,
    signature_hash,
    write_document,
)


class Program(dspy.Module):
    """Base of Rematch's programs. Subclasses write `aforward`."""

    def forward(self, **inputs: Any) -> Any:
        """The sync door, which DSPy's optimizers use."""
        job: Coroutine[Any, Any, Any] = self.aforward(**inputs)
        return run_sync(job)

    def save(self, path: str | Path) -> None:
        """Write prompts and demonstrations as JSON; models and keys stay out."""
        text = write_document(dict(self.named_predictors()), type(self).__name__)
        Path(path).write_text(text, encoding="utf-8")

    def load(self, path: str | Path, skip: Collection[str] = ()) -> None:
        """Load what `save` wrote. Predictors that the file does not know keep their prompts.

        Args:
            path: the file.
            skip: predictors that the file may hold prompts for and this program need not have.

        Raises:
            ProgramFileError: the file is damaged, of another format, or holds prompts for
                predictors or signatures that this program does not have.
        """
        document = read_document(Path(path))
        predictors = dict(self.named_predictors())
        ours = {name: signature_hash(p.signature) for name, p in predictors.items()}
        held = {n: known for n, known in document.signatures.items() if n in ours or n not in skip}
        if foreign := sorted(held.keys() - ours):
            raise ProgramFileError(
                f"{path}: holds prompts for {', '.join(foreign)}, which this program does not "
                f"have: give those roles a model, or load it into a {document.program}"
            )
        changed = sorted(name for name, known in held.items() if known != ours[name])
        if changed:
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
