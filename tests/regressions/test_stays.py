"""Guests who come on time, one after the other, with the same name, or in the night when the clocks are changed.

Peers knew guests by their names, moved slots under them, and counted hours in the zone of the server.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.access_code import Status
from domain.devices import Capabilities
from store import devices
from store.tables import DeviceRow
from tests.house import House
from tests.regressions.judging import A_RETRY, SOON, a_lock, asked, said
from workflows.contracts import AccessCodeInput

HOURS = timedelta(hours=1)
MINUTES = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("lead", "keeps_windows"),
    [(timedelta(0), False), (45 * MINUTES, False), (timedelta(0), True)],
    ids=["told in time", "tried in vain before", "loaded ahead in vain"],
)
async def test_lock_back_2_min_before_starts_at(house: House, lead: timedelta, *, keeps_windows: bool) -> None:
    """However long it was tried in vain before: when the guest stands at the door, the next attempt is near."""
    lock = await a_lock(house, capabilities=Capabilities(has_native_scheduling=keeps_windows))
    async with house.database.write() as session:
        await devices.set_policy(session, lock.id, {"program_lead": lead.total_seconds()})
    await house.fault(lock, "offline")
    life = await house.start(await house.request(lock, starts_in=71 * MINUTES))
    await house.pass_time(until=life.starts_at - 2 * MINUTES)
    await house.heal(lock)
    await house.pass_time(until=life.starts_at + A_RETRY)
    assert await house.opens(lock, await life.pin())
    assert await said(house, life) is Status.SET
    assert await life.problems() == set()
    await life.end()


@pytest.mark.parametrize("masks", [False, True], ids=["digits shown", "digits masked"])
async def test_two_bookings_same_guest_name(house: House, *, masks: bool) -> None:
    """Two guests of one name at one time have a code each, and who leaves first takes only the own one along."""
    lock = await a_lock(house, capabilities=Capabilities(masks_codes=masks))
    first = await house.start(await house.request(lock, lasts=2 * HOURS, name="Ada Lovelace"))
    second = await house.start(await house.request(lock, lasts=5 * HOURS, name="Ada Lovelace"))
    assert first.ends_at is not None
    await house.fault(lock, "lost_reply", on="program", count=2)
    await house.pass_time(until=first.starts_at + A_RETRY)
    pins = [await first.pin(), await second.pin()]
    assert sorted(slot["pin"] for slot in await house.truth(lock)) == sorted(pins)
    assert len(set(pins)) == 2
    assert await asked(house, lock, "program") == 2
    await house.pass_time(until=first.ends_at + SOON)
    assert [slot["pin"] for slot in await house.truth(lock)] == [pins[1]]
    await second.end()
    assert await house.truth(lock) == []


@pytest.mark.parametrize("places", [20, 1], ids=["room for both", "room for one"])
async def test_back_to_back_bookings_same_lock_gap_0(house: House, places: int) -> None:
    """One guest's end is the next one's start: who leaves opens the door no more, who comes does, and has it to keep."""
    lock = await a_lock(house, max_active_codes_supported=places)
    leaving = await house.start(await house.request(lock, lasts=3 * HOURS))
    coming = await house.start(await house.request(lock, starts_in=4 * HOURS, lasts=3 * HOURS))
    assert leaving.ends_at is not None
    turn = max(leaving.ends_at, coming.starts_at)
    old, new = await leaving.pin(), await coming.pin()
    await house.pass_time(until=leaving.ends_at - SOON)
    assert (await house.opens(lock, old), await house.opens(lock, new)) == (True, False)
    await house.pass_time(until=turn + A_RETRY)
    assert (await house.opens(lock, old), await house.opens(lock, new)) == (False, True)
    (place,) = [slot["slot"] for slot in await house.truth(lock)]
    await house.pass_time(until=turn + 2 * HOURS)
    assert [(slot["slot"], slot["pin"]) for slot in await house.truth(lock)] == [(place, new)]
    await coming.end()
    assert await house.truth(lock) == []


@pytest.mark.parametrize("seconds", [-600.0, 600.0], ids=["behind", "ahead"])
@pytest.mark.parametrize("keeps_windows", [False, True], ids=["told in time", "loaded ahead"])
async def test_clock_skew_over_5_min(house: House, *, seconds: float, keeps_windows: bool) -> None:
    """The lock's clock is ten minutes off: what it believes of a code's end is of no account, it is taken off in time."""
    lock = await a_lock(house, capabilities=Capabilities(has_native_scheduling=keeps_windows))
    await house.fault(lock, "clock_skew", skew_seconds=seconds)
    life = await house.start(await house.request(lock, lasts=2 * HOURS))
    assert life.ends_at is not None
    pin = await life.pin()
    await house.pass_time(until=life.starts_at + 11 * MINUTES)
    assert await house.opens(lock, pin)
    await house.pass_time(until=life.ends_at + SOON)
    assert not await house.opens(lock, pin)
    assert await house.truth(lock) == []
    assert (await life.events())[-1] == "removed_from_device"


def next_change(zone: str, after: datetime, *, forward: bool) -> datetime:
    """Find when a zone's clocks are next put forward, or back."""
    place, hour = ZoneInfo(zone), after.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while True:
        before, hour = hour, hour + HOURS
        gained = (hour.astimezone(place).utcoffset() or HOURS) - (before.astimezone(place).utcoffset() or HOURS)
        if gained == (HOURS if forward else -HOURS):
            return hour


async def opens_exactly_between(house: House, lock: DeviceRow, starts_at: datetime, ends_at: datetime) -> None:
    """Have a code on a lock, and stand at the door before and after both of its times."""
    life = await house.start(AccessCodeInput(device_id=lock.id, starts_at=starts_at, ends_at=ends_at))
    pin = await life.pin()
    found = []
    # In UTC: ten seconds after the second 01:30 are, by the clock on the wall, ten seconds after the first one.
    for at in (starts_at.astimezone(UTC), ends_at.astimezone(UTC)):
        for moment in (at - SOON, at + SOON):
            await house.pass_time(until=moment)
            found.append(await house.opens(lock, pin))
    assert found == [False, True, True, False]
    assert life.receipt.starts_at is not None
    assert life.receipt.starts_at.timestamp() == starts_at.timestamp()
    assert await house.truth(lock) == []


@pytest.mark.parametrize("keeps_windows", [False, True], ids=["told in time", "loaded ahead"])
@pytest.mark.parametrize(
    ("zone", "forward", "first", "second"),
    [
        # 02:30 as it was before the change is 03:30 by the clock on the wall.
        pytest.param("Europe/Berlin", True, -30 * MINUTES, 30 * MINUTES, id="02:30 that does not exist"),
        pytest.param("America/New_York", False, -30 * MINUTES, 30 * MINUTES, id="01:30 that comes twice"),
    ],
)
async def test_dst_night(
    house: House, zone: str, *, forward: bool, first: timedelta, second: timedelta, keeps_windows: bool
) -> None:
    """A stay of one hour that spans the change lasts one hour, whatever the clock on the wall makes of it."""
    change = next_change(zone, await house.now(), forward=forward)
    # Nothing is alive in this house any more: months pass in one step.
    await house.env.sleep(change - 6 * HOURS - await house.now())
    place = ZoneInfo(zone)
    starts_at, ends_at = (change + first).astimezone(place), (change + second).astimezone(place)
    assert (ends_at.replace(tzinfo=None) - starts_at.replace(tzinfo=None)) == (2 * HOURS if forward else 0 * HOURS)
    lock = await a_lock(house, time_zone=zone, capabilities=Capabilities(has_native_scheduling=keeps_windows))
    await opens_exactly_between(house, lock, starts_at, ends_at)
