"""The Temporal UI's pages can decode payloads here; nobody who says less than its exact origin can."""

import base64
import json
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from fastapi import FastAPI
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

from api.codec import MAX_BODY_BYTES, codec_router
from store.keyring import Purpose, UnknownKeyError

UI = "http://127.0.0.1:8233"
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"hello"')


class ReversingCodec(PayloadCodec):
    """Turns data round, and has lost the key of whatever starts with "lost"."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [Payload(metadata=payload.metadata, data=payload.data[::-1]) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        if any(payload.data.startswith(b"lost") for payload in payloads):
            raise UnknownKeyError(Purpose.CODEC, "k9")
        return await self.encode(payloads)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(codec_router(ReversingCodec(), UI))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        yield client


def body(*payloads: Payload) -> bytes:
    return json_format.MessageToJson(Payloads(payloads=payloads)).encode()


async def test_payloads_go_through_the_codec_and_back(client: httpx.AsyncClient) -> None:
    encoded = await client.post("/codec/encode", content=body(PLAIN, PLAIN), headers={"origin": UI})
    assert encoded.status_code == 200
    assert encoded.headers["content-type"] == "application/json"
    first = encoded.json()["payloads"][0]
    assert base64.b64decode(first["data"]) == b'"olleh"'

    decoded = await client.post("/codec/decode", content=encoded.content, headers={"origin": UI})
    assert list(json_format.Parse(decoded.content, Payloads()).payloads) == [PLAIN, PLAIN]


async def test_answer_may_be_read_by_the_ui_alone(client: httpx.AsyncClient) -> None:
    answer = await client.post("/codec/decode", content=body(PLAIN), headers={"origin": UI})
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/codec/encode", "/codec/decode"])
@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "*",
        "http://127.0.0.1:8234",
        "https://127.0.0.1:8233",
        "http://127.0.0.1:82330",
        "http://127.0.0.1",
        "http://localhost:8233",
        "http://127.0.0.1:8233/",
        "http://127.0.0.1:8233.example.com",
        "HTTP://127.0.0.1:8233",
    ],
)
async def test_other_origins_are_refused(client: httpx.AsyncClient, method: str, path: str, origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    answer = await client.request(method, path, content=body(PLAIN), headers=headers)
    assert answer.status_code == 403
    assert answer.json() == {"detail": "the codec answers the Temporal UI's origin only"}
    assert "\n" not in answer.text
    assert "access-control-allow-origin" not in answer.headers


async def test_two_origins_are_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/codec/decode", content=body(PLAIN), headers=[("origin", UI), ("origin", "http://evil.example")]
    )
    assert answer.status_code == 403


async def test_preflight_allows_what_the_ui_sends(client: httpx.AsyncClient) -> None:
    asked = {"origin": UI, "access-control-request-method": "POST", "access-control-request-headers": "x-namespace"}
    answer = await client.options("/codec/decode", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert answer.headers["access-control-allow-headers"] == "content-type,x-namespace,authorization"


MALFORMED = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"7",
    b'{"payloads": 7}',
    b'{"payloads": [7]}',
    b'{"payloads": [null]}',
    b'{"payloads": {"metadata": 7}}',
    b'{"payloads": [{"metadata": [7]}]}',
    b'{"payloads": [{"metadata": {"a": 7}}]}',
    b'{"payloads": [{"data": {}}]}',
    b'{"guest": "7391846"}',
    b"\xff\xfe",
    b"[" * 100_000,
)


@pytest.mark.parametrize("content", MALFORMED, ids=range(len(MALFORMED)))
async def test_malformed_body_is_refused_without_repeating_it(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/codec/decode", content=content, headers={"origin": UI})
    assert answer.status_code == 400
    assert answer.json() == {"detail": "the body is no Payloads message in protobuf JSON"}


async def test_body_is_bounded_whatever_length_it_claims(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * (MAX_BODY_BYTES // 4)

    answer = await client.post("/codec/decode", content=endless(), headers={"origin": UI})
    assert answer.status_code == 413


async def test_missing_key_is_told_to_the_ui(client: httpx.AsyncClient) -> None:
    answer = await client.post("/codec/decode", content=body(Payload(data=b"lost")), headers={"origin": UI})
    assert answer.status_code == 422
    assert answer.json() == {"detail": "no codec key 'k9' in the key ring"}
    assert answer.headers["access-control-allow-origin"] == UI


async def test_codec_is_no_part_of_the_published_api(client: httpx.AsyncClient) -> None:
    assert "codec" not in json.dumps((await client.get("/openapi.json")).json())
