"""Requests as our programs send them, over plain HTTP."""

import http.client
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import dspy

from rematch.signatures import CompareRollouts, DistillSummaries, SummarizeRollout, fence
from rematch.testing import Endpoint


@dataclass(frozen=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def texts(self) -> list[str]:
        return [choice["message"]["content"] for choice in self.body["choices"]]


def send(
    endpoint: Endpoint,
    body: bytes,
    path: str = "/v1/chat/completions",
    headers: dict[str, str] | None = None,
    timeout: float = 10,
) -> tuple[int, dict[str, str], bytes]:
    address = urlsplit(endpoint.url)
    connection = http.client.HTTPConnection(
        str(address.hostname), address.port or 0, timeout=timeout
    )
    try:
        connection.request("POST", path, body, headers or {})
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return response.status, names, response.read()
    finally:
        connection.close()


def post(endpoint: Endpoint, body: object, **options: Any) -> Answered:
    status, headers, raw = send(endpoint, json.dumps(body).encode(), **options)
    return Answered(status, headers, json.loads(raw))


def post_all(endpoint: Endpoint, bodies: Sequence[object], workers: int = 8) -> list[Answered]:
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda body: post(endpoint, body), bodies))


def chat(messages: list[dict[str, Any]], **params: Any) -> dict[str, Any]:
    return {"model": "scripted", "messages": messages, **params}


def dspy_body(
    signature: type[dspy.Signature],
    inputs: dict[str, str],
    adapter: dspy.ChatAdapter | None = None,
    demos: Sequence[dict[str, Any]] = (),
    **params: Any,
) -> dict[str, Any]:
    messages = (adapter or dspy.ChatAdapter()).format(signature, list(demos), inputs)
    return chat(messages, **params)


def candidates(*texts: str, word: str = "Candidate") -> str:
    blocks = (f"### {word} {number}\n{fence(text)}" for number, text in enumerate(texts, 1))
    return "\n\n".join(blocks)


def match(*texts: str, task: str = "Repair it.", **params: Any) -> dict[str, Any]:
    """One vote's request."""
    return dspy_body(CompareRollouts, {"task": task, "candidates": candidates(*texts)}, **params)


def rollout(*steps: str, result: str = "submitted", **params: Any) -> dict[str, Any]:
    """One summary's request."""
    shown = "\n\n".join(f"### Step {number}\n{step}" for number, step in enumerate(steps, 1))
    inputs = {"task": "Repair it.", "trajectory": fence(shown), "result": fence(result)}
    return dspy_body(SummarizeRollout, inputs, **params)


def distillation(*summaries: str, **params: Any) -> dict[str, Any]:
    """One distillation's request."""
    inputs = {"task": "Repair it.", "summaries": candidates(*summaries, word="Attempt")}
    return dspy_body(DistillSummaries, inputs, **params)


def winner(text: str) -> int:
    """The verdict that DSPy reads in a reply."""
    return int(dspy.ChatAdapter().parse(CompareRollouts, text)["winner"])
