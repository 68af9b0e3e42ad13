"""Doors are locked and unlocked over HTTP, judged by the lock's truth; the SDK waits for the end."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from seam.exceptions import SeamActionAttemptFailedError
from seam.seam import Seam

from domain.devices import Capabilities
from store import leases
from store.tables import DeviceRow
from tests.api.door import Door
from tests.waiting import eventually


@pytest.fixture
def sdk(door: Door) -> Iterator[Seam]:
    with Seam(api_key=door.key, endpoint=door.url) as client:
        yield client


def is_locked(door: Door, lock: DeviceRow) -> bool | None:
    return door.house.cloud.lock(lock.lock_id).facts.locked


async def moved(sdk: Seam, device_id: str, *, locked: bool) -> Any:
    """Move a door and wait, as the SDK does."""
    act = sdk.locks.lock_door if locked else sdk.locks.unlock_door
    return await asyncio.to_thread(act, device_id=device_id, wait_for_action_attempt={"timeout": 25.0})


async def ended(door: Door, attempt_id: str) -> Any:
    """Wait until an attempt is not pending any more."""
    found: dict[str, Any] = {}

    async def is_over() -> bool:
        found.update((await door.asked("/action_attempts/get", action_attempt_id=attempt_id))["action_attempt"])
        return bool(found["status"] != "pending")

    await eventually(is_over, within=25, what="the attempt ends")
    return found


async def test_sdk_unlocks_and_locks_and_waits(door: Door, sdk: Seam) -> None:
    lock = await door.lock()
    device = (await door.asked("/devices/get", device_id=str(lock.id)))["device"]
    assert (device["can_remotely_lock"], device["can_remotely_unlock"]) == (True, True)
    attempts = {}
    for locked, action in ((False, "UNLOCK_DOOR"), (True, "LOCK_DOOR"), (False, "UNLOCK_DOOR")):
        attempt = await moved(sdk, str(lock.id), locked=locked)
        assert (attempt.status, attempt.action_type) == ("success", action)
        assert attempt.result.was_confirmed_by_device is True
        assert is_locked(door, lock) is locked
        shown = (await door.asked("/devices/get", device_id=str(lock.id)))["device"]
        assert shown["properties"]["locked"] is locked
        attempts[attempt.action_attempt_id] = f"lock.{'locked' if locked else 'unlocked'}"
    told = (await door.asked("/events/list", device_id=str(lock.id)))["events"]
    doors = [event for event in told if event["event_type"].startswith("lock.")]
    assert {event["action_attempt_id"]: event["event_type"] for event in doors} == attempts
    assert {event["method"] for event in doors} == {"remote"}
    assert len(doors) == 3


async def test_sdk_raises_when_the_lock_refuses(door: Door, sdk: Seam) -> None:
    lock = await door.lock()
    await door.house.fault(lock, "jammed")
    with pytest.raises(SeamActionAttemptFailedError, match="jammed") as refused:
        await moved(sdk, str(lock.id), locked=False)
    assert refused.value.code == "lock_refused"
    assert is_locked(door, lock) is True
    told = (await door.asked("/events/list", device_id=str(lock.id)))["events"]
    assert not [event for event in told if event["event_type"].startswith("lock.")]


async def test_lock_that_cannot_is_refused_by_type(door: Door) -> None:
    lock = await door.house.new_lock(f"Still {uuid4()}", capabilities=Capabilities(can_remotely_lock=True))
    refusal = await door.refused("/locks/unlock_door", device_id=str(lock.id))
    assert refusal == (400, "action_not_supported_by_device")
    assert (await door.asked("/locks/lock_door", device_id=str(lock.id)))["action_attempt"]["status"] == "pending"


@pytest.mark.parametrize("fault", ["lying_success", "lost_reply", "offline", "malformed"])
async def test_only_a_door_that_was_seen_to_move_is_a_success(door: Door, fault: str) -> None:
    lock = await door.lock()
    await door.house.fault(lock, fault, on="move", count=2)
    begun = (await door.asked("/locks/unlock_door", device_id=str(lock.id)))["action_attempt"]
    assert (begun["status"], begun["result"], begun["error"]) == ("pending", None, None)
    assert (await ended(door, begun["action_attempt_id"]))["status"] == "success"
    assert is_locked(door, lock) is False
    told = await door.asked("/events/list", device_id=str(lock.id), event_type="lock.unlocked")
    assert len(told["events"]) == 1


async def test_repeated_request_moves_the_door_once(door: Door) -> None:
    lock = await door.lock()
    headers = {"idempotency-key": str(uuid4())}
    body = {"device_id": str(lock.id)}
    first, second = [await door.http.post("/locks/unlock_door", json=body, headers=headers) for _ in range(2)]
    attempt_id = first.json()["action_attempt"]["action_attempt_id"]
    assert second.json()["action_attempt"]["action_attempt_id"] == attempt_id
    await ended(door, attempt_id)
    assert [call["operation"] for call in await door.house.calls(lock)] == ["move", "describe"]


async def test_door_waits_for_its_lock_s_turn(door: Door) -> None:
    lock = await door.lock()
    database, now = door.house.database, datetime.now(UTC)
    async with database.write() as session:
        lease = await leases.acquire(
            session, lock.id, "a code", now=now, duration=timedelta(minutes=1), min_gap=timedelta(0)
        )

    async def asked() -> bool:
        return bool(await door.house.calls(lock))

    begun = (await door.asked("/locks/unlock_door", device_id=str(lock.id)))["action_attempt"]
    with pytest.raises(AssertionError, match="not within"):
        await eventually(asked, within=2.5, what="the lock is asked")
    async with database.write() as session:
        await leases.release(session, lease, wrote=True, now=datetime.now(UTC))
    assert (await ended(door, begun["action_attempt_id"]))["status"] == "success"
