"""A code is gone when its lock shows that it is, and not before.

Peers took the answer to a delete for the deed, gave up after some hours, or set a code on a lock that came back late.
"""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.access_code import Status
from domain.requests import CodeChange, CodeWindow
from tests.house import House, refusal_of
from tests.regressions.judging import A_LATE_RETRY, A_RETRY, SOON, a_lock, asked, said, watch
from workflows.contracts import UpdateName

HOURS = timedelta(hours=1)


async def test_delete_502_for_hours(house: House) -> None:
    """Six hours of bad gateway: it is said that the code may still open the door, and then it is taken off."""
    lock = await a_lock(house)
    life = await house.start(await house.request(lock, lasts=2 * HOURS))
    assert life.ends_at is not None
    await house.pass_time(until=life.ends_at - SOON)
    await house.fault(lock, "http_502", on="remove")
    await watch(house, lock, life, until=life.ends_at + 6 * HOURS, every=HOURS)
    assert await house.opens(lock, await life.pin())
    assert await said(house, life) is Status.REMOVING
    assert await life.problems() == {"failed_to_remove_from_device"}
    assert [pin.released_at for pin in await house.pins(life.id)] == [None], "nobody else is given its digits"
    await house.heal(lock)
    await house.pass_time(until=life.ends_at + 6 * HOURS + A_LATE_RETRY)
    assert await house.truth(lock) == []
    assert (await life.events())[-2:] == ["failed_to_remove_from_device", "removed_from_device"]


async def test_delete_while_offline_reported_ok(house: House) -> None:
    """The cloud says "done" of a lock that it cannot reach."""
    lock = await a_lock(house)
    life = await house.start(await house.request(lock, lasts=2 * HOURS))
    assert life.ends_at is not None
    await house.pass_time(until=life.ends_at - SOON)
    await house.fault(lock, "lying_success", on="remove")
    await house.fault(lock, "offline", on="read")
    await watch(house, lock, life, until=life.ends_at + 3 * HOURS, every=HOURS / 2)
    assert await asked(house, lock, "remove") >= 1
    assert await said(house, life) is Status.REMOVING
    assert "removed_from_device" not in await life.events()
    await house.heal(lock)
    await house.pass_time(until=life.ends_at + 3 * HOURS + A_LATE_RETRY)
    assert await house.truth(lock) == []
    assert (await life.events())[-1] == "removed_from_device"


@pytest.mark.parametrize("written", [False, True], ids=["never written", "written unseen"])
async def test_lock_back_after_ends_at(house: House, *, written: bool) -> None:
    """What came too late is not set any more, and what may have arrived is looked for and removed."""
    lock = await a_lock(house)
    life = await house.start(await house.request(lock, lasts=2 * HOURS))
    assert life.ends_at is not None
    if written:
        await house.fault(lock, "lost_reply", on="program", count=1)
        await house.fault(lock, "offline", on="read")
        await house.pass_time(until=life.starts_at + SOON)
        assert len(await house.truth(lock)) == 1
    await house.fault(lock, "offline")
    await house.pass_time(until=life.ends_at + 3 * HOURS)
    await house.heal(lock)
    await house.pass_time(until=life.ends_at + 3 * HOURS + A_LATE_RETRY)
    assert await house.truth(lock) == []
    assert (await life.stored()).code.closed
    assert await asked(house, lock, "program", since=life.ends_at) == 0
    assert not await house.opens(lock, await life.pin())


async def test_extension_while_code_is_removing(house: House) -> None:
    """A stay was put off, which takes its code off the lock, and then is to go on: the same digits open the door."""
    lock = await a_lock(house)
    life = await house.start(await house.request(lock, lasts=9 * HOURS))
    assert life.ends_at is not None
    pin = await life.pin()
    await house.pass_time(until=life.starts_at + SOON)
    await house.fault(lock, "http_500", on="remove")
    later = CodeWindow(starts_at=life.starts_at + 5 * HOURS, ends_at=life.ends_at)
    await life.update(UpdateName.CHANGE, CodeChange(window=later))
    await house.pass_time(until=life.starts_at + A_RETRY)
    assert await said(house, life) is Status.REMOVING
    asked_at = await house.now()
    longer = CodeWindow(starts_at=life.starts_at, ends_at=life.ends_at + HOURS)
    await life.update(UpdateName.CHANGE, CodeChange(window=longer))
    await house.pass_time(until=asked_at + SOON)
    assert await said(house, life) is Status.SET
    assert await house.opens(lock, pin)
    await house.heal(lock)
    await house.pass_time(until=life.ends_at + HOURS - SOON)
    assert (await house.opens(lock, pin), await life.pin()) == (True, pin)
    await house.pass_time(until=life.ends_at + HOURS + SOON)
    assert await house.truth(lock) == []


async def test_extension_after_the_end_while_code_is_removing(house: House) -> None:
    """Whoever asks a moment too late is refused, and told why; the code goes all the same and does not come back."""
    lock = await a_lock(house)
    life = await house.start(await house.request(lock, lasts=2 * HOURS))
    assert life.ends_at is not None
    await house.pass_time(until=life.ends_at - SOON)
    await house.fault(lock, "http_500", on="remove")
    await house.pass_time(until=life.ends_at + SOON)
    longer = CodeWindow(starts_at=life.starts_at, ends_at=life.ends_at + 9 * HOURS)
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await life.update(UpdateName.CHANGE, CodeChange(window=longer))
    assert (await refusal_of(caught.value))["type"] == "access_code_ended"
    await house.heal(lock)
    await house.pass_time(until=life.ends_at + A_RETRY)
    assert await house.truth(lock) == []
    assert (await life.stored()).code.closed
    await house.pass_time(until=life.ends_at + 9 * HOURS)
    assert await house.truth(lock) == []
