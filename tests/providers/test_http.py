"""The one way out: every failure has a fate, every call a bound, no text a secret."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import httpx
import pytest

import providers.http
from providers.base import (
    AccountDisconnectedError,
    NonsenseError,
    ProviderError,
    RetryLaterError,
    Unknown,
)
from providers.http import (
    FATES,
    MAX_RETRY_AFTER,
    MAX_TEXT,
    Fate,
    Reply,
    VendorClient,
    bounded,
    parse_retry_after,
    read_error,
    write_failure,
)

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
CANARY = "4829150"


def _tree(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)


def _public_exceptions() -> set[type[Exception]]:
    named = (getattr(httpx, name) for name in httpx.__all__)
    roots = [kind for kind in named if isinstance(kind, type) and issubclass(kind, Exception)]
    return {kind for root in roots for kind in _tree(root) if kind.__module__.startswith("httpx")}


def _client(
    handler: Callable[[httpx.Request], httpx.Response], *, max_body_bytes: int = 1000, timeout_seconds: float = 1
) -> VendorClient:
    return VendorClient(
        "http://vendor.invalid",
        timeout_seconds=timeout_seconds,
        transport=httpx.MockTransport(handler),
        max_body_bytes=max_body_bytes,
    )


def _raising(error: Exception) -> VendorClient:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error

    return _client(handler)


@asynccontextmanager
async def _raw_server(*pieces: bytes, pause: float = 0) -> AsyncIterator[str]:
    """A vendor that sends these bytes, whatever it is asked, and then hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def test_every_exception_of_httpx_has_a_fate() -> None:
    """A new httpx with a new exception fails here, not at a guest's door."""
    assert sorted(kind.__name__ for kind in _public_exceptions() - set(FATES)) == []


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (httpx.ConnectError(CANARY), Fate.NOT_SENT),
        (httpx.ConnectTimeout(CANARY), Fate.NOT_SENT),
        (httpx.ReadTimeout(CANARY), Fate.IN_DOUBT),
        (httpx.RemoteProtocolError(CANARY), Fate.IN_DOUBT),
        (OSError(CANARY), Fate.IN_DOUBT),
        (httpx.DecodingError(CANARY), Fate.SENSELESS),
        (httpx.UnsupportedProtocol(CANARY), Fate.MISDIRECTED),
    ],
)
async def test_fate_decides_read_and_write(error: Exception, fate: Fate) -> None:
    """The module's table, row by row, with nothing of the foreign text in what comes out."""
    read: dict[Fate, type[ProviderError]] = {
        Fate.NOT_SENT: RetryLaterError,
        Fate.IN_DOUBT: RetryLaterError,
        Fate.SENSELESS: NonsenseError,
        Fate.MISDIRECTED: AccountDisconnectedError,
    }
    write = {Fate.IN_DOUBT: Unknown, Fate.SENSELESS: Unknown}
    asked = await _outcome(_raising(error).ask("/locks"))
    ordered = await _outcome(_raising(error).order("POST", "/locks", idempotency_key="k", body={"code": CANARY}))
    assert type(asked) is read[fate]
    assert type(ordered) is write.get(fate, read[fate])
    assert CANARY not in repr((asked, ordered))


async def _outcome(call: object) -> object:
    """What the call answers or raises."""
    (outcome,) = await asyncio.gather(call, return_exceptions=True)  # type: ignore[call-overload]
    assert getattr(outcome, "__context__", None) is None
    return outcome


async def test_refused_connection_wrote_nothing() -> None:
    client = VendorClient("http://127.0.0.1:1", timeout_seconds=1)
    with pytest.raises(RetryLaterError):
        await client.order("POST", "/locks", idempotency_key="k")
    await client.aclose()


@pytest.mark.parametrize("body", [b"<html>", b"[" * 900, b'{"a":'])
async def test_success_without_json_is_not_believed(body: bytes) -> None:
    client = _client(lambda _: httpx.Response(200, content=body))
    with pytest.raises(NonsenseError):
        await client.ask("/locks")
    assert isinstance(await client.order("POST", "/locks", idempotency_key="k"), Unknown)


async def test_oversize_reply_is_given_up() -> None:
    client = _client(lambda _: httpx.Response(200, json=["x" * 2000]))
    with pytest.raises(NonsenseError):
        await client.ask("/locks")


async def test_encoded_reply_is_given_up() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
    async with _raw_server(head) as url:
        client = VendorClient(url, timeout_seconds=1)
        with pytest.raises(NonsenseError):
            await client.ask("/")
        await client.aclose()


async def test_trickling_reply_ends_with_the_total_bound() -> None:
    """Each byte comes in time; the whole never would."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    async with _raw_server(head, *[b" "] * 30, pause=0.05) as url:
        client = VendorClient(url, timeout_seconds=0.3)
        began = asyncio.get_running_loop().time()
        assert isinstance(await client.order("POST", "/", idempotency_key="k"), Unknown)
        assert asyncio.get_running_loop().time() - began < 0.8
        await client.aclose()


async def test_reply_cut_mid_body_leaves_a_write_unknown() -> None:
    async with _raw_server(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id"') as url:
        client = VendorClient(url, timeout_seconds=1)
        assert isinstance(await client.order("POST", "/", idempotency_key="k"), Unknown)
        await client.aclose()


@pytest.mark.parametrize(("pause", "connections"), [(0.0, 1), (0.2, 2)])
async def test_idle_connection_is_left_before_the_vendor_leaves_it(
    pause: float, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call on a connection that the vendor is just closing gets no answer."""
    monkeypatch.setattr(providers.http, "KEPT_IDLE_SECONDS", 0.1)
    made = list[str]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append("a connection")
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        client = VendorClient(f"http://{host}:{port}", timeout_seconds=1)
        await client.ask("/locks")
        await asyncio.sleep(pause)
        await client.ask("/locks")
        await client.aclose()
    assert len(made) == connections


async def test_redirect_is_not_followed() -> None:
    client = _client(lambda _: httpx.Response(302, headers={"Location": "http://elsewhere.invalid"}))
    assert (await client.ask("/locks")).status == 302


async def test_cancelling_a_call_is_no_failure_of_the_vendor() -> None:
    """A worker that shuts down must see its own cancellation, not an invented timeout."""

    async def hang(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    client = VendorClient("http://vendor.invalid", timeout_seconds=60, transport=httpx.MockTransport(hang))
    task = asyncio.create_task(client.ask("/locks"))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, AccountDisconnectedError),
        (403, AccountDisconnectedError),
        (429, RetryLaterError),
        (503, RetryLaterError),
        (500, RetryLaterError),
        (502, RetryLaterError),
        (302, NonsenseError),
        (418, NonsenseError),
    ],
)
def test_status_of_a_read_names_who_must_act(status: int, expected: type[ProviderError]) -> None:
    assert type(read_error(Reply(status))) is expected


@pytest.mark.parametrize("status", [302, 400, 409, 500, 502, 504])
def test_other_status_of_a_write_is_unknown(status: int) -> None:
    assert isinstance(write_failure(Reply(status)), Unknown)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("7", timedelta(seconds=7)),
        ("Mon, 01 Mar 2027 12:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 01 Mar 2027 11:00:00 GMT", timedelta(0)),
        ("soon", None),
        ("-5", None),
        ("9" * 400, MAX_RETRY_AFTER),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, expected: timedelta | None) -> None:
    assert parse_retry_after(value, now=NOW) == expected


def test_text_is_bounded_and_without_digits() -> None:
    text = bounded(f"code {CANARY} " + "x" * 1000)
    assert CANARY[:4] not in text
    assert len(text) == MAX_TEXT
