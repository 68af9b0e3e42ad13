"""A customer's webhook receiver: a real HTTP server on loopback that keeps what it gets and answers as it is told."""

import asyncio
import json
import socket
import ssl
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

from tests.waiting import eventually


@dataclass(frozen=True)
class Received:
    """One request, as a receiver's framework hands it over."""

    path: str
    headers: dict[str, str]
    text: str

    @property
    def event(self) -> dict[str, Any]:
        """Parse the body."""
        event: dict[str, Any] = json.loads(self.text)
        return event


@dataclass(frozen=True)
class Reply:
    """How to answer a request.  `hang` never does."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False


class Receiver:
    """Keeps requests by their path.  `replies` are used up one by one, then `always` is."""

    def __init__(self) -> None:
        self.url = ""
        self.got: dict[str, list[Received]] = defaultdict(list)
        self.replies: dict[str, deque[Reply]] = defaultdict(deque)
        self.always: dict[str, Reply] = defaultdict(Reply)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path, content, more = scope["path"], b"", True
        while more:
            message = await receive()
            content, more = content + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.got[path].append(Received(path, headers, content.decode()))
        reply = self.replies[path].popleft() if self.replies[path] else self.always[path]
        if reply.hang:
            await receive()  # until the sender goes away
            return
        answer = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": answer})
        await send({"type": "http.response.body", "body": b""})

    async def until(self, path: str, count: int, *, within: float = 20.0) -> list[Received]:
        """Wait until so many requests came to a path."""

        async def came() -> bool:
            return len(self.got[path]) >= count

        await eventually(came, within=within, what=f"{count} request(s) to {path}, there were {len(self.got[path])}")
        return self.got[path]


@asynccontextmanager
async def receiver(*, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Run a receiver on a free port."""
    app = Receiver()
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    config.load()
    config.ssl = tls
    server = _GuestServer(config)
    listener = socket.create_server((host, 0))
    app.url = f"{'https' if tls else 'http'}://{host}:{listener.getsockname()[1]}"
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield app
    finally:
        server.should_exit = True
        await serving
        listener.close()


class _GuestServer(uvicorn.Server):
    """A server inside the tests' process: the signals are not its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
