"""What is true of the application whatever is asked: envelopes, verbs, ids, and what takes no key."""

import asyncio
from unittest.mock import Mock

import httpx
import pytest
from fastapi import Request, Response

from api.app import create_app
from api.http import endpoint
from api.http.endpoint import Endpoint
from api.http.reading import MAX_BODY_BYTES, MAX_DEPTH
from tests.api.door import Door
from workers.codec import KeyRingCodec

UI = "http://127.0.0.1:8233"


async def test_health_needs_no_key(door: Door) -> None:
    async with httpx.AsyncClient(base_url=door.url, trust_env=False) as http:
        assert (await http.get("/health")).json()["ok"] is True
        statuses = (await http.post("/health/get_health")).json()["service_health_statuses"]
    assert {status["service"]: status["status"] for status in statuses} == {
        "database": "healthy",
        "temporal": "healthy",
    }


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer seam_lw000000000000_x", "Basic abc", "Bearer ä"])
async def test_unknown_key_is_unauthorized(door: Door, authorization: str | None) -> None:
    headers = {} if authorization is None else {b"authorization": authorization.encode()}
    async with httpx.AsyncClient(base_url=door.url, trust_env=False) as http:
        answer = await http.get("/devices/list", headers=headers)
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "unauthorized")
    assert answer.headers["seam-request-id"]


async def test_answers_have_request_ids_of_their_own(door: Door) -> None:
    answers = [await door.http.get(path) for path in ("/devices/list", "/devices/list", "/no/such/path")]
    assert len({answer.headers["seam-request-id"] for answer in answers}) == 3
    assert (answers[2].status_code, answers[2].json()["error"]["type"]) == (404, "not_found")


async def test_other_verbs_are_refused_with_those_that_are_taken(door: Door) -> None:
    answer = await door.http.put("/access_codes/create", json={})
    assert (answer.status_code, answer.json()["error"]["type"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
    assert (await door.http.patch("/devices/list")).headers["allow"] == "GET, POST"


async def test_parameters_that_break_rules_are_named(door: Door) -> None:
    answer = await door.call("/access_codes/create", device_id="no id", ends_at="tomorrow", end_at=None)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_input")
    assert set(error["validation_errors"]) == {"_errors", "device_id", "ends_at", "end_at"}
    assert all(error["validation_errors"][name]["_errors"] for name in ("device_id", "ends_at", "end_at"))


async def test_errors_never_repeat_digits(door: Door) -> None:
    answer = await door.call("/access_codes/create", device_id="914275", code="914275x", **{"914275": "914275"})
    assert answer.status_code == 400
    assert "914275" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"7",
        b'"text"',
        b"\xff",
        b'{"device_id": NaN}',
        b"[" * (MAX_DEPTH * 10_000),
        b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
        b'{"name": "' + b"a" * MAX_BODY_BYTES + b'"}',
        b'{"device_id": ' + b"9" * 5000 + b"}",
    ],
    ids=["cut", "list", "number", "text", "bytes", "nan", "deep list", "deep object", "large", "huge number"],
)
async def test_bodies_that_are_none_are_invalid_input(door: Door, body: bytes) -> None:
    answer = await door.http.post("/access_codes/create", content=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_input")
    assert "validation_errors" in answer.json()["error"]


async def test_browsers_may_ask_what_they_may_send(door: Door) -> None:
    answer = await door.http.options("/access_codes/list")
    assert answer.status_code == 204
    assert "client-session-token" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_without_a_ui_there_is_no_codec(door: Door) -> None:
    for path in ("/codec/encode", "/codec/decode"):
        assert (await door.http.post(path, content=b"{}", headers={"origin": UI})).status_code == 404


async def test_codec_answers_its_origin_alone_beside_the_api(door: Door) -> None:
    app = create_app(services=door.services, codec=KeyRingCodec(door.house.keyring), ui_origin=UI)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as http:
        refused = await http.options("/codec/decode", headers={"origin": "http://elsewhere"})
        allowed = await http.options("/codec/decode", headers={"origin": UI})
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers
    assert allowed.headers["access-control-allow-origin"] == UI


async def test_defect_is_told_without_its_words(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: Endpoint, *_: object) -> None:
        raise RuntimeError("secret 4711")

    monkeypatch.setattr(Endpoint, "_carried_out", broken)
    answer = await door.http.get("/devices/list")
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "internal_server_error")
    assert "4711" not in answer.text


async def test_caller_who_hangs_up_is_no_defect(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Browsers hang up when a page is left; what the log calls a defect must be one."""
    defects, answered = list[str](), asyncio.Event()
    monkeypatch.setattr(endpoint, "_LOG", Mock(error=lambda said, **_: defects.append(said)))
    respond = Endpoint._respond

    async def noted(self: Endpoint, request: Request) -> Response:
        try:
            return await respond(self, request)
        finally:
            answered.set()

    monkeypatch.setattr(Endpoint, "_respond", noted)
    host, port = door.url.removeprefix("http://").split(":")
    _, wire = await asyncio.open_connection(host, int(port))
    head = f"POST /devices/list HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {door.key}\r\ncontent-length: 100\r\n\r\n"
    wire.write(head.encode() + b"{")
    await wire.drain()
    wire.close()
    await asyncio.wait_for(answered.wait(), 10)
    assert defects == []
