"""The offline repairer behind mini-SWE-agent's Model protocol (release 2)."""

from __future__ import annotations

import time
from typing import Any, NoReturn

from rematch.agents.repairer.bench import Output, Turn, Work
from rematch.agents.repairer.config import RepairerConfig
from rematch.agents.repairer.context import read_priors, split_prompt
from rematch.agents.repairer.plan import Assignment, Surrender, repair
from rematch.data.records import Task
from rematch.seeds import derive_random

GAVE_UP = "GaveUp"
"""The exit status of a rollout that ends without a submission."""


class OfflineRepairer:
    """Repairs Python programs without a language model; one object serves one rollout.

    It reads its refinement context from the first prompt. The same task, prompt, seed and
    command outputs give the same messages and commands, byte for byte.

    Args:
        issue: the problem, as the task states it; "" takes the prompt before the context.
        seed: of this rollout.
        config: limits and habits.
    """

    def __init__(self, issue: str, seed: int, config: RepairerConfig | None = None) -> None:
        self.config = config or RepairerConfig()
        self._issue = issue
        self._seed = seed
        self._work: Work[Surrender] | None = None

    def query(self, messages: list[dict[str, Any]], **kwargs: Any) -> dict[str, Any]:
        """The next message and its command.

        Raises:
            InterruptAgentFlow: mini-SWE-agent's signal; the repairer gives up.
        """
        try:
            if self._work is None:
                self._work = repair(self._read(messages))
                turn = next(self._work)
            else:
                turn = self._work.send(read_output(messages[-1]))
        except StopIteration as end:
            self._give_up(end.value)
        return _write_message(turn)

    def format_message(self, **kwargs: Any) -> dict[str, Any]:
        """A chat message as the agent keeps it."""
        return kwargs

    def format_observation_messages(
        self,
        message: dict[str, Any],
        outputs: list[dict[str, Any]],
        template_vars: dict[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """What commands gave back, in mini-SWE-agent's usual form."""
        return [_write_observation(output) for output in outputs]

    def get_template_vars(self, **kwargs: Any) -> dict[str, Any]:
        """What prompt templates may use."""
        return self.config.model_dump()

    def serialize(self) -> dict[str, Any]:
        """What the trajectory says of its model."""
        settings = {**self.config.model_dump(mode="json"), "seed": self._seed}
        kind = f"{type(self).__module__}.{type(self).__name__}"
        return {"info": {"config": {"model": settings, "model_type": kind}}}

    def _read(self, messages: list[dict[str, Any]]) -> Assignment:
        prompts = [m.get("content") for m in messages if m.get("role") == "user"]
        before, context = split_prompt(str(prompts[0]) if prompts else "")
        return Assignment(
            issue=self._issue or before,
            priors=read_priors(context),
            rng=derive_random(self._seed, "offline-repairer"),
            config=self.config,
        )

    def _give_up(self, end: Surrender) -> NoReturn:
        from minisweagent.exceptions import InterruptAgentFlow  # heavy, and loaded by then

        text = f"{end.last_words}\nI give up: {end.reason}.".lstrip()
        said = {"role": "assistant", "content": text, "extra": {"actions": [], "cost": 0.0}}
        extra = {"exit_status": GAVE_UP, "submission": "", "exception_str": end.reason}
        raise InterruptAgentFlow(said, {"role": "exit", "content": text, "extra": extra})


def make_repairer(task: Task, seed: int, config: RepairerConfig | None = None) -> OfflineRepairer:
    """The model of one rollout: the factory that the mini-SWE-agent adapter takes."""
    return OfflineRepairer(task.problem, seed, config)


def read_output(message: dict[str, Any]) -> Output:
    """A command's output and exit code out of an observation."""
    extra = message.get("extra") or {}
    text, code = extra.get("raw_output"), extra.get("returncode")
    return Output(
        text=text if isinstance(text, str) else str(message.get("content") or ""),
        exit_code=code if isinstance(code, int) else None,
    )


def _write_message(turn: Turn) -> dict[str, Any]:
    actions = [{"command": turn.command}]
    return {
        "role": "assistant",
        "content": turn.text,
        "extra": {"actions": actions, "cost": 0.0, "timestamp": time.time()},
    }


def _write_observation(output: dict[str, Any]) -> dict[str, Any]:
    text = str(output.get("output") or "")
    exception = output.get("exception_info") or ""
    told = f"<exception>{exception}</exception>\n" if exception else ""
    told += f"<returncode>{output.get('returncode')}</returncode>\n"
    return {
        "role": "user",
        "content": f"{told}<output>\n{text}</output>",
        "extra": {
            "raw_output": text,
            "returncode": output.get("returncode"),
            "timestamp": time.time(),
            "exception_info": exception,
            **(output.get("extra") or {}),
        },
    }
