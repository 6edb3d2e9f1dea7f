"""A request's way: held, recorded, sent until it is answered or lost, recorded again."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from dspy import lm15

from rematch.data.records import Usage
from rematch.errors import BudgetSpentError, ModelRefusedError, RematchError
from rematch.runs.calls import Calls
from rematch.runs.faults import Cure, Fault, classify, explain, redact
from rematch.runs.keys import dump_reply
from rematch.runs.ledger_rows import Amount, Answered, Asked, Tries
from rematch.runs.pace import Pace
from rematch.runs.prices import Price, share_usage
from rematch.runs.wire import Wire
from rematch.stopping import StoppedError

_LONGEST_PAUSE = 60.0
_DOWN_AFTER = 3
"""Calls lost in a row after which a model with a fallback is passed over for a while."""
_DOWN_SECONDS = 60.0
_OUT_AFTER = 10
"""Calls lost in a row after which the run stops: the provider is out of order."""

Reply = tuple[lm15.Response, Usage]


@dataclass
class Line:
    """A model that a role may ask: its wire, price and pace, and how it does."""

    wire: Wire
    price: Price
    pace: Pace
    lost_in_a_row: int = 0
    lost_at: float = 0.0

    def lose(self) -> None:
        """Note a call that was given up on here."""
        self.lost_in_a_row += 1
        self.lost_at = time.monotonic()

    @property
    def is_down(self) -> bool:
        """Whether it failed for good lately, again and again."""
        recently = time.monotonic() - self.lost_at < _DOWN_SECONDS
        return self.lost_in_a_row >= _DOWN_AFTER and recently


@dataclass(frozen=True)
class Patience:
    """How long a failing call is tried: tries, seconds in all, and the first pause."""

    attempts: int = 8
    seconds: float = 600.0
    pause: float = 1.0


@dataclass(frozen=True)
class Member:
    """One call of a request: its key in the ledger and which sample it is."""

    key: bytes
    sample: int | None


@dataclass
class Delivery:
    """One request with one completion per member, sent over a role's lines.

    Attributes:
        calls: what the run's calls share.
        role: who asks.
        lines: the role's model, then its fallbacks.
        patience: how long to try on each line.
        request: what to send.
        members: whose completions are asked for.
        repeated: whether equal requests come after this one, or came before.
    """

    calls: Calls
    role: str
    lines: Sequence[Line]
    patience: Patience
    request: lm15.Request
    members: Sequence[Member]
    repeated: bool = False
    _faults: list[str] = field(default_factory=list)
    _attempts: int = 0
    _held: Amount | None = None
    _started: float = field(default_factory=time.monotonic)

    async def run(self) -> list[Reply]:
        """Replies to the first members, at least one: a provider may answer with fewer.

        Raises:
            LM15Error: it failed for good.
            RematchError: it was not sent, or the run has stopped.
            StoppedError: the user wants to end, and no try is under way.
        """
        try:
            return await self._try_lines()
        except (Exception, StoppedError) as error:
            redact(error)
            await self._lose(error)
            raise

    async def _try_lines(self) -> list[Reply]:
        usable = [line for line in self.lines[:-1] if not line.is_down] + [self.lines[-1]]
        for line in usable:
            if line is not self.lines[0]:
                self.calls.note(
                    self.role, self._faults[-1] if self._faults else "down", "fell back"
                )
            try:
                return await self._try(line)
            except lm15.LM15Error as error:
                if classify(error).cure is not Cure.RETRY:
                    raise
                line.lose()
                if line is usable[-1]:
                    raise
        raise AssertionError("a role has at least one line")

    async def _try(self, line: Line) -> list[Reply]:
        begun, tries = time.monotonic(), 0
        while True:
            estimate = line.price.estimate(self.request, len(self.members))
            await self._hold(line, estimate)
            await self._wait(line, line.pace.take(estimate.tokens), "rate-limit")
            tries += 1
            self._attempts += 1
            try:
                responses = await line.wire.send(
                    self.request, len(self.members), repeated=self.repeated
                )
            except Exception as error:
                fault = classify(error)
                await self._note(line, fault, error)
                pause = self._choose_pause(fault, tries)
                late = time.monotonic() - begun + pause > self.patience.seconds
                if fault.cure is not Cure.RETRY or tries >= self.patience.attempts or late:
                    raise
            else:
                line.lost_in_a_row = 0
                return await self._settle(line, responses, estimate)
            self.calls.note(self.role, fault.kind, "retried")
            await self._wait(line, pause, fault.kind)

    async def _wait(self, line: Line, seconds: float, reason: str) -> None:
        with self.calls.waits.noting(line.wire.route.model, reason, seconds):
            await self.calls.gate.sleep(seconds)

    async def _hold(self, line: Line, estimate: Amount) -> None:
        """Hold what a try may cost; what is held for a try that cost nothing serves the next."""
        self.calls.gate.check()
        if self._held is not None and self._held != estimate:
            held, self._held = self._held, None
            await self.calls.ledger.reserve(self._asked(line, Amount()))
            self.calls.budget.release(held)
        if self._held is None:
            await self.calls.budget.hold(estimate, self.calls.gate.check)
            self._held = estimate
            await self.calls.ledger.reserve(self._asked(line, estimate))

    def _asked(self, line: Line, held: Amount) -> list[Asked]:
        """The first row holds the whole request's estimate."""
        return [
            Asked(
                member.key,
                self.role,
                line.wire.route.model,
                member.sample,
                held if place == 0 else Amount(),
            )
            for place, member in enumerate(self.members)
        ]

    async def _note(self, line: Line, fault: Fault, error: Exception) -> None:
        self._faults.append(fault.kind)
        line.pace.learn(getattr(error, "rate_limit_headers", None) or {})
        if fault.wait:
            line.pace.pause(fault.wait)
        if fault.may_be_billed and self._held is not None:
            held, self._held = self._held, None
            await self.calls.ledger.write_off([self.members[0].key])
            self.calls.budget.write_off(held)
        if fault.cure is Cure.STOP:
            model = line.wire.route.model
            self.calls.gate.close(ModelRefusedError(f"{model}: {explain(error)}"))

    def _choose_pause(self, fault: Fault, tries: int) -> float:
        """As long as the provider asks, else twice as long each time; never all at once."""
        jitter = random.uniform(0.5, 1.0)
        if fault.wait is not None:
            return fault.wait + jitter * self.patience.pause / 4
        return min(_LONGEST_PAUSE, self.patience.pause * 2.0 ** (tries - 1)) * jitter

    async def _settle(
        self, line: Line, responses: Sequence[lm15.Response], estimate: Amount
    ) -> list[Reply]:
        total = line.price.read_usage(responses[0], self.request)
        shares = share_usage(total, len(responses))
        latency = time.monotonic() - self._started
        tries = Tries(self._attempts, tuple(self._faults), latency)
        replies = list(zip(responses, shares, strict=True))
        model = line.wire.route.model
        await self.calls.ledger.settle(
            (member.key, Answered(model, dump_reply(response), usage, tries))
            for member, (response, usage) in zip(self.members, replies, strict=False)
        )
        if self._held is not None:
            held, self._held = self._held, None
            self.calls.budget.settle(held, total)
        line.pace.settle(estimate.tokens, total.tokens)
        return replies

    async def _lose(self, error: Exception | StoppedError) -> None:
        """Record that the call came to nothing; stop the run where nothing else succeeds."""
        reason = explain(error)
        latency = time.monotonic() - self._started
        tries = Tries(self._attempts, tuple(self._faults), latency)
        if self._attempts or self._held is not None:
            await self.calls.ledger.lose((member.key for member in self.members), reason, tries)
        if self._held is not None:
            held, self._held = self._held, None
            self.calls.budget.release(held)
        if isinstance(error, BudgetSpentError):
            self.calls.note(self.role, "budget", "lost")
        if isinstance(error, RematchError | StoppedError):
            return
        fault = classify(error)
        self.calls.note(self.role, fault.kind, "lost")
        lost = self.lines[-1].lost_in_a_row
        if fault.cure is Cure.RETRY and lost >= _OUT_AFTER:
            self.calls.gate.close(
                ModelRefusedError(
                    f"{self.role}: {lost} calls in a row came to nothing; the last: {reason}"
                )
            )
