"""Whoever cannot sign, or signs late or twice, moves nothing: judged by what is written down."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from temporalio.client import Client
from temporalio.service import RPCError

from api.app import create_app
from api.inbound import MAX_BODY_BYTES, WebhookIntake
from store.tables import InboundMessageRow
from tests.house import House, new_ring, open_house
from tests.inbound import Intake, new_secret, open_intake, register, set_secret
from tests.waiting import eventually
from tests.workflows.conftest import time_skipping_server
from workers.codec import KeyRingCodec, data_converter
from workers.lifetime import background
from workers.processes import free_port
from workers.serving import listen, serve
from workflows.contracts import lock_news_workflow_id

MESSAGE = {"event_type": "device.offline", "lock_id": "front-door", "timestamp": "2026-07-01T12:00:00Z"}


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("house")
    keyring = new_ring()
    async with time_skipping_server(keyring) as env, open_house(env, env.client, keyring, folder) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def intake(house: House) -> AsyncIterator[Intake]:
    async with open_intake(house) as opened:
        yield opened


async def is_online(house: House) -> bool:
    return (await house.device("Front Door")).online


WRONG: dict[str, Callable[[], dict[str, Any]]] = {
    "another secret": lambda: {"secret": new_secret()},
    "too old": lambda: {"signed_at": datetime.now(UTC) - timedelta(minutes=6)},
    "from the future": lambda: {"signed_at": datetime.now(UTC) + timedelta(minutes=6)},
    "another instant": lambda: {"webhook_timestamp": str(int(datetime.now(UTC).timestamp()) + 7)},
    "unsigned": lambda: {"webhook_signature": ""},
    "half a signature": lambda: {"webhook_signature": "v1"},
    "no base64": lambda: {"webhook_signature": "v1,%%%"},
    "another scheme": lambda: {"webhook_signature": "v1a,MEUCIQ=="},
    "no instant": lambda: {"webhook_timestamp": "soon"},
    "no number": lambda: {"webhook_timestamp": "nan"},
    "another id": lambda: {"webhook_id": "another"},
    "no id": lambda: {"webhook_id": ""},
    "a long id": lambda: {"webhook_id": "m" * 129},
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_message_that_is_not_signed_well_has_no_effect(house: House, intake: Intake, wrong: str) -> None:
    before = await intake.taken()
    answer = await intake.send(MESSAGE, **WRONG[wrong]())
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "unauthorized"
    assert await intake.taken() == before
    assert await is_online(house)


async def test_a_tampered_body_has_no_effect(house: House, intake: Intake) -> None:
    good = await intake.send({**MESSAGE, "event_type": "bridge.offline"}, message_id="to-be-changed")
    request = good.request
    async with httpx.AsyncClient(trust_env=False) as http:
        changed = request.content.replace(b"bridge", b"device")
        headers = {name: value for name, value in request.headers.items() if name.startswith("webhook-")}
        answer = await http.post(intake.url, content=changed, headers=headers)
    assert answer.status_code == 401
    assert await is_online(house)


async def test_an_account_is_reached_by_its_own_secret_alone(house: House, intake: Intake) -> None:
    base = intake.url.rsplit("/", 1)[0]
    for stranger in (uuid4(), "front-door", "%00"):
        assert (await intake.send(MESSAGE, url=f"{base}/{stranger}")).status_code == 401


async def test_without_a_secret_nothing_is_believed(house: House, intake: Intake) -> None:
    await set_secret(house, house.account_id, None)
    try:
        assert (await intake.send(MESSAGE)).status_code == 401
    finally:
        await set_secret(house, house.account_id, intake.secret)


async def test_a_message_is_taken_once(house: House, intake: Intake) -> None:
    """The same id again, in another signature or with another body, is answered and changes nothing."""
    lock = await house.new_lock(f"Lock {uuid4()}")
    now = datetime.now(UTC)

    def message(kind: str, seconds: int) -> dict[str, Any]:
        return {
            "event_type": kind,
            "lock_id": lock.lock_id,
            "timestamp": (now + timedelta(seconds=seconds)).isoformat(),
        }

    message_id = f"msg_{uuid4().hex}"

    async def taken() -> list[bool]:
        return [True for row in await intake.taken() if row.message_id == message_id]

    async def is_taken() -> bool:
        return await taken() == [True]

    assert (await intake.send(message("device.offline", 0), message_id=message_id)).status_code == 200
    await eventually(is_taken, within=10, what="the message is written down")
    for _ in range(3):
        answer = await intake.send(message("device.online", 9), message_id=message_id)
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
    # A message behind it shows that the repetitions were dealt with.
    last = f"msg_{uuid4().hex}"
    await intake.send({**message("low_battery", 9), "battery_level": 0.2}, message_id=last)

    async def last_is_taken() -> bool:
        return last in {row.message_id for row in await intake.taken()}

    await eventually(last_is_taken, within=10, what="the last message is written down")
    assert await taken() == [True]
    assert not (await house.device(lock.name)).online


async def test_a_message_that_temporal_has_forgotten_is_known_by_its_stored_id(house: House, intake: Intake) -> None:
    message_id, now = f"msg_{uuid4().hex}", datetime.now(UTC)
    async with house.database.write() as session:
        session.add(
            InboundMessageRow(
                account_id=house.account_id,
                message_id=message_id,
                kind="nothing",
                received_at=now - timedelta(days=2),
                expires_at=now + timedelta(days=1),
            )
        )
    assert (await intake.send(MESSAGE, message_id=message_id)).status_code == 200
    handle = house.client.get_workflow_handle(lock_news_workflow_id(house.account_id, message_id))
    with pytest.raises(RPCError, match="not found"):
        await handle.describe()


@pytest.mark.parametrize("message", [[], "text", {}, {"event_type": 7}, {"event_type": "device.online"}, {"a": {}}])
async def test_signed_nonsense_is_written_down_and_believed_in_nothing(intake: Intake, message: Any) -> None:
    message_id = f"msg_{uuid4().hex}"
    assert (await intake.send(message, message_id=message_id)).status_code == 200

    async def kinds() -> bool:
        return [row.kind for row in await intake.taken() if row.message_id == message_id] == ["nothing"]

    await eventually(kinds, within=10, what="the message is written down")


async def test_a_body_is_bounded(intake: Intake) -> None:
    answer = await intake.send({**MESSAGE, "padding": "x" * MAX_BODY_BYTES})
    assert answer.status_code == 413


async def test_a_vendor_tries_again_while_temporal_or_we_are_away(house: House, intake: Intake) -> None:
    """First nobody listens, then Temporal is away, then all is well: the message comes through, once."""
    lock = await house.new_lock(f"Lock {uuid4()}")
    port = free_port("127.0.0.1", 0)
    url = f"http://127.0.0.1:{port}/webhooks/in/{house.account_id}"
    await house.http.delete("/_webhook")
    await register(house, url, intake.secret)

    async def failures() -> int:
        return int((await house.http.get("/_webhook")).json()["failed"])

    before = await failures()
    await house.http.post(f"/_truth/{lock.lock_id}/battery", json={"level": 0.25})

    async def failed_once() -> bool:
        return await failures() > before

    await eventually(failed_once, within=10, what="nobody took the message")
    away = await Client.connect("127.0.0.1:1", lazy=True, data_converter=data_converter(house.keyring))
    listener = listen("127.0.0.1", port)
    door = create_app(
        codec=KeyRingCodec(house.keyring),
        ui_origin=None,
        intake=WebhookIntake(away, house.database, house.keyring, answer_seconds=0.2),
    )
    with capture_logs() as logs:
        async with background(serve(door, listener)):
            answer = await intake.send(MESSAGE, url=url)
    listener.close()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    # The vendor itself may try meanwhile, too.
    assert {entry["event"] for entry in logs if "why" in entry} == {
        "a call was put off: a part that it needs does not answer"
    }

    await register(house, intake.url, intake.secret)

    async def battery() -> bool:
        return bool((await house.device(lock.name)).facts["battery_level"] == 0.25)

    await eventually(battery, within=20, what="the message came through")
    assert len([row for row in await intake.taken() if row.device_id == lock.id]) == 1
