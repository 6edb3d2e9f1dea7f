"""An HTTP server in a background thread, on asyncio streams."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rematch.testing.wire import HttpRequest, read_request

HOST = "127.0.0.1"


class Peer:
    """The client at the other end of a connection."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    @property
    def gone(self) -> bool:
        """Whether it has hung up."""
        return self._reader.at_eof()

    async def wait_until_gone(self, seconds: float) -> None:
        """Wait until it hangs up, at most so long."""
        try:
            await asyncio.wait_for(self._reader.read(1), seconds)
        except (TimeoutError, ConnectionError):
            return


@dataclass(frozen=True)
class Outgoing:
    """Bytes to send; `cut` breaks the connection off behind them."""

    data: bytes
    cut: bool = False


Handler = Callable[[HttpRequest, Peer], Awaitable[Outgoing]]


class Server:
    """Serves a handler from a thread of its own. `port` is known after `start`."""

    def __init__(self, handler: Handler, port: int = 0) -> None:
        self.port = port
        self._handler = handler
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def open_connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def start(self) -> None:
        """Start to serve.

        Raises:
            OSError: when the port is taken.
        """
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="scripted-endpoint", daemon=True
        )
        self._thread.start()
        self._ready.wait()
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """Close all connections and end the thread."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            server = await asyncio.start_server(
                self._connect, HOST, self.port, limit=1 << 20, backlog=2048
            )
            self.port = server.sockets[0].getsockname()[1]
        except OSError as error:
            self._failure = error
            return
        finally:
            self._ready.set()
        await self._stopping.wait()
        server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await server.wait_closed()

    def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._converse(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader)
        try:
            while (http := await read_request(reader, writer)) is not None:
                outgoing = await self._handler(http, peer)
                writer.write(outgoing.data)
                await writer.drain()
                if outgoing.cut or http.headers.get("connection", "").lower() == "close":
                    break
        except ConnectionError:
            pass
        finally:
            writer.close()
