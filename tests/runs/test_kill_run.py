"""kill -9 in every stage of a run: what is recorded, kept or graded is not made again."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rematch.seeds import derive_seed
from rematch.testing import Agent, ChatRequest, Endpoint, Fault, Latency, Reply
from tests.cli.projects import GRADER, write_task
from tests.runs.calling import read_rows
from tests.runs.forks import Forks, wait_until

N, T = 3, 2
STAGES = [f"t{t} {role}" for t in range(T) for role in ("agent", "summarizer", "judge")]
STAGES.insert(3, "t0 distiller")
QUALITIES = {(0, 0): 2, (0, 1): 6, (0, 2): 4, (1, 0): 5, (1, 1): 3, (1, 2): 8}
"""By iteration and index; all but the worst two mend the fault."""
ATTEMPTS = {derive_seed(0, "rollout", "clamp", *who) % (1 << 31): who for who in QUALITIES}
"""Who it is that sends a seed."""


@dataclass(frozen=True)
class SeededAgent:
    """Does in each rollout what only this rollout does, however often it is begun."""

    role: str = "agent"

    def matches(self, request: ChatRequest) -> bool:
        return Agent().matches(request)

    def reply(self, request: ChatRequest, rng: random.Random) -> Reply:
        quality = QUALITIES[ATTEMPTS[request.params["seed"]]]
        sign = "<" if quality > 3 else ">="
        mend = f"sed -i 's/value > low/value {sign} low/' bounds.py"
        return Agent([f"{mend}; echo '# quality=0.{quality}' >> bounds.py"]).reply(request, rng)


class Moment:
    """A fault plan that holds a run at one question of a stage, so that it dies in this stage."""

    def __init__(self) -> None:
        self._stage, self._left = "", 0
        self._reached = threading.Event()
        self._distilled: set[str] = set()

    def hold(self, stage: str, number: int) -> threading.Event:
        """Leave one question without an answer, once: the `number`th (from 0) of this stage.

        Returns:
            Set when it has arrived.
        """
        self._stage, self._left, self._reached = stage, number, threading.Event()
        return self._reached

    def __call__(self, request: ChatRequest, rng: random.Random) -> Fault | None:
        stage = f"t{int(request.model in self._distilled)} {request.role}"
        if request.role == "distiller":
            self._distilled.add(request.model)
        if stage != self._stage or self._reached.is_set():
            return None
        self._left -= 1
        if self._left >= 0:
            return None
        self._reached.set()
        return Fault.HANG


class Machine:
    """A task, an endpoint, and runs of the task that are killed."""

    def __init__(self, folder: Path, endpoint: Endpoint, forks: Forks, moment: Moment) -> None:
        self.endpoint, self.forks, self.moment, self._folder = endpoint, forks, moment, folder
        self.hold, self.log = folder / "hold", folder / "graded"
        self.hold.write_text("none")
        self.log.touch()
        # The grading of the number that stands in `hold` waits.
        begin = f"echo graded >>{self.log}; number=$(wc -l <{self.log})"
        wait = f'while [ "$(cat {self.hold})" = "$number" ]; do sleep 0.02; done'
        self._task = write_task(folder / "clamp", grader=f"{begin}\n{wait}\n{GRADER}")
        self.results = self.run("whole")
        self.most = self.count_ours("whole")

    def words(self, name: str) -> list[str | Path]:
        model = ("--model", f"openai/{name}", "--api-base", self.endpoint.url)
        size = ("-n", f"{N}", "-t", f"{T}", "-k", "2", "-v", "3", "--sandbox", "process")
        wish = ("-c", "context.distill=true", "-c", "workers.grader=1")
        return ["run", self._task, *model, *size, *wish, "-o", self._folder / name]

    def run(self, name: str) -> dict[str, Any]:
        """Begin or continue a run to its end; what it made."""
        self.forks.run(*self.words(name))
        brackets = self.read(name, "brackets/*")
        return {
            "pick": self.read(name, "pick.json")["pick"]["rollout_id"],
            "survivors": {number: told["survivors"] for number, told in brackets.items()},
            "rewards": {key: told["reward"] for key, told in self.read(name, "grades/*").items()},
            "patches": {key: told["patch"] for key, told in self.read(name, "rollouts/*").items()},
        }

    def read(self, name: str, kind: str) -> dict[str, dict[str, Any]]:
        """Files of the task in a run's folder."""
        paths = self._folder.glob(f"{name}/tasks/clamp/{kind}")
        return {path.stem: json.loads(path.read_text()) for path in paths if path.suffix == ".json"}

    def rows(self, name: str, state: str) -> list[dict[str, Any]]:
        """What the ledger of a run holds."""
        ledger = self._folder / name / "ledger.sqlite"
        rows = read_rows(ledger) if ledger.exists() else []
        return [row for row in rows if row["state"] == state]

    def count_ours(self, name: str) -> int:
        """Calls that were sent, but for those of agents."""
        calls = self.endpoint.calls(model=name)
        return sum(call.role != "agent" for call in calls)

    def list_attempts(self, name: str) -> Counter[tuple[int, int]]:
        """How many calls the agents sent, by iteration and index of their rollout."""
        calls = self.endpoint.calls(role="agent", model=name)
        return Counter(ATTEMPTS[call.params["seed"]] for call in calls)

    def count_gradings(self) -> int:
        return len(self.log.read_text().splitlines())

    def kill(self) -> None:
        code = self.forks.kill()
        assert code in (0, -signal.SIGKILL), self.forks.said()
        wait_until(lambda: self.endpoint.connections == 0, self.forks)

    def go_on(self, name: str) -> None:
        """Continue a killed run to its end; what was there is not asked for or made again."""
        ours = [row for row in self.rows(name, "settled") if row["role"] != "agent"]
        waiting = [row for row in self.rows(name, "reserved") if row["role"] != "agent"]
        in_flight = sum(row["reserved_calls"] for row in waiting)
        rollouts = self.read(name, "rollouts/*").values()
        made = {(told["iteration"], int(told["id"][-2:])) for told in rollouts}
        graded, gradings = len(self.read(name, "grades/*")), self.count_gradings()
        sent, attempts = self.count_ours(name), self.list_attempts(name)

        assert self.run(name) == self.results

        again = self.count_ours(name) - sent
        settled = [row for row in self.rows(name, "settled") if row["role"] != "agent"]
        assert again == sum(r["calls"] for r in settled) - sum(r["calls"] for r in ours), "new ones"
        assert sent + again <= self.most + in_flight, "at most what was in flight is repeated"
        begun = self.list_attempts(name) - attempts
        assert begun == {who: 2 for who in QUALITIES if who not in made}, "both of its calls"
        assert self.count_gradings() - gradings == N * T - graded


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("killed")
    moment, forks = Moment(), Forks(folder / "said.txt")
    latency = Latency(0.01)
    with Endpoint(SeededAgent(), faults=moment, latency=latency, keep_messages=False) as endpoint:
        yield Machine(folder, endpoint, forks, moment)
    forks.close()


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_a_run_goes_on_from_every_stage(stage: str, machine: Machine) -> None:
    """The run dies while a question of the stage is in flight, whatever else is then under way."""
    rng = random.Random(f"kill {stage}")
    name = stage.replace(" ", "-")
    iteration, _, role = stage.partition(" ")
    asked = 1 if role == "distiller" else 2  # of a match that two votes decide
    reached = machine.moment.hold(stage, rng.randrange(asked))
    machine.forks.start(*machine.words(name))
    wait_until(reached.is_set, machine.forks)
    time.sleep(rng.uniform(0, 0.05))
    machine.kill()
    assert role in {row["role"] for row in machine.rows(name, "reserved")}
    distilled = "distiller" in {row["role"] for row in machine.rows(name, "settled")}
    assert distilled is (iteration == "t1")
    machine.go_on(name)


@pytest.mark.slow
@pytest.mark.parametrize("done", [0, 3])
def test_a_run_goes_on_from_its_grading(done: int, machine: Machine) -> None:
    name = f"grading{done}"
    machine.hold.write_text(f"{machine.count_gradings() + done + 1}")
    machine.forks.start(*machine.words(name))
    awaited = machine.hold.read_text()
    wait_until(lambda: f"{machine.count_gradings()}" == awaited, machine.forks)
    machine.kill()
    machine.hold.write_text("none")
    assert len(machine.read(name, "grades/*")) == done
    sent = len(machine.endpoint.calls(model=name))
    machine.go_on(name)
    assert len(machine.endpoint.calls(model=name)) == sent, "the pick was made"


@pytest.mark.slow
def test_a_run_goes_on_from_any_moment(machine: Machine) -> None:
    rng = random.Random("kill")
    whole = len(machine.endpoint.calls(model="whole"))
    for number in range(4):
        name, moment = f"any{number}", rng.randrange(whole)
        machine.forks.start(*machine.words(name))
        calls = partial(machine.endpoint.calls, model=name)
        wait_until(lambda: len(calls()) >= moment, machine.forks)  # noqa: B023
        time.sleep(rng.uniform(0, 0.05))
        machine.kill()
        time.sleep(0.2)  # its tests, if they had just been begun, are counted
        machine.go_on(name)
