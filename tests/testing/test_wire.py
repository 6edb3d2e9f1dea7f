import http.client
import json
import socket
import time

import pytest

from rematch.testing import Endpoint
from tests.testing.client import match, post, rollout, send

PAIR = match("quality=0.1", "quality=0.9")


def connect(endpoint: Endpoint) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(endpoint.url.split(":")[2].split("/")[0])))


def events(raw: bytes) -> list[dict[str, object]]:
    lines = [line for line in raw.decode().split("\n\n") if line]
    assert lines.pop() == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def test_a_stream_carries_the_same_reply() -> None:
    plain = rollout("ls", "pytest")
    body = plain | {"stream": True, "stream_options": {"include_usage": True}}
    with Endpoint() as endpoint:
        text = post(endpoint, plain).texts[0]
        _, headers, raw = send(endpoint, json.dumps(body).encode())
    assert headers["content-type"] == "text/event-stream"
    first, last, usage = events(raw)
    assert first["choices"] == [
        {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
    ]
    assert last["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    assert usage["usage"] == {
        "prompt_tokens": endpoint.log[1].usage.input_tokens,
        "completion_tokens": endpoint.log[1].usage.output_tokens,
        "total_tokens": endpoint.log[1].usage.tokens,
    }


def test_one_connection_serves_many_requests() -> None:
    with Endpoint() as endpoint:
        connection = http.client.HTTPConnection(endpoint.url.split("/")[2])
        for _ in range(3):
            connection.request("POST", "/v1/chat/completions", json.dumps(PAIR))
            assert connection.getresponse().read()
        connection.request("GET", "/v1/models")
        assert json.loads(connection.getresponse().read()) == {"object": "list", "data": []}
        connection.request("GET", "/v1/log")
        facts = json.loads(connection.getresponse().read())
        assert [fact["attempt"] for fact in facts] == [0, 1, 2]
        assert facts[0]["usage"] == vars(endpoint.log[0].usage)
        assert "messages" not in facts[0]
        connection.close()


def test_a_chunked_body_is_read() -> None:
    body = json.dumps(PAIR).encode()
    with Endpoint() as endpoint:
        connection = http.client.HTTPConnection(endpoint.url.split("/")[2])
        parts = [body[:100], body[100:]]
        connection.request("POST", "/v1/chat/completions", iter(parts), encode_chunked=True)
        assert connection.getresponse().status == 200
        connection.close()


def test_a_client_may_wait_for_leave_and_ask_to_close() -> None:
    body = json.dumps(PAIR).encode()
    head = (
        "POST /v1/chat/completions?x=1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with Endpoint() as endpoint, connect(endpoint) as client:
        client.sendall(head.encode())
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        received = b""
        while data := client.recv(65536):
            received += data
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "sent", [b"", b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"]
)
def test_a_broken_request_ends_its_connection_only(sent: bytes) -> None:
    with Endpoint() as endpoint:
        with connect(endpoint) as client:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b""
        assert post(endpoint, PAIR).status == 200


def test_a_client_that_hung_up_is_noticed() -> None:
    with Endpoint(latency=lambda request, rng: 0.2) as endpoint:
        with pytest.raises(TimeoutError):
            send(endpoint, json.dumps(PAIR).encode(), timeout=0.05)
        deadline = time.monotonic() + 5
        while not endpoint.log and time.monotonic() < deadline:
            time.sleep(0.01)
    assert endpoint.log[0].client_gone


def test_open_connections_do_not_delay_the_end() -> None:
    began = time.monotonic()
    with Endpoint() as endpoint:
        idle = connect(endpoint)
        assert post(endpoint, PAIR).status == 200
    idle.close()
    assert time.monotonic() - began < 2


def test_long_prompts_pass() -> None:
    body = rollout("x" * 3_000_000, "quality=0.5")
    with Endpoint() as endpoint:
        assert "[quality=0.5]" in post(endpoint, body).texts[0]
    assert endpoint.log[0].message_bytes > 3_000_000
