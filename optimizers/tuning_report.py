"""What a tuning came to, as its report file holds it; what is not proven is said first."""

from __future__ import annotations

from rematch.data.records import StoredRecord
from rematch.optimizers.comparison import Comparison, diff_prompts
from rematch.optimizers.splits import Side
from rematch.optimizers.tuning import Tuned


class TargetReport(StoredRecord):
    """One target's tuning.

    `headline` is what to know first; `comparisons` by side; `diff` is the prompt's.
    """

    target: str
    headline: tuple[str, ...]
    is_proven: bool
    comparisons: dict[Side, Comparison]
    tried: int
    stopped: str = ""
    diff: str = ""


class TuningReport(StoredRecord):
    """All targets of a tuning, and by what they were tuned.

    `examples` counts them by target and side; `split` is the hash of the examples' lines.
    `calls` is what all sessions made.
    """

    optimizer: str
    effort: str
    seed: int
    models: dict[str, str]
    examples: dict[str, dict[str, int]]
    split: dict[str, str]
    targets: tuple[TargetReport, ...]
    problems: tuple[str, ...] = ()
    calls: int = 0

    @property
    def stopped(self) -> bool:
        """Whether an optimizer was ended before its end, or something could not be measured."""
        return any(one.stopped for one in self.targets)


def report_target(target: str, tuned: Tuned) -> TargetReport:
    """The report on one target."""
    test = tuned.comparisons.get("test")
    proven = test is not None and test.gain.low > 0
    return TargetReport(
        target=target,
        headline=tuple(_headline(tuned, test)),
        is_proven=proven,
        comparisons=dict(tuned.comparisons),
        tried=tuned.tried,
        stopped=tuned.stopped or tuned.unmeasured,
        diff=diff_prompts(tuned.start, tuned.best),
    )


def _headline(tuned: Tuned, test: Comparison | None) -> list[str]:
    lines = []
    if tuned.stopped:
        lines.append(f"Stopped early: {tuned.stopped}. What follows is the best so far.")
    if test is None:
        lines.append(f"No gain proven: the held-out tasks could not be asked ({tuned.unmeasured}).")
    elif test.gain.low <= 0:
        lines.append(f"No gain proven: on held-out tasks the accuracy {_tell(test)}.")
    else:
        lines.append(f"On held-out tasks the accuracy rose: it {_tell(test)}.")
    if tuned.kept_start:
        lines.append("The optimizer's prompt did worse on validation, so the start stays.")
    elif tuned.best == tuned.start:
        lines.append("The optimizer found nothing better than the start.")
    return lines


def _tell(test: Comparison) -> str:
    gain = test.gain
    return (
        f"went from {test.before.mean:.3f} to {test.after.mean:.3f}, a change of "
        f"{gain.mean:+.3f} (95 % interval {gain.low:+.3f} .. {gain.high:+.3f} over "
        f"{test.n_tasks} tasks)"
    )
