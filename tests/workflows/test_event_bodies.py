"""An event has one body: what an endpoint was sent is what the API answers, through all that can happen to a code."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio
from sqlmodel import select

from domain.devices import Capabilities
from domain.events import EventType
from domain.requests import CodeChange, CodeWindow
from domain.scopes import Scope
from store.accounts import DEFAULT_WORKSPACE_ID
from store.tables import EventRow
from tests.api.door import Door, open_door
from tests.house import House
from tests.receiver import Receiver, receiver
from tests.webhooks import an_endpoint, service_of
from tests.workflows.pool_house import Pools
from workers.relay import relaying
from workflows.contracts import DeleteRequest, UpdateName

SOON = timedelta(seconds=3)
PATH = "/events"
BY_OTHERS = (EventType.MODIFIED_EXTERNAL, EventType.DELETED_EXTERNAL, EventType.CONSTANTLY_UNDONE)
"""What a reconciliation tells, as it tells of unmanaged codes: not a part of what happens to a code by itself."""
ALL = {
    kind.value
    for kind in EventType
    if kind.value.startswith("access_code.") and "unmanaged" not in kind.value and kind not in BY_OTHERS
}


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def door(house: House) -> AsyncIterator[Door]:
    async with open_door(house) as opened:
        yield opened


class Both:
    """What was delivered beside what is answered, from one look to the next."""

    def __init__(self, door: Door, app: Receiver, device_id: UUID) -> None:
        self._door, self._app, self._device_id = door, app, str(device_id)
        self.seen: dict[str, dict[str, Any]] = {}

    def delivered(self) -> dict[str, dict[str, Any]]:
        """Give every body that came, by event."""
        return {received.event["event_id"]: received.event for received in self._app.got[PATH]}

    async def compare(self) -> None:
        """See that what is new was delivered as it is answered, one by one and in a list."""
        listed = (await self._door.asked("/events/list", device_id=self._device_id))["events"]
        for event in listed[len(self.seen) :]:
            await self._until(event["event_id"])
            assert self.delivered()[event["event_id"]] == event
            assert (await self._door.asked("/events/get", event_id=event["event_id"]))["event"] == event
            self.seen[event["event_id"]] = event

    async def _until(self, event_id: str) -> None:
        count = len(self._app.got[PATH])
        while event_id not in self.delivered():
            await self._app.until(PATH, count + 1)
            count = len(self._app.got[PATH])


async def test_delivered_and_answered_bodies_are_one(house: House, door: Door) -> None:
    pools = Pools(house)
    async with receiver() as app, relaying(house.client, house.database):
        await an_endpoint(house, app.url + PATH)
        lock = await house.new_lock(f"Told {uuid4()}", capabilities=Capabilities(has_native_scheduling=True))
        both = Both(door, app, lock.id)
        await pools.filled(lock)
        life = await house.start(await house.request(lock, lasts=timedelta(hours=9), name="Ada"))
        await both.compare()
        await house.pass_time(until=life.starts_at - SOON)
        await house.fault(lock, "http_500", on="read")  # it is loaded, and cannot be seen in its time
        await house.pass_time(until=life.starts_at + timedelta(minutes=11))
        await both.compare()
        backup = await pools.stand_in(life)
        assert backup is not None
        await tells_of_a_backup_since_its_pull(door, str(backup))
        await house.heal(lock)
        await pools.settle(timedelta(minutes=16))
        window = CodeWindow(starts_at=life.starts_at, ends_at=life.starts_at + timedelta(hours=8))
        change = CodeChange(name="Grace", window=window, new_digits=True)
        with house.env.auto_time_skipping_disabled():
            await life.update(UpdateName.CHANGE, change)
        await pools.settle()
        await both.compare()
        await house.fault(lock, "http_500", on="remove")
        with house.env.auto_time_skipping_disabled():
            await life.update(UpdateName.DELETE, DeleteRequest())
        await pools.settle(timedelta(minutes=11))
        await both.compare()
        await house.heal(lock)
        await pools.settle(timedelta(minutes=16))
        await both.compare()
        hidden = await hidden_events(house, lock.id)
        sent = set(both.delivered())

    told = both.seen.values()
    assert {event["event_type"] for event in told if event["event_type"].startswith("access_code.")} == ALL
    failed = next(event for event in told if event["event_type"] == EventType.FAILED_TO_SET)
    assert [error["error_code"] for error in failed["access_code_errors"]] == ["failed_to_set_on_device"]
    assert failed["device_errors"] == failed["connected_account_warnings"] == []
    changed = next(event for event in told if event["event_type"] == EventType.CODE_CHANGED)
    assert changed["to"]["code"] == await life.pin() != changed["from"]["code"]
    assert hidden
    assert hidden.isdisjoint(both.seen)
    assert hidden.isdisjoint(sent)
    for event_id in hidden:
        assert await door.refused("/events/get", event_id=event_id) == (404, "event_not_found")


async def test_digits_are_for_keys_and_workspaces_that_want_them(house: House, door: Door) -> None:
    lock = await house.new_lock(f"Quiet {uuid4()}")
    life = await house.start(await house.request(lock))
    await house.pass_time(until=life.starts_at + SOON)
    wanted = {"access_code_id": str(life.id), "event_type": EventType.SET_ON_DEVICE.value}
    blind = await door.services.keys.mint("blind", scopes=[Scope.READ])
    token = blind.token.get_secret_value()

    async def shown(key: str | None = None) -> Any:
        answer = await door.call("/events/list", key=key, **wanted)
        (event,) = answer.json()["events"]
        return event

    with_digits = await shown()
    assert with_digits["code"] == await life.pin()
    without = {name: value for name, value in with_digits.items() if name != "code"}
    assert await shown(token) == without
    service = service_of(house)
    await service.put_digits_in_events(DEFAULT_WORKSPACE_ID, enabled=False)
    assert await shown() == without
    await service.put_digits_in_events(DEFAULT_WORKSPACE_ID, enabled=True)


async def tells_of_a_backup_since_its_pull(door: Door, backup_id: str) -> None:
    story = await door.asked("/access_codes/get_timeline", access_code_id=backup_id, limit=200)
    shown = [one["event_type"] for one in story["timeline_events"] if not one["event_type"].startswith("internal.")]
    listed = await door.asked("/events/list", access_code_id=backup_id)
    assert sorted(shown) == sorted(event["event_type"] for event in listed["events"])
    assert EventType.CREATED not in shown


async def hidden_events(house: House, device_id: UUID) -> set[str]:
    async with house.database.read() as session:
        rows = (await session.exec(select(EventRow).where(EventRow.device_id == device_id))).all()
    return {str(row.id) for row in rows if row.hidden}
