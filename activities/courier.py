"""The only way out to guests: apprise, with a guard at every connection that it opens.

apprise brings its own libraries, which resolve names and connect by themselves.  So the guard stands where none of them
gets past: Python tells an audit hook of each connection before it is made, by the numeric address to which it goes.
What was checked is what is connected to; a second answer of a name server, a redirect or a proxy is checked like the
rest.  The hook judges only threads that send a message.

apprise's own log lines hold addresses, and at their finest the text with its digits: none is ever written.
"""

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from pydantic import SecretStr

from domain.addresses import may_be_called

ANSWER_WITHIN = timedelta(seconds=45)
"""How long a channel may take: a mail server that greets slowly, and its answer to the text."""

_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_TALKATIVE = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib")


class ForbiddenConnectionError(OSError):
    """The channel leads where no channel may lead.  Nothing was sent; the operator must change it."""


@dataclass(slots=True)
class _Guard:
    """What one sending may connect to, and whether it tried anything else."""

    for_development: bool
    has_refused: bool = False


_GUARD: ContextVar[_Guard | None] = ContextVar("guard of a message", default=None)


class Courier:
    """Sends texts through channels and tells of each no more than what went wrong.

    `for_development` allows the own machine and network.
    """

    def __init__(self, *, for_development: bool, answer_within: timedelta = ANSWER_WITHIN) -> None:
        self._for_development = for_development
        self._seconds = answer_within.total_seconds()

    async def send(self, url: SecretStr, subject: str, body: SecretStr) -> str | None:
        """Send one text; None when the channel took it, else why not, without address, text or credentials.

        A thread that is slower than it may be goes on: what it sends may still arrive.
        """
        guard = _Guard(self._for_development)
        try:
            async with asyncio.timeout(self._seconds):
                is_taken = await asyncio.to_thread(_sent, guard, url, subject, body)
        except TimeoutError:
            return "the channel did not answer in time"
        except Exception as error:  # whatever a service's library throws: its words may hold the text
            return _refused(guard) or f"the channel failed: {type(error).__name__}"
        return None if is_taken else _refused(guard) or "the channel did not take it"


def is_a_channel(url: SecretStr) -> bool:
    """Tell whether apprise understands a URL; nothing is connected to."""
    return _service(url) is not None


def _sent(guard: _Guard, url: SecretStr, subject: str, body: SecretStr) -> bool:
    with _guarded(guard):
        from apprise import NotifyFormat

        service = _service(url)
        if service is None:
            return False
        return bool(service.notify(body=body.get_secret_value(), title=subject, body_format=NotifyFormat.TEXT))


def _service(url: SecretStr) -> Any:
    """Make apprise's object for a URL; None when it is no URL of a service."""
    # Imported late: it takes as long as the rest of a worker's start.
    from apprise import Apprise, AppriseAsset, PersistentStoreMode

    _prepare()
    asset = AppriseAsset(app_id="Latchwork", storage_mode=PersistentStoreMode.MEMORY, secure_logging=True)
    return Apprise.instantiate(url.get_secret_value(), asset=asset, suppress_exceptions=True)


def _refused(guard: _Guard) -> str | None:
    return "not sent: an address that is not public" if guard.has_refused else None


@contextmanager
def _guarded(guard: _Guard) -> Iterator[None]:
    _prepare()
    token = _GUARD.set(guard)
    try:
        yield
    finally:
        _GUARD.reset(token)


@cache
def _prepare() -> None:
    """Put up the guard and silence the libraries, once for the process: an audit hook cannot be taken down."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    sys.addaudithook(_watch)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _CONNECTING:
        return
    guard = _GUARD.get()
    if guard is None:
        return
    address = arguments[1]
    # A path is a socket of this machine, and None a connection that was checked when it was made.
    host = address[0] if isinstance(address, tuple) else "" if address is not None else None
    if host is not None and not may_be_called(str(host), for_development=guard.for_development):
        guard.has_refused = True
        raise ForbiddenConnectionError("an address that is not public")
