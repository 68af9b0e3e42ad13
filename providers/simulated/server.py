"""The cloud on a socket, in the loop that runs already, with connections that can really be cut.

ASGI has no word for "abort the connection": a lost reply would come out as a status 500, which is an answer.  So the
protocol below keeps each peer's transport by the peer's address, and the application aborts it there.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from providers.simulated.app import Address, build_app
from providers.simulated.cloud import LockCloud
from providers.simulated.courier import deliver_news
from providers.simulated.seeds import seeded_locks

GRACE_SECONDS = 1
"""How long answers under way may take at the end: a `slow` one must not hold the process up."""

_LINGER_ZERO = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends a reset instead of a polite end."""


class Connections:
    """The open connections by their peers' addresses."""

    def __init__(self) -> None:
        self._transports: dict[Address, asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """A protocol class that reports here."""
        transports = self._transports

        class TrackedProtocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base
                super().connection_made(transport)
                if self.client is not None:
                    transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    transports.pop(self.client, None)
                super().connection_lost(exc)

        return TrackedProtocol

    def abort(self, peer: Address) -> None:
        """Reset the peer's connection; what it was to be told is lost."""
        transport = self._transports.get(peer)
        if transport is None:
            return
        wire = transport.get_extra_info("socket")
        if wire is not None:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        transport.abort()


class _GuestServer(uvicorn.Server):
    """A server inside somebody else's process: the signals are not its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve(cloud: LockCloud, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve the cloud in the running loop and give its base URL; port 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """
    connections = Connections()
    config = uvicorn.Config(
        build_app(cloud, connections.abort),
        http=connections.protocol(),
        lifespan="off",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _GuestServer(config)
    listener = socket.create_server((host, port))
    # asyncio sets this only on sockets that name TCP themselves; without it each answer waits 40 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    task: asyncio.Task[Any] = asyncio.create_task(server.serve(sockets=[listener]))
    courier = asyncio.create_task(deliver_news(cloud))
    try:
        # The socket listens already, so a caller that is early waits in its queue.
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        courier.cancel()
        server.should_exit = True
        await task
        await asyncio.gather(courier, return_exceptions=True)
        listener.close()


async def run(host: str, port: int, seed: int, ready: Callable[[str], None]) -> None:
    """Serve a seeded cloud until cancelled; `ready` is called once with the base URL."""
    async with serve(LockCloud(seeded_locks(seed), seed=seed), host, port) as url:
        ready(url)
        await asyncio.Event().wait()
