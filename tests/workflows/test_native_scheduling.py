"""Locks that keep a code's window by themselves: told ahead, seen at the start, and proven empty at the end."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from domain.access_code import Status
from domain.devices import Capabilities
from domain.lifecycle import is_scheduled
from domain.requests import CodeChange, CodeWindow
from store.tables import DeviceRow
from tests.house import House, Life
from tests.workflows.test_faults import reported
from tests.workflows.test_hard_locks import with_policy
from workflows.contracts import DeleteRequest, UpdateName

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOON = timedelta(seconds=10)
LEAD = timedelta(hours=2)


async def keeping_windows(house: House, *, zone: str | None = "Europe/Berlin", **able: Any) -> DeviceRow:
    capabilities = Capabilities(has_native_scheduling=True, **able)
    lock = await house.new_lock(f"Lock {uuid4()}", capabilities=capabilities, time_zone=zone)
    await with_policy(house, lock, native_lead="PT2H")
    return lock


async def loaded(house: House, lock: DeviceRow, **request: Any) -> Life:
    """A short stay in three hours, some time after its lock was told."""
    life = await house.start(await house.request(lock, **(STAY | request)))
    await house.pass_time(until=life.starts_at - LEAD + SOON)
    return life


STAY: dict[str, Any] = {"starts_in": 3 * HOUR, "lasts": HOUR}


async def operations(house: House, lock: DeviceRow) -> list[str]:
    return [call["operation"] for call in await house.calls(lock)]


async def test_code_is_loaded_ahead_and_proven_at_both_ends(house: House) -> None:
    lock = await keeping_windows(house)
    life = await house.start(await house.request(lock, **STAY))
    pin = await life.pin()
    await house.pass_time(until=life.starts_at - LEAD - SOON)
    assert await house.truth(lock) == []
    await house.pass_time(until=life.starts_at - LEAD + SOON)
    (slot,) = await house.truth(lock)
    assert (slot["pin"], slot["active_now"]) == (pin, False)
    assert await reported(house, life) is Status.UNSET
    assert is_scheduled((await life.stored()).code)
    assert await life.events() == ["created", "scheduled_on_device"]

    await house.pass_time(until=life.starts_at - SOON)
    assert not await house.opens(lock, pin)
    assert await operations(house, lock) == ["program", "read"]
    await house.pass_time(until=life.starts_at + SOON)
    assert await house.opens(lock, pin)
    assert await reported(house, life) is Status.SET
    await life.end()

    assert await house.truth(lock) == []
    assert await operations(house, lock) == ["program", "read", "read", "remove", "read"]
    assert await life.events() == ["created", "scheduled_on_device", "set_on_device", "removed_from_device"]


async def test_caller_may_prefer_to_be_just_in_time(house: House) -> None:
    lock = await keeping_windows(house)
    life = await loaded(house, lock, prefer_native_scheduling=False)
    await house.pass_time(until=life.starts_at - SOON)
    assert await house.calls(lock) == []
    await house.pass_time(until=life.starts_at + SOON)
    assert await house.opens(lock, await life.pin())
    assert not is_scheduled((await life.stored()).code)
    await life.update(UpdateName.DELETE, DeleteRequest())


async def test_lock_that_is_away_when_it_should_be_told_is_told_later_and_nothing_is_late(house: House) -> None:
    lock = await keeping_windows(house)
    life = await house.start(await house.request(lock, **STAY))
    await house.fault(lock, "offline")
    await house.pass_time(until=life.starts_at - HOUR)
    assert await life.problems() == set()
    assert await life.events() == ["created"]
    assert len(await house.calls(lock)) < 12, "at the slow pace"
    await house.heal(lock)
    await house.pass_time(until=life.starts_at - HOUR + 16 * MINUTE)
    assert is_scheduled((await life.stored()).code)
    await house.pass_time(until=life.starts_at + SOON)
    assert await house.opens(lock, await life.pin())
    await life.update(UpdateName.DELETE, DeleteRequest())


async def test_nothing_counts_as_set_before_it_was_seen_in_its_time(house: House) -> None:
    lock = await keeping_windows(house)
    life = await loaded(house, lock)
    await house.fault(lock, "offline")
    await house.pass_time(until=life.starts_at + 11 * MINUTE)
    assert await reported(house, life) is Status.SETTING
    assert round(await life.seconds_of("delay_in_setting_on_device")) == 60
    assert round(await life.seconds_of("failed_to_set_on_device")) == 600
    await house.heal(lock)
    await house.pass_time(until=await house.now() + 16 * MINUTE)
    assert await reported(house, life) is Status.SET
    assert await life.problems() == set()
    await life.update(UpdateName.DELETE, DeleteRequest())


async def test_what_was_taken_off_by_hand_before_the_start_is_there_at_the_start(house: House) -> None:
    lock = await keeping_windows(house)
    life = await loaded(house, lock)
    (slot,) = await house.truth(lock)
    taken_off = {"slot": slot["slot"], "pin": None}
    (await house.http.post(f"/_truth/{lock.lock_id}/keypad", json=taken_off)).raise_for_status()
    await house.pass_time(until=life.starts_at + SOON)
    assert await house.opens(lock, await life.pin())
    assert await reported(house, life) is Status.SET
    await life.end()
    assert await house.truth(lock) == []


async def test_expiry_of_the_lock_itself_proves_nothing(house: House) -> None:
    """It shuts out the guest in time, and the code is still to be taken off."""
    lock = await keeping_windows(house)
    life = await loaded(house, lock)
    assert life.ends_at is not None
    pin = await life.pin()
    await house.pass_time(until=life.ends_at - 5 * MINUTE)
    await house.fault(lock, "offline")
    await house.pass_time(until=life.ends_at + 11 * MINUTE)
    assert not await house.opens(lock, pin)
    assert await reported(house, life) is Status.REMOVING
    assert await life.problems() == {"failed_to_remove_from_device"}
    await house.heal(lock)
    await house.pass_time(until=life.ends_at + 30 * MINUTE)
    assert (await life.stored()).code.closed
    assert await house.truth(lock) == []


async def test_other_window_of_a_loaded_code_is_told_to_the_lock(house: House) -> None:
    lock = await keeping_windows(house)
    life = await loaded(house, lock)
    (before,) = await house.truth(lock)
    assert life.ends_at is not None
    window = CodeWindow(starts_at=life.starts_at + 2 * HOUR, ends_at=life.ends_at + DAY)
    await life.update(UpdateName.CHANGE, CodeChange(window=window))
    await house.pass_time(until=await house.now() + SOON)
    (after,) = await house.truth(lock)
    assert (after["pin"], after["slot"]) == (before["pin"], before["slot"])
    assert [datetime.fromisoformat(after["window"][end]) for end in ("starts_at", "ends_at")] == [
        window.starts_at,
        window.ends_at,
    ]
    assert await operations(house, lock) == ["program", "read", "program", "read"]
    await house.pass_time(until=life.starts_at + 30 * MINUTE)
    assert await reported(house, life) is Status.UNSET
    await house.pass_time(until=life.starts_at + 2 * HOUR + SOON)
    assert await reported(house, life) is Status.SET
    assert (await life.events()).count("set_on_device") == 1
    assert await life.problems() == set()
    await life.update(UpdateName.DELETE, DeleteRequest())


async def test_other_window_replaces_the_code_where_it_cannot_be_changed(house: House) -> None:
    lock = await keeping_windows(house, can_update_in_place=False)
    life = await loaded(house, lock)
    window = CodeWindow(starts_at=life.starts_at - 30 * MINUTE, ends_at=life.ends_at)
    await life.update(UpdateName.CHANGE, CodeChange(window=window))
    await house.pass_time(until=await house.now() + SOON)
    (slot,) = await house.truth(lock)
    assert datetime.fromisoformat(slot["window"]["starts_at"]) == window.starts_at
    assert await operations(house, lock) == ["program", "read", "remove", "read", "program", "read"]
    await life.update(UpdateName.DELETE, DeleteRequest())
    await house.pass_time(until=await house.now() + SOON)
    assert await house.truth(lock) == []


async def test_extension_that_the_lock_does_not_hear_is_late_from_the_old_end(house: House) -> None:
    """Until then the guest's code works, and nobody is alarmed; the lock itself would shut the guest out afterwards."""
    lock = await keeping_windows(house)
    life = await loaded(house, lock)
    assert life.ends_at is not None
    await house.pass_time(until=life.ends_at - 5 * MINUTE)
    await house.fault(lock, "offline")
    window = CodeWindow(starts_at=life.starts_at, ends_at=life.ends_at + DAY)
    await life.update(UpdateName.CHANGE, CodeChange(window=window))
    await house.pass_time(until=life.ends_at - MINUTE)
    assert await reported(house, life) is Status.SET
    assert await life.problems() == set()
    await house.pass_time(until=life.ends_at + 2 * MINUTE)
    assert await reported(house, life) is Status.SETTING
    assert await life.problems() == {"delay_in_setting_on_device"}
    await house.heal(lock)
    await life.handle.signal("device_connected")
    await house.pass_time(until=life.ends_at + 3 * MINUTE)
    assert await reported(house, life) is Status.SET
    assert await house.opens(lock, await life.pin())
    await life.update(UpdateName.DELETE, DeleteRequest())


async def test_loaded_code_that_is_deleted_is_taken_off(house: House) -> None:
    lock = await keeping_windows(house)
    life = await loaded(house, lock)
    await life.update(UpdateName.DELETE, DeleteRequest())
    await house.pass_time(until=await house.now() + SOON)
    assert await house.truth(lock) == []
    assert (await life.events())[-2:] == ["removed_from_device", "deleted"]


async def test_code_that_is_put_off_while_it_opens_shuts_at_once(house: House) -> None:
    lock = await keeping_windows(house)
    life = await loaded(house, lock)
    await house.pass_time(until=life.starts_at + SOON)
    later = CodeWindow(starts_at=life.starts_at + DAY, ends_at=life.starts_at + 2 * DAY)
    await life.update(UpdateName.CHANGE, CodeChange(window=later))
    assert await reported(house, life) is Status.REMOVING
    await house.pass_time(until=await house.now() + SOON)
    (slot,) = await house.truth(lock)
    assert not slot["active_now"]
    assert await reported(house, life) is Status.UNSET
    await life.update(UpdateName.DELETE, DeleteRequest())


@pytest.mark.long
async def test_night_on_which_the_clock_goes_back(house: House) -> None:
    """Of three guests on a lock that goes by the wall clock, two come in the hour that comes twice."""
    zone, back = _next_change_back(await house.now())
    await house.pass_time(until=back - DAY)
    lock = await keeping_windows(house, zone=zone, windows_in_local_time=True, window_resolution=MINUTE)
    await with_policy(house, lock, native_lead="PT72H")
    starts = {"first": back - 10 * MINUTE, "second": back + 10 * MINUTE, "before": back - 8 * HOUR}
    now = await house.now()
    lives = {
        name: await house.start(await house.request(lock, starts_in=at - now, lasts=back + 4 * HOUR - at))
        for name, at in starts.items()
    }
    pins = {name: await life.pin() for name, life in lives.items()}
    await house.pass_time(until=back - 9 * HOUR)
    assert [slot["pin"] for slot in await house.truth(lock)] == [pins["before"]], "the others are told in time only"
    instant = back - 70 * MINUTE
    while instant < back + 70 * MINUTE:
        await house.pass_time(until=instant)
        for name, starts_at in starts.items():
            opens = await house.opens(lock, pins[name])
            assert opens or instant <= starts_at + SOON, (name, instant - back)
            assert not opens or instant >= starts_at, (name, instant - back)
        instant += 9 * MINUTE
    await house.pass_time(until=back + 4 * HOUR + SOON)
    assert await house.truth(lock) == []


def _next_change_back(now: datetime) -> tuple[str, datetime]:
    """Find the zone that is the next to set its clocks back by an hour, and when."""
    found = []
    for zone in ("Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Sydney"):
        hour = now.replace(minute=0, second=0, microsecond=0) + 6 * DAY
        while _offset(zone, hour + HOUR) >= _offset(zone, hour):
            hour += HOUR
        found.append((hour + HOUR, zone))
    at, zone = min(found)
    return zone, at


def _offset(zone: str, at: datetime) -> timedelta:
    offset = at.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset
