"""What the endpoint has decided to send."""

from __future__ import annotations

from dataclasses import dataclass

from rematch.testing.faults import ERRORS, ErrorAnswer, Fault
from rematch.testing.request import Reply
from rematch.testing.usage import Usage


@dataclass(frozen=True)
class Answer:
    """What is to be sent, and when. A faulty answer may have no replies."""

    replies: tuple[Reply, ...]
    usage: Usage
    fault: Fault | None
    latency: float

    @property
    def status(self) -> int:
        """The HTTP status; 0 when nothing is sent."""
        if self.fault in (Fault.HANG, Fault.DROP):
            return 0
        error = self.error
        return error.status if error else 200

    @property
    def error(self) -> ErrorAnswer | None:
        """The HTTP error that the fault stands for."""
        return ERRORS.get(self.fault) if self.fault else None
