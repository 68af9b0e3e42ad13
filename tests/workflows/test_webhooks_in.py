"""Codes whose lock's vendor tells us things, judged by the lock's truth: what is told saves calls and never misleads."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlmodel import col, select

from activities.hearing import LOOKS_AFTER_SECONDS
from store import devices
from store.tables import AttemptRow, DeviceRow
from tests.histories.payloads import decoded_text
from tests.house import House, Life
from tests.inbound import Intake, open_intake, set_secret
from tests.waiting import eventually
from workers.codec import KeyRingCodec
from workflows.contracts import lock_news_workflow_id

SOON = timedelta(seconds=5)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def intake(house: House) -> AsyncIterator[Intake]:
    async with open_intake(house) as opened:
        yield opened


async def operations(house: House, lock: DeviceRow) -> list[str]:
    return [call["operation"] for call in await house.calls(lock)]


async def set_life(house: House, lock: DeviceRow, **wish: Any) -> Life:
    """A code that was just put on its lock."""
    life = await house.start(await house.request(lock, **wish))
    await house.pass_time(until=life.starts_at + SOON)
    assert await house.opens(lock, await life.pin())
    assert "set_on_device" in await life.events()
    return life


async def test_the_locks_own_word_saves_the_read_and_removal_is_read(house: House, intake: Intake) -> None:
    lock = await intake.telling_lock()
    life = await set_life(house, lock)
    assert await operations(house, lock) == ["program"]
    assert await life.attempts() == [("program", "accepted"), ("hear", "known")]
    await life.end()
    assert await house.truth(lock) == []
    assert await operations(house, lock) == ["program", "remove", "read"]
    assert await life.events() == ["created", "set_on_device", "removed_from_device"]


async def test_what_somebody_does_at_a_lock_that_tells_is_found_at_once(house: House, intake: Intake) -> None:
    """Nothing is believed from the word: the lock is read, and the code's workflow looks for itself."""
    lock = await intake.telling_lock()
    life = await set_life(house, lock, lasts=timedelta(days=3))
    before = len(await operations(house, lock))
    await house.keypad(lock, 9, "48071593")
    await house.keypad(lock, 1, None)

    async def is_back() -> bool:
        await house.pass_time(until=await house.now() + timedelta(seconds=1))
        return await house.opens(lock, await life.pin())

    await eventually(is_back, within=20, what="the code is back")
    assert "deleted_external_to_seam" in await life.events()
    assert "remove" not in (await operations(house, lock))[before:]


async def test_a_masked_lock_is_believed_by_the_mark(house: House, intake: Intake) -> None:
    lock = await intake.telling_lock(masks_codes=True)
    life = await set_life(house, lock)
    assert await life.attempts() == [("program", "accepted"), ("hear", "masked")]
    assert {row.pin_index for row in await intake.taken() if row.device_id == lock.id} == {None}


async def test_a_vendor_that_does_not_speak_for_the_lock_is_not_believed(house: House, intake: Intake) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    await set_life(house, lock)
    assert await operations(house, lock) == ["program", "read"]


async def test_an_account_without_a_secret_is_not_waited_for(house: House, intake: Intake) -> None:
    lock = await intake.telling_lock()
    await set_secret(house, house.account_id, None)
    try:
        life = await set_life(house, lock)
    finally:
        await set_secret(house, house.account_id, intake.secret)
    assert await life.attempts() == [("program", "accepted"), ("read", "known")]
    async with house.database.read() as session:
        query = select(AttemptRow.started_at).where(AttemptRow.access_code_id == life.id).order_by(col(AttemptRow.id))
        written_at, read_at = (await session.exec(query)).all()
    assert read_at - written_at < timedelta(seconds=sum(LOOKS_AFTER_SECONDS))


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("webhook_duplicate", {}),
        ("webhook_reorder", {"count": 1}),
        ("webhook_delay", {"delay_seconds": 90.0}),
        ("webhook_lost", {}),
    ],
)
async def test_news_that_come_twice_late_or_never_do_no_harm(
    house: House, intake: Intake, kind: str, parameters: dict[str, Any]
) -> None:
    lock = await intake.telling_lock()
    await house.fault(lock, kind, **parameters)
    life = await set_life(house, lock)
    await house.pass_time(until=life.starts_at + timedelta(minutes=5))
    assert await house.opens(lock, await life.pin())
    await life.end()
    assert await house.truth(lock) == []
    assert await life.events() == ["created", "set_on_device", "removed_from_device"]
    assert (await house.calls(lock))[-1]["operation"] == "read"
    messages = [row.message_id for row in await intake.taken() if row.device_id == lock.id]
    assert len(messages) == len(set(messages))


async def test_a_vendor_that_acknowledges_what_its_lock_never_got_is_found_out(house: House, intake: Intake) -> None:
    """No word comes, and reading shows why."""
    lock = await intake.telling_lock()
    life = await house.start(await house.request(lock))
    await house.fault(lock, "lying_success", on="program", count=1)
    await house.pass_time(until=life.starts_at + timedelta(seconds=1))
    assert "set_on_device" not in await life.events()
    await house.pass_time(until=life.starts_at + timedelta(seconds=30))
    assert await house.opens(lock, await life.pin())


async def test_news_of_a_code_wake_it_where_it_is_in_doubt(house: House, intake: Intake) -> None:
    """The write arrives 400 seconds late, between two retries; the lock's word brings the next look at once."""
    lock = await intake.telling_lock()
    life = await house.start(await house.request(lock))
    await house.fault(lock, "delayed_effect", on="program", delay_seconds=400.0)
    await house.pass_time(until=life.starts_at + timedelta(seconds=390))
    await house.heal(lock)
    await house.pass_time(until=life.starts_at + timedelta(seconds=401))
    assert await house.opens(lock, await life.pin())

    async def is_set() -> bool:
        return "set_on_device" in await life.events()

    await eventually(is_set, within=10, what="the code looked for itself")
    assert len(await house.truth(lock)) == 1


async def forged(house: House, lock: DeviceRow, life: Life, event_type: str, **more: Any) -> dict[str, Any]:
    """A message that the vendor signs although it is not so."""
    stored = await life.stored()
    reference = stored.slot.reference if stored.slot else "none"
    code = {"access_code_id": reference, "lock_id": lock.lock_id, "status": "active", **more}
    return {
        "event_type": event_type,
        "status": "success",
        "timestamp": (await house.now()).isoformat(),
        "access_code": code,
    }


async def test_a_told_removal_is_believed_in_nothing(house: House, intake: Intake) -> None:
    lock = await intake.telling_lock()
    life = await set_life(house, lock, lasts=timedelta(hours=1))
    assert (await intake.send(await forged(house, lock, life, "access_code.deleted"))).status_code == 200
    assert life.ends_at is not None
    await house.pass_time(until=life.ends_at - SOON)
    await house.fault(lock, "lying_success", on="remove")
    await house.pass_time(until=life.ends_at + timedelta(seconds=1))
    assert (await intake.send(await forged(house, lock, life, "access_code.deleted"))).status_code == 200
    await house.pass_time(until=life.ends_at + timedelta(minutes=2))
    assert len(await house.truth(lock)) == 1
    assert not (await life.stored()).code.closed
    await house.heal(lock)
    await life.end()
    assert await house.truth(lock) == []


async def test_a_lock_that_is_back_has_its_codes_woken_at_once(house: House, intake: Intake) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock))
    await house.fault(lock, "offline")

    async def is_online() -> bool:
        async with house.database.read() as session:
            row = await devices.get_device(session, lock.id)
            assert row is not None
            return row.online

    async def is_offline() -> bool:
        return not await is_online()

    await eventually(is_offline, within=10, what="the lock is marked offline before anybody asked for it")
    assert await operations(house, lock) == []
    await house.pass_time(until=life.starts_at + timedelta(minutes=40))
    await house.heal(lock)
    healed_at = await house.now()
    await eventually(is_online, within=10, what="the lock is marked online")
    await house.pass_time(until=healed_at + timedelta(seconds=10))
    assert await house.opens(lock, await life.pin())


async def test_of_many_news_at_once_the_one_that_happened_last_counts(house: House, intake: Intake) -> None:
    lock, now, many = await house.new_lock(f"Lock {uuid4()}"), await house.now(), 10

    def message(kind: str, seconds_ago: int, **more: Any) -> dict[str, Any]:
        at = now - timedelta(seconds=seconds_ago)
        return {"event_type": kind, "lock_id": lock.lock_id, "timestamp": at.isoformat(), **more}

    batteries = [message("low_battery", ago, battery_level=(ago + 1) / 100) for ago in range(many)]
    reaches = [message("device.offline" if ago % 2 else "device.online", ago) for ago in range(many)]
    await asyncio.gather(*(intake.send(told) for told in [*batteries, *reaches]))

    async def all_taken() -> bool:
        return len([row for row in await intake.taken() if row.device_id == lock.id]) == 2 * many

    await eventually(all_taken, within=20, what="all messages are written down")
    async with house.database.read() as session:
        row = await devices.get_device(session, lock.id)
    assert row is not None
    assert row.online
    assert row.facts["battery_level"] == 0.01


async def test_what_was_told_shows_no_digits(house: House, intake: Intake) -> None:
    lock, code_id, pin = await intake.telling_lock(), uuid4(), "48073351"
    life = await house.start(await house.request(lock, code=house.seal(pin, code_id)), code_id=code_id)
    await house.pass_time(until=life.starts_at + SOON)
    assert await house.opens(lock, pin)
    rows = [row for row in await intake.taken() if row.device_id == lock.id]
    assert [row.is_there for row in rows] == [True]
    handle = house.client.get_workflow_handle(lock_news_workflow_id(house.account_id, rows[0].message_id))
    history = await handle.fetch_history()
    text = await decoded_text(history.events, KeyRingCodec(house.keyring)) + repr(rows)
    assert str(house.account_id) in text
    assert pin not in text
