"""An HTTP application inside a process that has other work and its own way to stop."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from workers.errors import CommandError

DRAIN_SECONDS = 3
"""How long requests under way may take to end once the process stops."""

_BACKLOG = 128
_LONGEST_HEAD_BYTES = 256 * 1024
"""A query may name a thousand ids."""


class _QuietServer(uvicorn.Server):
    """A server that leaves signals to the process: there they stop everything in order, not the HTTP part alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Take a port at once, 0 for any, so that its number can be told before anything is served on it.

    Raises:
        CommandError: somebody else has it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it.  An answer is written in two parts, head and body: without it the second waits for the
        # caller's acknowledgement of the first, which takes 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        # A second process is refused by a port that is listened on, not by one that is merely bound.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise CommandError(
            f"port {port} on {host} cannot be used ({error.strerror}); choose another with --port, 0 for any"
        ) from None
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket) -> str:
    """Give the URL at which the listener is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(app: ASGIApp, listener: socket.socket, on_stop: Callable[[], None] = lambda: None) -> None:
    """Serve until cancelled, then let requests under way end.  The listener takes connections from before.

    `on_stop` ends requests that would never end by themselves.
    """
    # Logs are set up by the process; uvicorn's own set-up would undo that.
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="auto",
        timeout_graceful_shutdown=DRAIN_SECONDS,
        h11_max_incomplete_event_size=_LONGEST_HEAD_BYTES,
    )
    server = _QuietServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        on_stop()
        server.should_exit = True
        await serving
        raise
