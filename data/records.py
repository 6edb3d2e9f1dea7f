"""What Rematch reads, makes and stores: frozen pydantic records.

Source: the paper's objects (sections 3.1-3.3); the fields are ours.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field

from rematch.data.base import SCHEMA_VERSION as SCHEMA_VERSION
from rematch.data.base import Record as Record
from rematch.data.base import StoredRecord as StoredRecord


class Usage(Record):
    """What model calls cost. `cost_usd` is None when any price in the sum is unknown."""

    calls: int = Field(default=0, ge=0)
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cached_tokens: int = Field(default=0, ge=0)
    cost_usd: float | None = Field(default=0.0, ge=0)

    def __add__(self, other: Self) -> Usage:
        """Sum of both; an unknown price makes the sum's price unknown."""
        costs = (self.cost_usd, other.cost_usd)
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cost_usd=None if None in costs else sum(c for c in costs if c),
        )

    @property
    def tokens(self) -> int:
        """Input plus output tokens."""
        return self.input_tokens + self.output_tokens


class ResultKind(StrEnum):
    """What a task asks for: a patch of a repository, or a state of the environment."""

    PATCH = "patch"
    STATE = "state"


class Task(StoredRecord):
    """One problem, as an agent may see it. Labels and hidden tests are never in here."""

    id: str = Field(min_length=1)
    problem: str
    asks_for: ResultKind = ResultKind.PATCH
    suite: str = ""


class Action(Record):
    """One command (or tool call) and what came back; `exit_code` None when not recorded."""

    command: str
    output: str = ""
    exit_code: int | None = None


class Step(Record):
    """One turn of the agent: what it said, then the actions it took. Numbered from 1."""

    number: int = Field(ge=1)
    message: str = ""
    actions: tuple[Action, ...] = ()


class Ending(StrEnum):
    """How a rollout ended, in every agent's terms."""

    SUBMITTED = "submitted"
    GAVE_UP = "gave-up"
    LIMIT = "limit"
    CRASHED = "crashed"
    UNKNOWN = "unknown"


class Trajectory(Record):
    """The recorded steps of a rollout, in order."""

    steps: tuple[Step, ...] = ()
    ending: Ending = Ending.UNKNOWN
    ending_detail: str = ""


class Origin(Record):
    """Where a rollout comes from, and its agent's seed. For people; shown to no judge."""

    agent: str = ""
    model: str = ""
    path: str = ""
    format: str = ""
    seed: int | None = None


class Rollout(StoredRecord):
    """One attempt of an agent at a task; `patch` is None where none was recorded.

    `priors` are the earlier rollouts that its agent was told about; `seconds` is wall time;
    `own_tests` is the user's own test command on the patch, as the last step has it, if it was run.
    """

    id: str = Field(min_length=1)
    task_id: str = Field(min_length=1)
    iteration: int = Field(default=0, ge=0)
    trajectory: Trajectory = Trajectory()
    patch: str | None = None
    usage: Usage = Usage()
    seconds: float | None = Field(default=None, ge=0)
    origin: Origin = Origin()
    priors: tuple[str, ...] = ()
    own_tests: Action | None = None

    def has_result(self, asks_for: ResultKind) -> bool:
        """Whether there is anything to grade (ours: design decision "without result")."""
        if asks_for is ResultKind.PATCH:
            return bool(self.patch and self.patch.strip())
        return self.trajectory.ending is not Ending.CRASHED


def name_rollout(task_id: str, iteration: int, index: int) -> str:
    """A rollout's id in a run: `TASK-t0-03` is iteration 0's fourth."""
    return f"{task_id}-t{iteration}-{index:02d}"


class Claim(Record):
    """A statement of a summary and the step numbers that it rests on."""

    text: str
    steps: tuple[int, ...] = ()


class Hypothesis(Claim):
    """A suspected root cause and what became of it."""

    fate: Literal["confirmed", "refuted", "open"] = "open"


class CheckedClaim(Claim):
    """A claim, compared with the facts of its rollout, and why the verdict is what it is."""

    verdict: Literal["supported", "contradicted", "not-checkable"]
    why: str = ""


class Summary(StoredRecord):
    """A rollout's structured summary (paper section 3.1; the fields are ours).

    `left_out` says in one line what of the trajectory its author did not see. `checks` is what
    evidence says to its claims, in their order; made after the summary, by no model.
    """

    rollout_id: str
    final_outcome: str = ""
    problem: str = ""
    hypotheses: tuple[Hypothesis, ...] = ()
    key_actions: tuple[Claim, ...] = ()
    progress: str = ""
    verified: tuple[Claim, ...] = ()
    failure_modes: tuple[Claim, ...] = ()
    lessons_to_reuse: tuple[Claim, ...] = ()
    lessons_to_avoid: tuple[Claim, ...] = ()
    left_out: str = ""
    checks: tuple[CheckedClaim, ...] = ()
    author: Literal["model", "evidence"] = "model"
    usage: Usage = Usage()


class Workspace(StoredRecord):
    """What a distiller kept of K summaries, bounded (PDR, arXiv 2510.01123)."""

    agreements: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    open_ends: tuple[str, ...] = ()
    dead_ends: tuple[str, ...] = ()
    usage: Usage = Usage()


class Vote(Record):
    """One judgement of one match. `margin` is an evidence judge's score difference.

    `order` lists indexes into the match's entrants as shown; `winner` is one too, or None: no vote.
    """

    sample: int = Field(ge=0)
    order: tuple[int, ...]
    winner: int | None = None
    confidence: float | None = Field(default=None, ge=0, le=1)
    margin: float | None = Field(default=None, ge=0)
    reasons: str = ""
    attempts: int = Field(default=1, ge=1)
    usage: Usage = Usage()


class Decision(StrEnum):
    """What decided a match."""

    VOTES = "votes"
    TIE = "tie"
    NO_VOTE = "no-vote"
    NO_RESULT = "no-result"


class Match(Record):
    """One group comparison: G entrants (rollout ids), their votes, one winner (an index).

    `tie_break` names the rule that settled a tie, or a match in which no vote came for `problem`.
    `stopped_early`: the votes left were not asked.
    """

    entrants: tuple[str, ...] = Field(min_length=2)
    votes: tuple[Vote, ...] = ()
    winner: int
    decided_by: Decision = Decision.VOTES
    tie_break: str = ""
    problem: str = ""
    stopped_early: bool = False

    @property
    def tally(self) -> tuple[int, ...]:
        """Votes per entrant, in the order of `entrants`."""
        winners = [vote.winner for vote in self.votes]
        return tuple(map(winners.count, range(len(self.entrants))))

    @property
    def winner_id(self) -> str:
        """The winning entrant's rollout id."""
        return self.entrants[self.winner]


class Round(Record):
    """One pass over the population; `byes` go on unplayed."""

    matches: tuple[Match, ...] = ()
    byes: tuple[str, ...] = ()


class Bracket(StoredRecord):
    """All rounds of one tournament (paper section 3.2, RTV), down to the K `survivors`.

    `merged` maps an entrant to the rollouts that it stands for. `note` says where K shrank.
    """

    task_id: str
    iteration: int = 0
    entrants: tuple[str, ...]
    merged: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    rounds: tuple[Round, ...] = ()
    survivors: tuple[str, ...]
    seed: int = 0
    note: str = ""

    @property
    def matches(self) -> tuple[Match, ...]:
        """All matches, first round first."""
        return tuple(match for round_ in self.rounds for match in round_.matches)

    @property
    def usage(self) -> Usage:
        """What the votes cost."""
        return sum((v.usage for m in self.matches for v in m.votes), Usage())


class Pick(StoredRecord):
    """A task's answer: a rollout, why, its calibrated `probability`; `unpaid`: calls refused."""

    task_id: str
    rollout_id: str
    reasons: str = ""
    seed: int = 0
    unpaid: int = Field(default=0, ge=0)
    probability: float | None = Field(default=None, ge=0, le=1)


NO_VERDICT = ("grader-failed", "image-missing", "not-gradable")


class Grade(StoredRecord):
    """What the task's own tests said, or why nothing (`status`); made after selection only."""

    task_id: str
    rollout_id: str
    reward: float = Field(ge=0, le=1)
    status: str = "graded"
    detail: str = ""
    seconds: float | None = Field(default=None, ge=0)

    @property
    def is_verdict(self) -> bool:
        """Whether it says something of the attempt; else grading could not be done at all."""
        return self.status not in NO_VERDICT
