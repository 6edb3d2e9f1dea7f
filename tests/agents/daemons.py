"""A Docker daemon for tests: docker-py speaks HTTP to it over a socket of its own."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest


class Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Knows images and containers, and remembers what it was asked.

    Attributes:
        images: that are here.
        hub: what pulling an image tells, by `name:tag`; the last event may be an error.
        containers: labels by id.
        deaf: statuses that removing a container answers, by id.
        asked: method and path of each request, without the version and the pings.
    """

    daemon_threads = True
    block_on_close = True

    def __init__(self, path: Path) -> None:
        self.images: set[str] = set()
        self.hub: dict[str, list[dict[str, Any]]] = {}
        self.containers: dict[str, dict[str, str]] = {}
        self.deaf: dict[str, int] = {}
        self.asked: list[str] = []
        super().__init__(str(path), _Handler)

    def count(self, words: str) -> int:
        """How many requests began so."""
        return sum(asked.startswith(words) for asked in self.asked)


class _Handler(BaseHTTPRequestHandler):
    server: Daemon
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "local"

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        path = self._note()
        if path == "/_ping":
            self._answer(200, "OK")
        elif path == "/version":
            self._answer(200, {"ApiVersion": "1.44", "MinAPIVersion": "1.24"})
        elif path.startswith("/images/"):
            name = path.removeprefix("/images/").removesuffix("/json")
            found = name in self.server.images
            self._answer(*((200, {"Id": "sha256:1"}) if found else (404, _told("No such image"))))
        elif path == "/containers/json":
            self._answer(200, [{"Id": name} for name in self.server.containers])
        else:
            name = path.split("/")[2]
            labels = self.server.containers[name]
            self._answer(200, {"Id": name, "Config": {"Labels": labels}})

    def do_POST(self) -> None:
        self._note()
        asked = parse_qs(urlsplit(self.path).query)
        name = f"{asked['fromImage'][0]}:{asked['tag'][0]}"
        events = self.server.hub.get(name)
        if events is None:
            self._answer(404, _told(f"pull access denied for {name}\nask its owner"))
            return
        if not any("error" in event for event in events):
            self.server.images.add(name)
        self._stream(events)

    def do_DELETE(self) -> None:
        name = self._note().split("/")[2]
        status = self.server.deaf.get(name, 204)
        if status == 204:
            del self.server.containers[name]
        self._answer(status, "" if status == 204 else _told("no"))

    def _note(self) -> str:
        path = urlsplit(self.path).path
        if path.startswith("/v1."):
            path = path[path.index("/", 1) :]
        if path not in ("/_ping", "/version"):
            self.server.asked.append(f"{self.command} {path}")
        return path

    def _stream(self, events: list[dict[str, Any]]) -> None:
        """In chunks, one an event, by which docker-py knows a stream."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in [*events, None]:
            data = b"" if event is None else json.dumps(event).encode() + b"\r\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.close_connection = True

    def _answer(self, status: int, body: Any) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.send_response(status)
        if not isinstance(body, str):
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text.encode())))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text.encode())
        self.close_connection = True


def _told(message: str) -> dict[str, str]:
    return {"message": message}


@contextlib.contextmanager
def open_daemon(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A daemon that the environment names. The folder's name must be short, as sockets' are."""
    with Daemon(folder / "d.sock") as daemon:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder / 'd.sock'}")
        thread = threading.Thread(target=lambda: daemon.serve_forever(poll_interval=0.01))
        thread.start()
        try:
            yield daemon
        finally:
            daemon.shutdown()
            thread.join()
