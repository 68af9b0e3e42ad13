"""The only way out to a vendor: one kind of client, one translation of what goes wrong on the wire.

A failed exchange has one of four fates, and the fate alone decides what the caller is told:

    fate         a read (`ask`)            a write (`order`)
    NOT_SENT     RetryLaterError           RetryLaterError           nothing can have been written
    IN_DOUBT     RetryLaterError           `Unknown`                 the order may have been carried out
    SENSELESS    NonsenseError             `Unknown`                 an answer came, and it cannot be understood
    MISDIRECTED  AccountDisconnectedError  AccountDisconnectedError  the account's address is no address

Nothing here is ever repeated: the caller's retry policy is the only one.  No text that leaves this module holds a
body, a header, a URL, or a run of four digits: it goes to logs, histories and people.
"""

import asyncio
import json
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import cache
from typing import Any

import httpx

from providers.base import AccountDisconnectedError, NonsenseError, ProviderError, RetryLaterError, Unknown

EventHooks = Mapping[str, list[Callable[..., Any]]]
"""httpx's `event_hooks`: `request` and `response` callables, for metrics."""

MAX_BODY_BYTES = 1 << 20
"""A full lock lists some 250 codes in about 50 kB; twenty times that is no list of codes."""

MAX_TEXT = 200
"""Characters of an error text: enough for a sentence, too few to smuggle a body."""

MAX_RETRY_AFTER = timedelta(days=1)
"""A vendor who asks for more is asked again tomorrow."""

KEPT_IDLE_SECONDS = 2.0
"""How long a connection without a call is kept.  Many servers hang up after five seconds, uvicorn and Node among them; a
call that leaves just then gets no answer, and a write without one is in doubt."""

_DIGITS = re.compile(r"\d{4,}")


class Fate(StrEnum):
    """What became of an exchange that brought no usable reply; the module's table says what follows."""

    NOT_SENT = "not_sent"
    IN_DOUBT = "in_doubt"
    SENSELESS = "senseless"
    MISDIRECTED = "misdirected"


class OversizeError(Exception):
    """The reply is longer than any honest one.  It is given up unread."""


class NotJSONError(Exception):
    """The reply claims success and is not JSON."""


FATES: Mapping[type[Exception], Fate] = {
    httpx.ConnectError: Fate.NOT_SENT,
    httpx.ConnectTimeout: Fate.NOT_SENT,
    httpx.PoolTimeout: Fate.NOT_SENT,
    httpx.ProxyError: Fate.NOT_SENT,
    # From the first byte on, a part of the request may have been enough for the vendor.
    httpx.HTTPError: Fate.IN_DOUBT,
    httpx.RequestError: Fate.IN_DOUBT,
    httpx.TransportError: Fate.IN_DOUBT,
    httpx.TimeoutException: Fate.IN_DOUBT,
    httpx.ReadTimeout: Fate.IN_DOUBT,
    httpx.WriteTimeout: Fate.IN_DOUBT,
    httpx.NetworkError: Fate.IN_DOUBT,
    httpx.ReadError: Fate.IN_DOUBT,
    httpx.WriteError: Fate.IN_DOUBT,
    httpx.CloseError: Fate.IN_DOUBT,
    httpx.ProtocolError: Fate.IN_DOUBT,
    httpx.LocalProtocolError: Fate.IN_DOUBT,
    httpx.RemoteProtocolError: Fate.IN_DOUBT,
    httpx.StreamError: Fate.IN_DOUBT,
    httpx.StreamClosed: Fate.IN_DOUBT,
    httpx.StreamConsumed: Fate.IN_DOUBT,
    httpx.RequestNotRead: Fate.IN_DOUBT,
    httpx.ResponseNotRead: Fate.IN_DOUBT,
    TimeoutError: Fate.IN_DOUBT,
    OSError: Fate.IN_DOUBT,
    httpx.DecodingError: Fate.SENSELESS,
    httpx.TooManyRedirects: Fate.SENSELESS,
    httpx.HTTPStatusError: Fate.SENSELESS,
    httpx.CookieConflict: Fate.SENSELESS,
    OversizeError: Fate.SENSELESS,
    NotJSONError: Fate.SENSELESS,
    httpx.UnsupportedProtocol: Fate.MISDIRECTED,
    httpx.InvalidURL: Fate.MISDIRECTED,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a status.  `body` is its JSON, None when it is empty or, with an error status, not JSON."""

    status: int
    body: object = None
    retry_after: timedelta | None = None

    @property
    def is_success(self) -> bool:
        """Whether the status is of the 2xx class."""
        return 200 <= self.status < 300

    @property
    def error_code(self) -> str | None:
        """The vendor's own word for the failure, as in `{error_code, message}`; None when it gave none."""
        code = self.body.get("error_code") if isinstance(self.body, dict) else None
        return code if isinstance(code, str) else None


class _ExchangeError(Exception):
    """Carries the fate of a failed exchange from the one place that catches to the two that decide."""

    def __init__(self, fate: Fate, text: str) -> None:
        super().__init__(text)
        self.fate = fate
        self.text = text


class VendorClient:
    """One account's connections to its vendor.  Every call is one exchange, bounded in time and size."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout_seconds: float,
        headers: Mapping[str, str] | None = None,
        event_hooks: EventHooks | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        """`timeout_seconds` bounds each phase of a call and the whole of it; `transport` is for tests."""
        self._timeout_seconds = timeout_seconds
        self._max_body_bytes = max_body_bytes
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})},
            # Connecting gets half, so that "never connected" is told apart from "never answered".
            timeout=httpx.Timeout(timeout_seconds, connect=timeout_seconds / 2, pool=timeout_seconds / 2),
            transport=transport or _transport(),
            follow_redirects=False,
            trust_env=False,
            event_hooks={name: list(hooks) for name, hooks in (event_hooks or {}).items()},
        )

    async def ask(self, path: str) -> Reply:
        """GET: the reply with whatever status it has; a 2xx body is JSON.

        Raises:
            ProviderError: there is no reply, or a 2xx reply that is not JSON.
        """
        try:
            return await self._exchange("GET", path)
        except _ExchangeError as failure:
            error = _READ_ERRORS[failure.fate](failure.text)
        raise error

    async def order(
        self, method: str, path: str, *, idempotency_key: str, body: Mapping[str, object] | None = None
    ) -> Reply | Unknown:
        """A write: the reply with whatever status it has, or `Unknown` when it may have been carried out unseen.

        Raises:
            ProviderError: it was certainly not sent.
        """
        try:
            return await self._exchange(method, path, body, {"Idempotency-Key": idempotency_key})
        except _ExchangeError as failure:
            if failure.fate not in _WRITE_ERRORS:
                return Unknown(failure.text)
            error = _WRITE_ERRORS[failure.fate](failure.text)
        raise error

    async def aclose(self) -> None:
        """Release the connections."""
        await self._client.aclose()

    async def _exchange(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        try:
            # httpx bounds the wait between two bytes; this bounds the sum, which a trickling reply would stretch.
            async with asyncio.timeout(self._timeout_seconds):
                return await self._send(method, path, body, headers)
        except tuple(FATES) as error:
            fate, text = fate_of(error), bounded(f"{method}: {type(error).__name__}")
        # Outside the handler: the foreign exception, which knows the request, must be no context of ours.
        raise _ExchangeError(fate, text)

    async def _send(
        self, method: str, path: str, body: Mapping[str, object] | None, headers: Mapping[str, str] | None
    ) -> Reply:
        async with self._client.stream(method, path, json=body, headers=headers) as response:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                # Not asked for, and a small reply could unfold beyond every bound.
                raise httpx.DecodingError("an encoded reply")
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > self._max_body_bytes:
                    raise OversizeError
            wish = parse_retry_after(response.headers.get("Retry-After"), now=datetime.now(UTC))
            return Reply(response.status_code, _parse(bytes(content), is_success=response.is_success), wish)


_READ_ERRORS: Mapping[Fate, type[ProviderError]] = {
    Fate.NOT_SENT: RetryLaterError,
    Fate.IN_DOUBT: RetryLaterError,
    Fate.SENSELESS: NonsenseError,
    Fate.MISDIRECTED: AccountDisconnectedError,
}

_WRITE_ERRORS: Mapping[Fate, type[ProviderError]] = {
    Fate.NOT_SENT: RetryLaterError,
    Fate.MISDIRECTED: AccountDisconnectedError,
}


def _transport() -> httpx.AsyncHTTPTransport:
    limits = httpx.Limits(keepalive_expiry=KEPT_IDLE_SECONDS)
    return httpx.AsyncHTTPTransport(verify=_tls(), retries=0, trust_env=False, limits=limits)


def fate_of(error: Exception) -> Fate:
    """The fate that the nearest listed ancestor of the exception has."""
    return next(FATES[kind] for kind in type(error).__mro__ if kind in FATES)


def read_error(reply: Reply) -> ProviderError:
    """The error for a read whose status is no success, as far as the status alone tells."""
    text = f"a read was answered with status {reply.status}"
    if reply.status in (401, 403):
        return AccountDisconnectedError(text)
    if reply.status in (408, 425, 429) or reply.status >= 500:
        return RetryLaterError(text, retry_after=reply.retry_after)
    return NonsenseError(text)


def write_failure(reply: Reply) -> Unknown:
    """`Unknown` for a write whose status is no success, unless the status says that nothing was written.

    Raises:
        AccountDisconnectedError: 401 or 403.
        RetryLaterError: 429 or 503, with the vendor's `Retry-After`.
    """
    text = f"a write was answered with status {reply.status}"
    if reply.status in (401, 403):
        raise AccountDisconnectedError(text)
    if reply.status in (429, 503):
        raise RetryLaterError(text, retry_after=reply.retry_after)
    return Unknown(text)


def bounded(text: str) -> str:
    """The text fit for a log: at most `MAX_TEXT` characters, no run of four digits or more."""
    return _DIGITS.sub("[digits]", text)[:MAX_TEXT]


def parse_retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """`Retry-After` in either form, seconds or HTTP date; None when absent or unreadable; never below zero."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        # Compared by length first: a number of a thousand digits is no timedelta.
        return MAX_RETRY_AFTER if len(text) > 6 else min(timedelta(seconds=int(text)), MAX_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(aware - now, timedelta(0)), MAX_RETRY_AFTER)


def _parse(content: bytes, *, is_success: bool) -> object:
    if not content:
        return None
    try:
        parsed: object = json.loads(content)
    except (ValueError, RecursionError):
        # Under an error status the status says enough.
        if is_success:
            raise NotJSONError from None
        return None
    return parsed


@cache
def _tls() -> ssl.SSLContext:
    """One context for all accounts: loading the certificate store takes tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=False)
