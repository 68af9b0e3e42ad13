"""The only way out to customers: a request reaches the public internet or nobody.

A name is resolved once, every address it has is checked, and the connection goes to a checked address by its number:
a second answer of the name server is never asked for.  Host header, SNI and the name in the certificate stay the
customer's.  No proxy, no redirect, no connection that is kept: what was allowed for one name serves no other.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from domain.addresses import may_be_called
from domain.webhooks import ANSWER_WITHIN
from providers.http import parse_retry_after

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the numeric addresses of a host and port, the best first."""


class ForbiddenAddressError(httpx.RequestError):
    """The URL leads where no customer may send us.  Nothing was sent; the customer must change it."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a request.  Without a status, `problem` says why; it holds nothing of address, body or answer."""

    status: int | None
    retry_after: timedelta | None = None
    problem: str = ""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver, in its order of preference.

    Raises:
        OSError: there is no such host.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects to checked addresses only.  `for_development` allows the own machine and network, and no TLS."""

    def __init__(self, *, for_development: bool, resolve: Resolve = resolve, tls: ssl.SSLContext | None = None) -> None:
        self._for_development = for_development
        self._resolve = resolve
        self._inner = httpx.AsyncHTTPTransport(
            verify=tls or httpx.create_ssl_context(trust_env=False),
            trust_env=False,
            retries=0,
            # Connections are found by their numeric address: one that is kept could serve another customer's name.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to the first checked address that takes the connection.

        Raises:
            ForbiddenAddressError: the URL is not HTTPS, or its host has an address that must not be called.
        """
        host = request.url.raw_host.decode("ascii")
        if request.url.scheme != "https" and not self._for_development:
            raise ForbiddenAddressError("an address without TLS", request=request)
        *others, last = await self._checked(request, host)
        for address in others:
            try:
                return await self._send(request, host, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._send(request, host, last)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()

    async def _checked(self, request: httpx.Request, host: str) -> Sequence[str]:
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError):
            raise httpx.ConnectError("the host has no address", request=request) from None
        # One bad address is enough: a name that is half public is nobody's honest name.
        if not addresses or not all(may_be_called(one, for_development=self._for_development) for one in addresses):
            raise ForbiddenAddressError("an address that is not public", request=request)
        return addresses

    async def _send(self, request: httpx.Request, host: str, address: str) -> httpx.Response:
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await self._inner.handle_async_request(pinned)


class Sender:
    """Posts bodies to customers' addresses and tells of each no more than its status."""

    def __init__(self, transport: httpx.AsyncBaseTransport, *, answer_within: timedelta = ANSWER_WITHIN) -> None:
        self._seconds = answer_within.total_seconds()
        self._client = httpx.AsyncClient(
            transport=transport, timeout=self._seconds, follow_redirects=False, trust_env=False
        )

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Posted:
        """Send one request and wait for the head of its answer; the rest is not read."""
        try:
            # httpx bounds each phase; this bounds their sum.
            async with (
                asyncio.timeout(self._seconds),
                self._client.stream("POST", url, content=content, headers=headers) as answer,
            ):
                wish = parse_retry_after(answer.headers.get("Retry-After"), now=datetime.now(UTC))
                return Posted(answer.status_code, wish, f"answered with status {answer.status_code}")
        except ForbiddenAddressError as error:
            return Posted(None, problem=f"not sent: {error}")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            return Posted(None, problem=f"no answer: {type(error).__name__}")

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()
