"""What every program has: async first, one sync door, and JSON files that fit the code."""

from __future__ import annotations

from collections.abc import Collection, Coroutine
from pathlib import Path
from typing import Any

import dspy

from rematch.loops import run_sync
from rematch.programs.saved import load_predictors, write_document


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
        load_predictors(Path(path), dict(self.named_predictors()), skip)
