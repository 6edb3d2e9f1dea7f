"""Where a model's calls go, with whose key and which parameters; nothing else may know the key."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import Any

import dspy
import pytest

from rematch.errors import UsageError
from rematch.runs.metering import Meter
from rematch.runs.models import ModelConfig, build_lm, find_window
from rematch.runs.routes import find_route, resolve_natively, split_extra
from rematch.testing import Endpoint, key_hash
from tests.programs.serving import make_pool, play, serve_lm

SECRET = "sk-very-secret-1234"
NATIVE = ("openai/m", "hosted_vllm/m", "openrouter/a/m", "ollama_chat/m", "moonshot/m")


def ask(lm: dspy.LM) -> None:
    assert play(lm, make_pool(2), votes=1).survivors == ("r0",)


@pytest.mark.parametrize("model", NATIVE)
def test_a_local_server_needs_no_key(model: str) -> None:
    assert resolve_natively(model) is not None
    with Endpoint() as endpoint:
        ask(serve_lm(endpoint, model=model))
        (call,) = endpoint.log
    assert call.model == model.partition("/")[2]
    assert "litellm" not in call.headers["user-agent"]


@pytest.mark.parametrize(
    ("model", "variable"),
    [
        ("openai/m", "OPENAI_API_KEY"),
        ("hosted_vllm/m", "HOSTED_VLLM_API_KEY"),
        ("moonshot/m", "MOONSHOT_API_KEY"),
        ("moonshot/m", "MOONSHOTAI_API_KEY"),
        ("openrouter/m", "OPENROUTER_API_KEY"),
    ],
)
def test_a_key_is_read_from_the_environment_and_shows_nowhere(
    model: str, variable: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(variable, SECRET)
    caplog.set_level(logging.DEBUG)
    with Endpoint() as endpoint:
        lm = serve_lm(endpoint, model=model)
        ask(lm)
        (call,) = endpoint.log
        route = find_route("judge", model, endpoint.url, 10, {})
    assert call.key_hash == key_hash(SECRET)
    shown = [repr(lm), str(vars(lm)), repr(lm.engine), repr(route)]
    assert not any(SECRET in text for text in (*shown, caplog.text))


def test_a_key_is_read_when_a_request_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTED_VLLM_API_KEY", "first")
    with Endpoint() as endpoint:
        lm = serve_lm(endpoint, model="hosted_vllm/m")
        monkeypatch.setenv("HOSTED_VLLM_API_KEY", "second")
        ask(lm)
        assert endpoint.log[0].key_hash == key_hash("second")


def test_an_address_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint() as named, Endpoint() as given:
        monkeypatch.setenv("OPENAI_API_BASE", named.url)
        ask(build_lm("judge", ModelConfig(model="openai/m"), Meter()))
        ask(serve_lm(given, model="openai/m"))
        assert (len(named.log), len(given.log)) == (1, 1)


@pytest.mark.parametrize(
    ("extra", "sent"),
    [
        ({"seed": 7, "top_p": 0.5}, {"seed": 7, "top_p": 0.5}),
        ({"min_p": 0.1}, {"min_p": 0.1}),
        ({"extra_body": {"provider": {"order": ["x"]}}}, {"provider": {"order": ["x"]}}),
    ],
)
def test_further_parameters_are_passed_on(extra: dict[str, Any], sent: dict[str, Any]) -> None:
    with Endpoint() as endpoint:
        ask(serve_lm(endpoint, extra=extra))
        params = dict(endpoint.log[0].params)
    assert {name: params[name] for name in sent} == sent
    assert params.keys() - sent == {"temperature", "max_completion_tokens"}


def test_what_sets_up_the_connection_is_no_parameter() -> None:
    for name in ("api_key", "headers", "base_url"):
        with pytest.raises(ValueError, match=f"extra.{name} sets up the connection"):
            split_extra({name: "x"})


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"model": "nosuch/m"}, "models.judge: nosuch/m: unknown provider"),
        ({"model": "openai/gpt-5", "max_tokens": 900}, "max_tokens >= 16000"),
        ({"model": "openai/m", "extra": {"api_key": SECRET}}, "environment variables"),
    ],
)
def test_a_model_that_cannot_be_used_is_said_so_in_one_line(
    config: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError) as refused:
        build_lm("judge", ModelConfig(**config), Meter())
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("model", ["gpt", "/m", "openai/", "open ai/m", "openai/m x"])
def test_a_model_is_written_provider_and_name(model: str) -> None:
    with pytest.raises(ValueError, match="String should match pattern"):
        ModelConfig(model=model)


def test_a_known_models_window_is_known() -> None:
    assert (find_window("openai/gpt-4o-mini") or 0) >= 100_000
    assert find_window("openai/no-such-model") is None


def test_programs_import_neither_litellm_nor_what_runs_need() -> None:
    code = (
        "import rematch.programs, sys; "
        "print([m for m in ('litellm', 'datasets', 'rematch.runs', 'rematch.grading') "
        "if m in sys.modules])"
    )
    env = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
