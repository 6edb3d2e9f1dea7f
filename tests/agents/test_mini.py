import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rematch.agents.mini import MiniAgent, MiniConfig, load_mini
from rematch.agents.sandboxes import ProcessSandbox, SandboxLimits
from rematch.data.records import Ending, ResultKind, Rollout, Task, Usage
from rematch.errors import AgentError, SandboxError, UsageError
from rematch.redaction import hide_secrets
from rematch.seams import Agent
from rematch.signatures.frame import frame_context
from tests.agents.boxes import SUBMIT, TASK, TIGHT, ScriptedModel, list_actions, run_script

FIX = "printf 'x = 2\\n' > a.py"


def run(sandbox: Any, *script: str | Exception, **options: Any) -> Rollout:
    return run_script(sandbox, *script, **options)


def test_a_rollout_is_recorded_whole(source: Path) -> None:
    rollout = run(ProcessSandbox(source), "cat a.py", FIX, "false")
    assert rollout.id == "t-t0-00"
    assert rollout.task_id == "t"
    assert [action.exit_code for action in list_actions(rollout)] == [0, 0, 1, None]
    assert list_actions(rollout)[0].output == "x = 1\n"
    assert [step.message for step in rollout.trajectory.steps][:2] == ["Turn 0.", "Turn 1."]
    assert rollout.trajectory.ending is Ending.SUBMITTED
    assert rollout.patch is not None
    assert "+x = 2" in rollout.patch
    assert rollout.usage == Usage(calls=4)
    assert rollout.seconds is not None
    assert rollout.origin.agent == "mini-swe-agent"
    assert rollout.origin.model == "script"


def test_a_task_that_asks_for_a_state_has_no_patch(source: Path) -> None:
    task = Task(id="t", problem="Do it.", asks_for=ResultKind.STATE)
    assert run(ProcessSandbox(source), FIX, task=task).patch is None


def test_an_untouched_environment_is_an_empty_patch(source: Path) -> None:
    assert run(ProcessSandbox(source)).patch == ""


def test_the_submitted_text_can_be_the_patch(source: Path) -> None:
    config = MiniConfig(template="benchmarks/swebench", patch_from="submission")
    submit = f"{SUBMIT} && printf 'the patch\\n'"
    assert run(ProcessSandbox(source), FIX, submit, config=config).patch == "the patch\n"
    small = SandboxLimits(output_bytes=1_024)
    rollout = run(
        ProcessSandbox(source, small), f"{SUBMIT} && head -c 2000 /dev/zero", config=config
    )
    assert rollout.patch == ""
    assert "longer than an output may be" in rollout.trajectory.ending_detail


@pytest.mark.parametrize("how", ["echo x && " + SUBMIT, SUBMIT + "; false"])
def test_only_the_exact_command_submits(source: Path, how: str) -> None:
    rollout = run(ProcessSandbox(source), how, config=MiniConfig(step_limit=1))
    assert rollout.trajectory.ending is Ending.LIMIT


def test_limits_of_steps_and_time_are_endings(source: Path) -> None:
    steps = run(ProcessSandbox(source), FIX, "true", config=MiniConfig(step_limit=2))
    assert steps.trajectory.ending is Ending.LIMIT
    assert steps.trajectory.ending_detail == "LimitsExceeded"
    assert steps.patch is not None and "+x = 2" in steps.patch
    slow = run(ProcessSandbox(source), "sleep 1.1", "true", config=MiniConfig(seconds=1))
    assert slow.trajectory.ending is Ending.LIMIT
    assert slow.trajectory.ending_detail == "TimeExceeded"


class RateLimitError(Exception):
    pass


class ContextWindowExceededError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (RateLimitError("too many requests"), Ending.CRASHED),
        (TimeoutError("no reply"), Ending.CRASHED),
        (ContextWindowExceededError("too long"), Ending.LIMIT),
    ],
)
def test_an_error_of_the_model_is_an_ending(source: Path, error: Exception, ending: Ending) -> None:
    rollout = run(ProcessSandbox(source), FIX, error)
    assert rollout.trajectory.ending is ending
    assert rollout.trajectory.ending_detail == f"{type(error).__name__}: {error}"
    assert rollout.patch is not None and "+x = 2" in rollout.patch


def test_an_agent_that_gives_up_says_so(source: Path) -> None:
    flow = load_mini("exceptions").InterruptAgentFlow
    extra = {"exit_status": "GaveUp", "submission": ""}
    message = {"role": "exit", "content": "nothing left to try", "extra": extra}
    rollout = run(ProcessSandbox(source), "true", flow(message))
    assert rollout.trajectory.ending is Ending.GAVE_UP


class BrokenSandbox(ProcessSandbox):
    """Breaks at a command of its name."""

    def execute(self, command: str, timeout: float | None = None) -> Any:
        if command == "break":
            raise SandboxError("the container broke: gone")
        return super().execute(command, timeout)

    def diff(self) -> str:
        raise SandboxError("cannot read the work folder: gone")


def test_a_broken_sandbox_is_an_ending(source: Path) -> None:
    rollout = run(BrokenSandbox(source), "echo on", "break")
    assert rollout.trajectory.ending is Ending.CRASHED
    assert rollout.trajectory.ending_detail == (
        "SandboxError: the container broke: gone; no patch: cannot read the work folder: gone"
    )
    assert list_actions(rollout)[0].output == "on\n"
    assert rollout.patch == ""


def test_an_environment_that_is_missing_is_an_ending(source: Path) -> None:
    rollout = run(ProcessSandbox(source / "none"), "true")
    assert rollout.trajectory.ending is Ending.CRASHED
    assert "SandboxError: cannot read folder" in rollout.trajectory.ending_detail
    assert rollout.trajectory.steps == ()


def test_what_the_sandbox_stopped_is_told(source: Path) -> None:
    rollout = run(ProcessSandbox(source, TIGHT.model_copy(update={"seconds": 0.3})), "sleep 9")
    assert rollout.trajectory.ending is Ending.SUBMITTED
    assert rollout.trajectory.ending_detail == "Submitted; stopped: the time limit of 0.3 s"
    assert list_actions(rollout)[0].exit_code == 124


def test_text_that_is_no_text_is_recorded(source: Path) -> None:
    rollout = run(ProcessSandbox(source), "echo \ud800", "printf '\\377'", ValueError("\udfff"))
    assert rollout.model_dump_json()
    assert list_actions(rollout)[0].exit_code == 126
    assert list_actions(rollout)[1].output == "\ufffd"


def make_agent(source: Path, *script: str, **options: Any) -> tuple[MiniAgent, list[Any]]:
    models: list[ScriptedModel] = []

    def factory(task: Task, seed: int) -> ScriptedModel:
        models.append(ScriptedModel(script))
        return models[-1]

    agent = MiniAgent(
        MiniConfig(), lambda _: ProcessSandbox(source), model_factory=factory, **options
    )
    return agent, models


def test_the_context_stands_after_the_task_in_the_first_prompt(source: Path) -> None:
    agent, models = make_agent(source)
    assert isinstance(agent, Agent)
    context = frame_context("Look at {{ a.py }} {% raw %} first.", 4)
    asyncio.run(agent.attempt(TASK, context=context, iteration=1, index=3))
    system, prompt = models[0].messages
    assert system["role"] == "system"
    assert prompt["content"].startswith(f"Please solve this issue: {TASK.problem}\n\n{context}")


def test_seeds_follow_from_run_task_iteration_and_index(source: Path) -> None:
    def seeds(seed: int) -> list[tuple[str, int | None]]:
        agent, _ = make_agent(source, seed=seed)
        places = ((0, 0), (0, 1), (1, 0))
        made = (
            asyncio.run(agent.attempt(TASK, context="", iteration=t, index=i)) for t, i in places
        )
        return [(rollout.id, rollout.origin.seed) for rollout in made]

    first = seeds(1)
    assert first == seeds(1)
    assert [name for name, _ in first] == ["t-t0-00", "t-t0-01", "t-t1-00"]
    assert len({seed for _, seed in first + seeds(2)}) == 6


def test_rollouts_run_side_by_side_and_leave_the_loops_own_pool_alone(source: Path) -> None:
    agent, _ = make_agent(source, "sleep 0.5")

    async def main() -> float:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        started = time.monotonic()
        attempts = (agent.attempt(TASK, context="", iteration=0, index=i) for i in range(6))
        await asyncio.gather(*attempts)
        return time.monotonic() - started

    assert asyncio.run(main()) < 4


def test_cancelling_stops_the_command_and_removes_the_sandbox(source: Path) -> None:
    sandbox = ProcessSandbox(source)
    agent = MiniAgent(
        MiniConfig(), lambda _: sandbox, model_factory=lambda t, s: ScriptedModel(["sleep 60"])
    )

    async def main() -> None:
        running = asyncio.create_task(agent.attempt(TASK, context="", iteration=0, index=0))
        while sandbox._box is None:
            await asyncio.sleep(0.01)
        box = sandbox._box
        await asyncio.sleep(0.2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert not box.exists()

    started = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - started < 30


def test_a_model_that_does_not_answer_is_not_waited_for(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rematch.agents.mini.agent._CANCEL_SECONDS", 0.2)
    asked, answer = threading.Event(), threading.Event()

    class Hanging(ScriptedModel):
        def query(self, messages: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
            asked.set()
            answer.wait(30)
            return super().query(messages)

    sandbox = ProcessSandbox(source)
    agent = MiniAgent(
        MiniConfig(), lambda _: sandbox, model_factory=lambda t, s: Hanging(["touch never"])
    )

    async def main() -> None:
        running = asyncio.create_task(agent.attempt(TASK, context="", iteration=0, index=0))
        await asyncio.get_running_loop().run_in_executor(None, asked.wait)
        box = sandbox.box
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert not box.exists()

    asyncio.run(main())
    answer.set()
    for thread in threading.enumerate():
        if thread.name == "t-t0-00":
            thread.join(10)


def test_errors_of_the_configuration_stop_the_run(source: Path) -> None:
    def factory(task: Task, seed: int) -> ScriptedModel:
        raise UsageError("models.agent: wrong")

    agent = MiniAgent(MiniConfig(), lambda _: ProcessSandbox(source), model_factory=factory)
    with pytest.raises(UsageError, match="wrong"):
        asyncio.run(agent.attempt(TASK, context="", iteration=0, index=0))
    with pytest.raises(AgentError, match="ships no configuration"):
        from rematch.agents.mini.loading import load_templates

        load_templates("nothing")


def test_the_trajectory_file_is_kept_without_keys(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-hidden-away")
    agent, _ = make_agent(source, "echo sk-hidden-away", trajectories=tmp_path / "raw")
    rollout = asyncio.run(agent.attempt(TASK, context="", iteration=0, index=0))
    assert rollout.origin.path == str(tmp_path / "raw" / "t-t0-00.traj.json")
    text = Path(rollout.origin.path).read_text()
    assert "sk-hidden-away" not in text
    assert '"trajectory_format"' in text
    assert hide_secrets("key sk-hidden-away!") == "key [SOME_API_KEY]!"
