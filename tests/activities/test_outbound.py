"""A request goes where its name led when it was checked, and nowhere else; real sockets, an own name server."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from activities.outbound import GuardedTransport, Posted, Resolve, Sender, resolve
from domain.webhooks import ANSWER_WITHIN
from tests.receiver import Receiver, Reply, receiver

NAME = "hooks.example"


class Names:
    """A name server that gives one answer after the other, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def sending(
    names: Resolve,
    *,
    for_development: bool = True,
    answer_within: timedelta = ANSWER_WITHIN,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Sender]:
    transport = GuardedTransport(for_development=for_development, resolve=names, tls=tls)
    sender = Sender(transport, answer_within=answer_within)
    yield sender
    await sender.aclose()


async def post(url: str, names: Resolve, *, for_development: bool = True) -> Posted:
    async with sending(names, for_development=for_development) as sender:
        return await sender.post(url, b"{}", {})


def at_name(app: Receiver, path: str = "/") -> str:
    return app.url.replace("127.0.0.1", NAME) + path


async def test_name_is_kept_and_the_number_is_called() -> None:
    names = Names(["127.0.0.1"])
    async with receiver() as app:
        posted = await post(at_name(app), names)
    assert posted.status == 204
    assert app.got["/"][0].headers["host"] == at_name(app).removeprefix("http://").rstrip("/")
    assert names.asked == [NAME]


async def test_a_second_answer_of_the_name_server_is_never_asked_for() -> None:
    """Rebinding: what is checked is what is called, though the name leads elsewhere a moment later."""
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    async with receiver() as checked, receiver(host="127.0.0.2") as rebound:
        posted = await post(at_name(checked), names)
    assert (posted.status, len(checked.got["/"]), len(rebound.got)) == (204, 1, 0)
    assert names.asked == [NAME]


async def test_rebound_name_is_checked_anew_for_the_next_request() -> None:
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    async with receiver() as app, sending(names) as sender:
        first = await sender.post(at_name(app), b"{}", {})
        second = await sender.post(at_name(app), b"{}", {})
    assert (first.status, second) == (204, Posted(None, problem="not sent: an address that is not public"))


@pytest.mark.parametrize(
    "answer",
    [
        *(["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["10.0.0.5"], ["169.254.169.254"], ["fe80::1%lo"]),
        *(["1.1.1.1", "127.0.0.1"], ["2606:4700::1111", "fd00::1"], []),
    ],
)
async def test_names_that_lead_near_are_not_called(answer: list[str]) -> None:
    async with receiver() as app:
        posted = await post(at_name(app).replace("http:", "https:"), Names(answer), for_development=False)
    assert posted == Posted(None, problem="not sent: an address that is not public")
    assert not app.got


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0", "127.1"],
)
async def test_own_machine_is_not_called_however_it_is_written(host: str) -> None:
    """With the system's own resolver, which reads more numbers than we do."""
    async with receiver() as app:
        url = app.url.replace("http://127.0.0.1", f"https://{host}")
        posted = await post(url, resolve, for_development=False)
    # Some spellings no URL may have, and some machines know no IPv6.
    refused = {"not sent: an address that is not public", "no answer: ConnectError", "no answer: InvalidURL"}
    assert posted.problem in refused
    assert not app.got


async def test_without_tls_nothing_is_sent_but_in_development() -> None:
    posted = await post(f"http://{NAME}/", Names(["1.1.1.1"]), for_development=False)
    assert posted == Posted(None, problem="not sent: an address without TLS")


async def test_next_address_is_called_where_one_refuses() -> None:
    async with receiver() as app:
        assert (await post(at_name(app), Names(["127.0.0.9", "127.0.0.1"]))).status == 204


async def test_unknown_name_is_no_answer() -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    assert await post(f"https://{NAME}/", unknown) == Posted(None, problem="no answer: ConnectError")


async def test_redirect_is_an_answer_and_is_not_followed() -> None:
    async with receiver() as app:
        app.always["/"] = Reply(307, {"Location": app.url + "/elsewhere"})
        posted = await post(at_name(app), Names(["127.0.0.1"]))
    assert posted.status == 307
    assert list(app.got) == ["/"]


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    async with receiver() as app:
        assert (await post(at_name(app), Names(["127.0.0.1"]))).status == 204


async def test_slow_endpoint_is_given_up_in_time() -> None:
    async with receiver() as app, sending(Names(["127.0.0.1"]), answer_within=timedelta(seconds=0.2)) as sender:
        app.always["/"] = Reply(hang=True)
        posted = await sender.post(at_name(app), b"{}", {})
    assert posted.status is None
    assert "Timeout" in posted.problem


async def test_slow_name_server_counts_too() -> None:
    async def stuck(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    async with sending(stuck, answer_within=timedelta(seconds=0.1)) as sender:
        assert await sender.post(f"https://{NAME}/", b"{}", {}) == Posted(None, problem="no answer: TimeoutError")


def test_an_endpoint_has_fifteen_seconds() -> None:
    assert timedelta(seconds=15) == ANSWER_WITHIN


async def test_retry_after_is_read() -> None:
    async with receiver() as app:
        app.always["/"] = Reply(503, {"Retry-After": "120"})
        posted = await post(at_name(app), Names(["127.0.0.1"]))
    assert (posted.status, posted.retry_after) == (503, timedelta(minutes=2))


def certificate_of(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Give a server's context with a certificate for one name, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "both.pem"
    file.write_bytes(private + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=pem.decode())


@pytest.mark.parametrize(("certified", "delivered"), [(NAME, True), ("other.example", False)])
async def test_certificate_must_be_of_the_name_though_the_number_is_called(
    certified: str, delivered: bool, tmp_path: Path
) -> None:
    server, client = certificate_of(certified, tmp_path)
    async with receiver(tls=server) as app, sending(Names(["127.0.0.1"]), tls=client) as sender:
        posted = await sender.post(at_name(app), b"{}", {})
    assert (posted.status == 204, len(app.got) == 1) == (delivered, delivered)


async def test_problems_tell_nothing_of_address_or_answer() -> None:
    async with receiver() as app:
        app.always["/secret-path"] = Reply(500, {"X-Leak": "hunter2"})
        posted = await post(at_name(app, "/secret-path?token=hunter2"), Names(["127.0.0.1"]))
    assert posted.problem == "answered with status 500"


async def test_transport_closes() -> None:
    async with httpx.AsyncClient(transport=GuardedTransport(for_development=True, resolve=Names(["127.0.0.1"]))) as one:
        assert one.is_closed is False
