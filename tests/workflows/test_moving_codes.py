"""Moving a code to another lock: the same code and digits, the new lock first, and the old one accounted for."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from temporalio.client import WorkflowUpdateFailedError

from api.exposures import ExposureReader
from domain.access_code import Status
from domain.devices import Capabilities
from domain.exposure import ExposureReason
from domain.refusals import RefusedError
from domain.requests import CodeChange
from store.accounts import DEFAULT_WORKSPACE_ID
from store.remnants import open_remnants
from store.tables import DeviceRow
from tests.house import House, Life, refusal_of
from tests.regressions.judging import a_lock, said
from workflows.contracts import DeleteRequest, UpdateName

MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)


async def move(life: Life, lock: DeviceRow, **change: object) -> None:
    """Move a code, as its caller would."""
    receipt = await life.update(UpdateName.CHANGE, CodeChange(device_id=lock.id, **change))
    assert receipt.device_id == lock.id
    assert receipt.access_code_id == life.id


async def pass_by(house: House, by: timedelta) -> None:
    await house.pass_time(until=await house.now() + by)


async def exposed(house: House, lock: DeviceRow) -> list[tuple[UUID | None, ExposureReason]]:
    found = await ExposureReader(house.database).list(DEFAULT_WORKSPACE_ID, await house.now(), device_id=lock.id)
    return [(one.access_code_id, one.reason) for one in found]


async def pins_on(house: House, lock: DeviceRow) -> list[str]:
    return [slot["pin"] for slot in await house.truth(lock)]


async def test_moved_code_keeps_its_digits_and_leaves_nothing(house: House) -> None:
    old, new = await a_lock(house), await a_lock(house)
    life = await house.start(await house.request(old, starts_in=None, lasts=9 * HOURS))
    pin = await life.pin()
    await pass_by(house, MINUTES)
    await move(life, new)
    await pass_by(house, MINUTES)
    assert (await pins_on(house, old), await pins_on(house, new)) == ([], [pin])
    assert await life.pin() == pin
    assert await said(house, life) is Status.SET
    assert await exposed(house, old) == []
    assert await life.events() == ["created", "set_on_device", "changed", "set_on_device"]
    await life.end()
    assert await pins_on(house, new) == []
    assert (await life.events())[-1] == "removed_from_device"
    assert house.doubles == []


async def test_old_lock_opens_until_the_new_one_is_proven(house: House) -> None:
    """The guest has a working code throughout, also while the new lock cannot be reached."""
    old, new = await a_lock(house), await a_lock(house)
    life = await house.start(await house.request(old, starts_in=None, lasts=9 * HOURS))
    pin = await life.pin()
    await pass_by(house, MINUTES)
    await house.fault(new, "offline")
    await move(life, new)
    await pass_by(house, 30 * MINUTES)
    assert await house.opens(old, pin)
    assert await exposed(house, old) == [], "it is wanted there as yet"
    assert await said(house, life) is Status.SETTING
    await house.heal(new)
    await pass_by(house, 20 * MINUTES)
    assert (await pins_on(house, old), await pins_on(house, new)) == ([], [pin])
    await life.end()


async def test_moved_back_it_is_as_it_was(house: House) -> None:
    """A new lock that cannot be reached is left again; what may be on it is taken off once it is back."""
    old, new = await a_lock(house), await a_lock(house)
    life = await house.start(await house.request(old, starts_in=None, lasts=9 * HOURS))
    pin = await life.pin()
    await pass_by(house, MINUTES)
    await house.fault(new, "lost_reply", on="program")
    await house.fault(new, "http_503", on="read")
    await move(life, new)
    await pass_by(house, 5 * MINUTES)
    assert await pins_on(house, new) == [pin], "the lock has it, though nobody knows"
    await move(life, old)
    assert await said(house, life) is Status.SET
    await pass_by(house, MINUTES)
    assert await exposed(house, new) == [(life.id, ExposureReason.MOVED)]
    await house.heal(new)
    await pass_by(house, 20 * MINUTES)
    assert (await pins_on(house, old), await pins_on(house, new)) == ([pin], [])
    await life.end()
    assert await pins_on(house, old) == []


async def test_dead_old_lock_is_exposed_until_it_is_read_again(house: House) -> None:
    old, new = await a_lock(house), await a_lock(house)
    life = await house.start(await house.request(old, starts_in=None, lasts=20 * HOURS))
    pin = await life.pin()
    await pass_by(house, MINUTES)
    await house.fault(old, "offline")
    await move(life, new)
    await pass_by(house, HOURS)
    assert await house.opens(new, pin)
    assert await exposed(house, old) == [(life.id, ExposureReason.MOVED)]
    await house.heal(old)
    await pass_by(house, 20 * MINUTES)
    assert await pins_on(house, old) == []
    assert await exposed(house, old) == []
    assert await house.opens(new, pin)


async def test_lock_that_was_thrown_away_is_settled_by_a_persons_word(house: House) -> None:
    old, new = await a_lock(house), await a_lock(house)
    life = await house.start(await house.request(old, starts_in=None, lasts=9 * HOURS))
    await pass_by(house, MINUTES)
    await house.fault(old, "http_404_device")
    await move(life, new)
    await pass_by(house, 5 * MINUTES)
    reader = ExposureReader(house.database)
    with pytest.raises(RefusedError):  # it may come back: its vendor lists it still
        await reader.settle(DEFAULT_WORKSPACE_ID, life.id, await house.now())
    async with house.database.write() as session:
        (await session.get_one(DeviceRow, old.id)).removed_at = await house.now()
    await reader.settle(DEFAULT_WORKSPACE_ID, life.id, await house.now())
    assert await exposed(house, old) == []
    await pass_by(house, 20 * MINUTES)
    assert await house.opens(new, await life.pin())
    async with house.database.read() as session:
        assert await open_remnants(session, life.id) == []


async def test_lock_that_takes_no_such_digits_is_given_others(house: House) -> None:
    old, new = await a_lock(house), await a_lock(house, supported_code_lengths=(8,))
    life = await house.start(await house.request(old, starts_in=None, lasts=9 * HOURS))
    pin = await life.pin()
    await pass_by(house, MINUTES)
    await move(life, new)
    other = await life.pin()
    assert (len(pin), len(other)) == (6, 8)
    assert "code_changed" in await life.events()
    await pass_by(house, MINUTES)
    assert (await pins_on(house, old), await pins_on(house, new)) == ([], [other])

    await move(life, old)
    await pass_by(house, MINUTES)
    assert (await pins_on(house, old), await pins_on(house, new)) == ([await life.pin()], [])
    await life.end()


async def test_code_to_come_is_on_the_new_lock_alone(house: House) -> None:
    old, new = await a_lock(house), await a_lock(house)
    life = await house.start(await house.request(old, starts_in=5 * HOURS, lasts=9 * HOURS))
    pin = await life.pin()
    await move(life, new, name="Ada")
    assert await exposed(house, old) == []
    await house.pass_time(until=life.starts_at + MINUTES)
    assert (await pins_on(house, old), await pins_on(house, new)) == ([], [pin])
    await life.end()


async def test_code_moved_while_it_is_written_is_on_one_lock(house: House) -> None:
    """The write that was under way arrives on the old lock; nobody believes it of the new one."""
    late = Capabilities(writes_settle=MINUTES)
    old, new = await a_lock(house, capabilities=late), await a_lock(house)
    life = await house.start(await house.request(old, starts_in=None, lasts=9 * HOURS))
    await pass_by(house, timedelta(seconds=5))
    await house.fault(new, "offline")
    await move(life, new)
    assert await said(house, life) is Status.SETTING
    await house.heal(new)
    await pass_by(house, 30 * MINUTES)
    assert (await pins_on(house, old), await pins_on(house, new)) == ([], [await life.pin()])
    await life.end()


async def test_deleted_code_is_taken_off_both(house: House) -> None:
    old, new = await a_lock(house), await a_lock(house)
    life = await house.start(await house.request(old, starts_in=None, lasts=None))
    await pass_by(house, MINUTES)
    await house.fault(new, "offline")
    await move(life, new)
    await pass_by(house, 5 * MINUTES)
    await life.update(UpdateName.DELETE, DeleteRequest())
    await pass_by(house, MINUTES)
    assert await pins_on(house, old) == []
    await house.heal(new)
    await pass_by(house, 20 * MINUTES)
    assert await pins_on(house, new) == []
    assert (await life.stored()).row.deleted_at is not None


async def test_lock_that_is_unknown_is_refused(house: House) -> None:
    old = await a_lock(house)
    life = await house.start(await house.request(old, starts_in=5 * HOURS, lasts=9 * HOURS))
    ghost = await a_lock(house)
    ghost.id = uuid4()
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await move(life, ghost)
    assert (await refusal_of(caught.value))["type"] == "device_not_found"
    assert (await life.stored()).device.id == old.id
    await life.update(UpdateName.DELETE, DeleteRequest())
