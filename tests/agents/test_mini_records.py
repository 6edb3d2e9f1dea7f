"""What of a mini-SWE-agent run is written down: its end, its cost, no key, no broken text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rematch.agents.mini import MiniAgent, MiniConfig, MiniModelConfig
from rematch.agents.mini.attempt import Job
from rematch.agents.mini.environment import MiniEnvironment
from rematch.agents.mini.loading import load_mini, load_templates
from rematch.agents.mini.models import build_model
from rematch.agents.mini.results import clean_text, read_trajectory, read_usage
from rematch.agents.mini.submissions import narrow_patch, split_patch
from rematch.agents.sandboxes import ProcessSandbox
from rematch.data.records import Ending, Task
from rematch.errors import AgentError, UsageError
from rematch.redaction import hide_secrets
from tests.agents.boxes import SUBMIT


def document(*messages: dict[str, Any], status: str = "Submitted") -> dict[str, Any]:
    return {
        "trajectory_format": "mini-swe-agent-1.1",
        "info": {
            "exit_status": status,
            "submission": "",
            "model_stats": {"api_calls": len(messages), "instance_cost": 0.5},
            "config": {},
        },
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "u"},
            *messages,
        ],
    }


def call(cost: float | None = 0.25, **extra: Any) -> dict[str, Any]:
    more = {"response": {"usage": {"prompt_tokens": 7, "completion_tokens": 3}}, **extra}
    if cost is not None:
        more["cost"] = cost
    return {"role": "assistant", "content": "a", "extra": more}


class ContextWindowExceededError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "ending", "detail"),
    [
        (None, Ending.SUBMITTED, "Submitted"),
        (ContextWindowExceededError("8k"), Ending.LIMIT, "ContextWindowExceededError: 8k"),
        (RuntimeError("a\nb"), Ending.CRASHED, "RuntimeError: a b"),
    ],
)
def test_how_a_run_ended_is_its_error_or_its_own_word(
    error: Exception | None, ending: Ending, detail: str
) -> None:
    found = read_trajectory(document(call()), error, [])
    assert (found.ending, found.ending_detail) == (ending, detail)


def test_incidents_are_told_once_behind_the_error() -> None:
    found = read_trajectory(document(), ValueError("x"), ["over the limit", "over the limit", "y"])
    assert found.ending_detail == "ValueError: x; over the limit; y"
    long = read_trajectory(document(), ValueError("z" * 3_000), [])
    assert len(long.ending_detail) <= 500


def test_costs_add_up_and_one_unknown_price_makes_all_unknown() -> None:
    assert read_usage(document(call(), call()), is_priced=True).cost_usd == pytest.approx(0.5)
    assert read_usage(document(call(), call(0.0)), is_priced=True).cost_usd is None
    assert read_usage(document(call(None)), is_priced=True).cost_usd is None
    assert read_usage(document(call(0.0)), is_priced=False).cost_usd == pytest.approx(0.5)
    plain = {"role": "assistant", "content": "a", "extra": {"cost": 0.0}}
    assert read_usage(document(plain), is_priced=True).cost_usd == pytest.approx(0.5)


JSON = st.recursive(
    st.none() | st.integers() | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(JSON)
def test_any_text_can_be_written_afterwards(value: Any) -> None:
    cleaned = clean_text(value)
    str(cleaned).encode()
    assert clean_text(cleaned) == cleaned
    assert type(cleaned) is type(value)


def test_keys_of_the_environment_stand_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-0123456789")
    monkeypatch.setenv("SHORT_TOKEN", "abc")
    monkeypatch.setenv("PLAIN_NAME", "visible-text")
    told = hide_secrets("sk-0123456789 abc visible-text sk-0123456789")
    assert told == "[SOME_API_KEY] abc visible-text [SOME_API_KEY]"
    error = RuntimeError("wrong key sk-0123456789")
    assert "sk-0" not in read_trajectory(document(), error, []).ending_detail


@pytest.mark.parametrize(
    "extra",
    [
        {"API_Key": "x"},
        {"a": {"b": [{"c": {"my_password": 1}}]}},
        {"headers": [["x"], {"x-auth-token": ""}]},
        {"credentials": None},
    ],
)
def test_what_looks_like_a_secret_is_refused_at_any_depth(extra: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="written into trajectories"):
        MiniModelConfig(model="openai/m", extra=extra)


@pytest.mark.parametrize("extra", [{}, {"budget_tokens": 5}, {"a": [1, "api_key"]}, {"top_k": 1}])
def test_what_does_not_is_passed_on(extra: dict[str, Any]) -> None:
    assert MiniModelConfig(model="openai/m", extra=extra).extra == extra


@pytest.mark.parametrize("model", ["m", "openai/", "/m", "open ai/m", ""])
def test_a_model_has_a_provider_and_a_name(model: str) -> None:
    with pytest.raises(ValidationError):
        MiniModelConfig(model=model)


def test_a_jobs_id_and_prompt() -> None:
    task = Task(id="org__repo-1", problem="Mend it.")
    assert Job(task, "", 1, 7, 0).id == "org__repo-1-t1-07"
    assert Job(task, "", 0, 0, 0).prompt == "Mend it."
    assert Job(task, "Others tried.", 0, 0, 0).prompt == "Mend it.\n\nOthers tried."


def test_a_model_or_what_makes_one_is_given_and_not_both(source: Path) -> None:
    def sandbox(task: Task) -> ProcessSandbox:
        return ProcessSandbox(source)

    with pytest.raises(ValueError, match="either"):
        MiniAgent(MiniConfig(), sandbox)
    with pytest.raises(ValueError, match="either"):
        MiniAgent(
            MiniConfig(),
            sandbox,
            model=MiniModelConfig(model="openai/m"),
            model_factory=lambda task, seed: None,
        )


def test_templates_are_those_that_ship(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mini", "benchmarks/swebench"):
        assert {"system_template", "instance_template"} <= set(load_templates(name)["agent"])
    with pytest.raises(AgentError, match="ships no configuration 'none'"):
        load_templates("none")


def test_a_part_that_is_not_there_says_what_to_install() -> None:
    with pytest.raises(AgentError, match=r"pip install 'mini-swe-agent>=2\.4,<3'"):
        load_mini("no_such_part")
    assert load_mini() is load_mini()


@pytest.mark.parametrize(
    ("model", "marks"),
    [
        ("anthropic/claude-x", "default_end"),
        ("openai/m", None),
        ("bedrock/some-opus", "default_end"),
    ],
)
def test_anthropics_models_get_cache_marks(model: str, marks: str | None) -> None:
    built = build_model(MiniModelConfig(model=model), {}, 0)
    assert built.config.set_cache_control == marks
    without = build_model(MiniModelConfig(model=model, cache_markers=False), {}, 0)
    assert without.config.set_cache_control is None


def test_what_is_not_given_is_not_sent() -> None:
    config = MiniModelConfig(model="openai/m", temperature=None, max_tokens=None, send_seed=False)
    sent = build_model(config, {"model": {"model_kwargs": {"top_p": 0.5}}}, 9).config.model_kwargs
    assert not {"temperature", "max_tokens", "seed", "api_base", "reasoning_effort"} & set(sent)
    assert sent["top_p"] == 0.5
    assert sent["num_retries"] == 0


def test_parameters_that_the_library_refuses_are_one_line() -> None:
    with pytest.raises(UsageError, match=r"models\.agent: openai/m: ") as told:
        build_model(MiniModelConfig(model="openai/m"), {"model": {"observation_template": 3}}, 0)
    assert "\n" not in str(told.value)


def test_an_environment_submits_by_the_first_line_alone(source: Path) -> None:
    with ProcessSandbox(source) as sandbox:
        environment = MiniEnvironment(sandbox)
        result = environment.execute({"command": f"printf 'x\\n'; {SUBMIT}"})
        assert result["returncode"] == 0
        assert environment.execute({})["output"] == ""
        with pytest.raises(load_mini("exceptions").Submitted) as end:
            environment.execute({"command": f"echo; {SUBMIT}; printf 'a\\nb'"})
        assert end.value.messages[0]["extra"] == {"exit_status": "Submitted", "submission": "a\nb"}
        sandbox.cancel()
        with pytest.raises(load_mini("exceptions").InterruptAgentFlow):
            environment.execute({"command": "true"})
    config = environment.serialize()["info"]["config"]["environment"]
    assert config == {"kind": "process", "cwd": environment.config.cwd}


SECTION = "diff --git a/{0} b/{0}\n--- a/{0}\n+++ b/{0}\n@@ -1 +1 @@\n-x\n+y\n"
NAMES = st.lists(
    st.text("abc/ _-.ü", min_size=1, max_size=8).filter(lambda n: n.strip("/ .") == n),
    unique=True,
    max_size=5,
)


@given(NAMES, st.data())
def test_a_patch_is_narrowed_to_the_files_that_are_named(
    names: list[str], data: st.DataObject
) -> None:
    patch = "".join(SECTION.format(name) for name in names)
    assert [name for name, _ in split_patch(patch)] == names
    assert "".join(text for _, text in split_patch(patch)) == patch
    chosen = data.draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    submission = "".join(SECTION.format(name) for name in chosen)
    kept = [name for name, _ in split_patch(narrow_patch(patch, submission))]
    assert kept == [name for name in names if not chosen or name in chosen]


@given(st.text(max_size=80))
def test_any_submission_narrows_to_a_part(submission: str) -> None:
    patch = SECTION.format("a") + SECTION.format("b")
    assert narrow_patch(patch, submission) in {patch, SECTION.format("a"), SECTION.format("b")}
