"""The questions put to a model, one file each, and how untrusted text is fenced."""

from rematch.signatures.choose import ChooseRollout
from rematch.signatures.compare import CompareRollouts
from rematch.signatures.distill import DistillSummaries
from rematch.signatures.fence import fence, neutralise
from rematch.signatures.frame import frame_context, split_context
from rematch.signatures.summarize import SummarizeRollout
from rematch.signatures.terminus import Keystrokes, OperateTerminal, Turn

__all__ = [
    "ChooseRollout",
    "CompareRollouts",
    "DistillSummaries",
    "Keystrokes",
    "OperateTerminal",
    "SummarizeRollout",
    "Turn",
    "fence",
    "frame_context",
    "neutralise",
    "split_context",
]
