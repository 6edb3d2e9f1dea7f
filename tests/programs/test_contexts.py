"""What a new rollout is told: every kind of context, raw and distilled; PDR."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rematch.data.records import Rollout, Summary, Task, Workspace
from rematch.programs import PDR, ContextConfig, Distiller
from rematch.programs.contexts import ContextKind, choose_indexes, write_context
from rematch.runs.executor import LocalExecutor
from rematch.seams import Entrant
from tests.programs.makers import PATCH_TASK, FakeAgent, make_entrant, make_entrants, run

POPULATION = [make_entrant(f"r{index}", says=f"<r{index}>") for index in range(8)]
SURVIVORS = [POPULATION[5], POPULATION[2], POPULATION[7]]


class FakeDistiller(Distiller):
    """Agrees on every outcome that it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    async def aforward(
        self, *, task: Task, summaries: Sequence[Summary], sample: int = 0
    ) -> Workspace:
        self.calls += 1
        return Workspace(agreements=tuple(f"seen {s.final_outcome}" for s in summaries))


def chosen(kind: ContextKind, k: int = 3, index: int = 0, seed: int = 0) -> list[str]:
    config = ContextConfig(kind=kind, k=k)
    numbers = choose_indexes(config, len(POPULATION), index, seed)
    priors = SURVIVORS if numbers is None else [POPULATION[number] for number in numbers]
    return [prior.id for prior in priors]


def test_none_and_select_k() -> None:
    assert chosen("none") == []
    assert chosen("select-k") == ["r5", "r2", "r7"]


def test_single_is_ones_own_summary() -> None:
    assert [chosen("single", index=index) for index in (0, 3, 8)] == [["r0"], ["r3"], ["r0"]]


def test_random_k_is_drawn_for_every_rollout_without_repeats() -> None:
    draws = [chosen("random-k", index=index) for index in range(20)]
    assert all(len(set(draw)) == 3 for draw in draws)
    assert len({tuple(draw) for draw in draws}) > 10
    assert {name for draw in draws for name in draw} == {entrant.id for entrant in POPULATION}
    assert chosen("random-k", index=4) == draws[4]
    assert chosen("random-k", index=4, seed=1) != draws[4]
    assert sorted(chosen("random-k", k=99)) == sorted(entrant.id for entrant in POPULATION)


def test_a_raw_context_shows_every_summary_in_order_and_names_nobody() -> None:
    text = run(write_context(PATCH_TASK, SURVIVORS, None))
    assert "3 attempts were made before yours" in text
    places = [
        text.index(f"### Attempt {n}\nFinal outcome: <{e.id}>") for n, e in enumerate(SURVIVORS, 1)
    ]
    assert places == sorted(places)


def test_a_distilled_context_shows_the_workspace() -> None:
    text = run(write_context(PATCH_TASK, SURVIVORS, FakeDistiller()))
    assert "Agreed or verified:\n- seen <r5>\n- seen <r2>\n- seen <r7>\n" in text
    assert "3 attempts were made before yours" in text
    assert "### Attempt" not in text


def attempt(
    config: ContextConfig, distiller: Distiller | None = None, executor: LocalExecutor | None = None
) -> tuple[FakeAgent, tuple[Rollout, ...]]:
    agent = FakeAgent()
    pdr = PDR(agent, config, distiller, executor)
    job = pdr.acall(
        task=PATCH_TASK, n=5, iteration=1, population=POPULATION, survivors=SURVIVORS, seed=3
    )
    return agent, run(job)


@pytest.mark.parametrize("distill", [False, True])
@pytest.mark.parametrize("kind", ["none", "single", "random-k", "select-k"])
def test_every_rollout_is_told_of_its_priors_and_says_so(kind: ContextKind, distill: bool) -> None:
    distiller = FakeDistiller()
    agent, rollouts = attempt(ContextConfig(kind=kind, k=2, distill=distill), distiller)
    assert [rollout.id for rollout in rollouts] == [f"t1-{index}" for index in range(5)]
    for rollout in rollouts:
        told = agent.told[rollout.id]
        assert [e.id for e in POPULATION if f"<{e.id}>" in told] == sorted(rollout.priors)
        assert len(rollout.priors) == {"none": 0, "single": 1, "random-k": 2, "select-k": 3}[kind]
        assert (told == "") == (kind == "none")
    distinct = {rollout.priors for rollout in rollouts} - {()}
    assert distiller.calls == (len(distinct) if distill else 0)


def test_the_first_iteration_is_told_nothing() -> None:
    agent = FakeAgent()
    rollouts = run(PDR(agent).acall(task=PATCH_TASK, n=3))
    assert {*agent.told.values()} == {""}
    assert {rollout.priors for rollout in rollouts} == {()}


def test_places_bound_agents_and_distillers() -> None:
    most: dict[str, int] = {}

    def watch(role: str, running: int, _: int) -> None:
        most[role] = max(most.get(role, 0), running)

    executor = LocalExecutor({"agent": 2, "distiller": 1}, watch)
    attempt(ContextConfig(kind="single", distill=True), FakeDistiller(), executor)
    assert most == {"agent": 2, "distiller": 1}


def test_distilling_needs_a_distiller() -> None:
    with pytest.raises(ValueError, match="needs a distiller"):
        PDR(FakeAgent(), ContextConfig(distill=True))


def test_a_context_of_one_speaks_of_one() -> None:
    entrants: list[Entrant] = make_entrants(1)
    assert "One attempt was made before yours" in run(write_context(PATCH_TASK, entrants, None))
