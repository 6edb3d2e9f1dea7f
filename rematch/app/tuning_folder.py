"""A tuning's folder: what it learned from, what it tried, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from rematch.data.records import StoredRecord
from rematch.errors import UsageError
from rematch.optimizers.candidates import Candidate
from rematch.optimizers.examples import dump_lines
from rematch.optimizers.splits import Side, Split, hash_lines
from rematch.optimizers.tuning_report import TuningReport
from rematch.runs.folder import read_record, write_record, write_text


class TuningFolder:
    """What stands in the folder, beside a run's run.json and ledger.sqlite.

        FOLDER/
          program.json           the tuned program; `--program` loads it
          start.json             the same before tuning
          report.md, report.json what is proven, figures, the prompt's diff
          split.json             which task is on which side, and the examples' hashes
          judge/                 likewise for each other target
            train.jsonl          the examples, one a line; also validation and test
            candidates.jsonl     every prompt that was scored on all deciding examples
            optimizer.log        what DSPy's optimizer printed

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def forget(self) -> None:
        """Take other examples from now on."""
        (self.path / "split.json").unlink(missing_ok=True)

    def write_start(self, text: str) -> None:
        """Keep the program before tuning."""
        write_text(self.path / "start.json", text)

    def write_program(self, text: str) -> None:
        """Keep the tuned program."""
        write_text(self.path / "program.json", text)

    def write_examples(
        self, split: Split, sided: Mapping[str, Mapping[Side, Sequence[StoredRecord]]]
    ) -> Split:
        """Keep the examples by target and side; the split with their hashes.

        Raises:
            UsageError: the folder holds others.
        """
        lines = {
            f"{target}/{side}": dump_lines(made)
            for target, sides in sided.items()
            for side, made in sides.items()
        }
        digest = {name: hash_lines(own) for name, own in lines.items()}
        hashed = split.model_copy(update={"digest": digest})
        kept = read_record(self.path / "split.json", Split)
        if kept is not None and kept.digest != digest:
            changed = next(n for n in digest if kept.digest.get(n) != digest[n])
            raise UsageError(
                f"{self.path}: holds other examples ({changed}): the rollouts changed; "
                "choose another folder with -o, or --redo"
            )
        for name, own in lines.items():
            write_text(self.path / f"{name}.jsonl", "".join(f"{line}\n" for line in own))
        write_record(self.path / "split.json", hashed)
        return hashed

    def open_log(self, target: str) -> TextIO:
        """The log of a target's optimizer, begun anew: a continued tuning goes the same way."""
        return (self.path / target / "optimizer.log").open("w", encoding="utf-8")

    def clear_candidates(self, target: str) -> None:
        """Begin the list of a target's candidates anew."""
        write_text(self._candidates(target), "")

    def add_candidate(self, target: str, candidate: Candidate) -> None:
        """Add a candidate to its target's list."""
        with self._candidates(target).open("a", encoding="utf-8") as file:
            file.write(candidate.model_dump_json() + "\n")

    def write_report(self, report: TuningReport, page: str) -> None:
        """Keep the report, for people and for machines."""
        write_record(self.path / "report.json", report)
        write_text(self.path / "report.md", page)

    def _candidates(self, target: str) -> Path:
        return self.path / target / "candidates.jsonl"
