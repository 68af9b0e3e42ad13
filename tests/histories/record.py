"""Records the golden histories: `python -m tests.histories.record` lives every life again on real servers.

Record anew only together with a change that may break old histories anyway; otherwise add lives and keep the old ones,
because codes that were started long ago still sleep on them.  No digits may be in a history, even decoded: a life
whose digits are found in its history is not written down.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from api.access_codes import AccessCodeService
from domain.devices import Capabilities
from domain.requests import CodeChange, CodeRequest, CodeWindow, Sibling
from store.keyring import KeyRing
from tests.conftest import binary
from tests.devserver import environment, temporal
from tests.histories.beside_codes import BESIDE_CODES, BESIDE_CODES_IN_DAYS
from tests.histories.keeping import decoded, keep, write
from tests.histories.keys import KEYS, history_keys
from tests.house import House, Life, open_house
from tests.timeskipping import add_search_attributes
from tests.waiting import eventually
from tests.workflows.pool_house import Pools
from workers.codec import data_converter
from workers.loop import with_last_pause
from workers.worker import attempt_timeout
from workflows.contracts import (
    DEVICE_CONNECTED_SIGNAL,
    DeleteRequest,
    UpdateName,
    access_code_workflow_id,
    backup_pool_workflow_id,
)

CHOSEN, CHANGED = "83920174", "71640382"
"""Digits that callers choose: long enough to be found wherever they were written."""

Record = Callable[[House, str], Awaitable[None]]


async def happy(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    life = await house.start(await house.request(lock))
    await life.end()
    await keep(life, name)


async def happy_from_the_api(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    starts_at = datetime.now(UTC) + timedelta(seconds=1)
    ends_at = starts_at + attempt_timeout(house.settings.provider_timeout) + timedelta(seconds=1)
    code_id = uuid4()
    request = CodeRequest(device_id=lock.id, starts_at=starts_at, ends_at=ends_at)
    service = AccessCodeService(house.client, house.database, house.keyring)
    receipt = await service.create(request, access_code_id=code_id, pin=None)
    handle = house.client.get_workflow_handle(access_code_workflow_id(code_id))
    await handle.result()
    await keep(Life(house, code_id, handle, receipt, starts_at, ends_at), name)


async def offline_at_the_start(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    life = await house.start(await house.request(lock))
    await house.fault(lock, "offline")
    await house.pass_time(until=life.starts_at + timedelta(minutes=30))
    await house.heal(lock)
    await life.end()
    assert await life.events() == [
        *("created", "delay_in_setting_on_device", "failed_to_set_on_device", "set_on_device", "removed_from_device"),
    ]
    await keep(life, name)


async def offline_at_the_end(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    life = await house.start(await house.request(lock, lasts=timedelta(hours=5)))
    assert life.ends_at is not None
    await house.pass_time(until=life.ends_at - timedelta(minutes=1))
    await house.fault(lock, "offline")
    await house.pass_time(until=life.ends_at + timedelta(minutes=30))
    await house.heal(lock)
    await life.end(within=timedelta(minutes=50))
    assert "failed_to_remove_from_device" in await life.events()
    await keep(life, name)


async def digits_changed_in_place(house: House, name: str) -> None:
    await _digits_changed(house, name, Capabilities())


async def digits_changed_by_removing_first(house: House, name: str) -> None:
    await _digits_changed(house, name, Capabilities(can_update_in_place=False), max_active_codes_supported=1)


async def digits_changed_by_adding_first(house: House, name: str) -> None:
    await _digits_changed(house, name, Capabilities(can_update_in_place=False))


async def loaded_ahead(house: House, name: str) -> None:
    lock = await house.new_lock(name, capabilities=Capabilities(has_native_scheduling=True))
    life = await house.start(await house.request(lock, starts_in=timedelta(days=4), lasts=timedelta(hours=5)))
    await house.pass_time(until=life.starts_at - timedelta(hours=1))
    assert life.ends_at is not None
    later = life.ends_at + timedelta(hours=1)
    await life.update(UpdateName.CHANGE, CodeChange(window=CodeWindow(starts_at=life.starts_at, ends_at=later)))
    life.ends_at = later
    await life.end()
    assert (await life.events()).count("scheduled_on_device") == 2
    await keep(life, name)


async def _digits_changed(house: House, name: str, capabilities: Capabilities, **facts: int) -> None:
    lock = await house.new_lock(name, capabilities=capabilities, **facts)
    code_id = uuid4()
    life = await house.start(await house.request(lock, code=house.seal(CHOSEN, code_id)), code_id=code_id)
    await house.pass_time(until=life.starts_at + timedelta(hours=1))
    await life.update(UpdateName.CHANGE, CodeChange(code=house.seal(CHANGED, code_id), name="Ada"))
    await house.pass_time(until=life.starts_at + timedelta(hours=2))
    assert await house.opens(lock, CHANGED)
    await life.end()
    await keep(life, name, CHOSEN, CHANGED)


async def window_moved_while_set(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    life = await house.start(await house.request(lock, lasts=timedelta(hours=5)))
    assert life.ends_at is not None
    await house.pass_time(until=life.starts_at + timedelta(hours=1))
    later = life.ends_at + timedelta(days=1)
    await life.update(UpdateName.CHANGE, CodeChange(window=CodeWindow(starts_at=life.starts_at, ends_at=later)))
    life.ends_at = later
    await life.end()
    await keep(life, name)


async def moved_to_another_lock(house: House, name: str) -> None:
    """The new lock is out of reach at first; later the code moves back, to where something of it is left."""
    old, new = await house.new_lock(name), await house.new_lock(f"{name}, new")
    life = await house.start(await house.request(old, lasts=timedelta(hours=5)))
    await house.pass_time(until=life.starts_at + timedelta(minutes=5))
    await house.fault(new, "offline")
    await life.update(UpdateName.CHANGE, CodeChange(device_id=new.id))
    await house.pass_time(until=life.starts_at + timedelta(minutes=12))
    await life.update(UpdateName.CHANGE, CodeChange(device_id=old.id))
    await house.pass_time(until=life.starts_at + timedelta(minutes=20))
    await house.heal(new)
    await life.update(UpdateName.CHANGE, CodeChange(device_id=new.id))
    await house.pass_time(until=life.starts_at + timedelta(minutes=25))
    assert [slot["pin"] for slot in await house.truth(new)] == [await life.pin()]
    await life.end()
    await keep(life, name)


async def cancelled_while_set(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    life = await house.start(await house.request(lock))
    await house.pass_time(until=life.starts_at + timedelta(hours=1))
    await life.handle.cancel()
    await closed(life)
    await keep(life, name)


async def ongoing_deleted(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    life = await house.start(await house.request(lock, starts_in=None, lasts=None))
    await house.pass_time(until=await house.now() + timedelta(days=3))
    await life.update(UpdateName.DELETE, DeleteRequest())
    await closed(life)
    await keep(life, name)


async def registration_refused(house: House, name: str) -> None:
    lock = await house.new_lock(name, supported_code_lengths=(4,))
    code_id = uuid4()
    request = await house.request(lock, code=house.seal(CHOSEN, code_id))
    try:
        await house.start(request, code_id=code_id)
    except WorkflowUpdateFailedError:
        handle = house.client.get_workflow_handle(access_code_workflow_id(code_id))
        await write(await decoded(house, handle.id, CHOSEN), handle.id, name)
        return
    raise AssertionError("the registration was to be refused")


async def refused_by_the_lock(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    life = await house.start(await house.request(lock))
    await house.fault(lock, "reject", count=1)
    await house.pass_time(until=life.starts_at + timedelta(hours=1))
    assert "code_constraints_violated" in await life.problems()
    await life.update(UpdateName.CHANGE, CodeChange(new_digits=True))
    await life.end()
    await keep(life, name)


async def deleted_during_a_write(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    await house.fault(lock, "slow", on="program", delay_seconds=1)
    life = await house.start(await house.request(lock, starts_in=None))
    await called(house, lock.lock_id, "program")
    await life.update(UpdateName.DELETE, DeleteRequest())
    await closed(life)
    await keep(life, name)


async def cancelled_during_a_write(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    await house.fault(lock, "slow", on="program", delay_seconds=1)
    life = await house.start(await house.request(lock, starts_in=None))
    await called(house, lock.lock_id, "program")
    await life.handle.cancel()
    await closed(life)
    await keep(life, name)


async def deleted_while_a_retry_waits(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    await house.fault(lock, "offline", retry_after=60)
    life = await house.start(await house.request(lock, starts_in=None))
    await called(house, lock.lock_id, "program")
    await life.update(UpdateName.DELETE, DeleteRequest())
    await closed(life)
    await keep(life, name)


async def set_once_the_lock_is_back(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    await house.fault(lock, "offline")
    life = await house.start(await house.request(lock, starts_in=None))
    await called(house, lock.lock_id, "program", times=2)
    await house.heal(lock)
    await life.handle.signal(DEVICE_CONNECTED_SIGNAL)
    await eventually(lambda: is_told(life, "set_on_device"), within=10, what="set")
    await life.update(UpdateName.DELETE, DeleteRequest())
    await closed(life)
    await keep(life, name)


async def pulled_by_itself(house: House, name: str) -> None:
    pools = Pools(house)
    lock = await house.new_lock(name)
    await pools.filled(lock)
    life = await house.start(await house.request(lock, lasts=timedelta(hours=5)))
    await house.fault(lock, "http_500", on="program")
    await house.pass_time(until=life.starts_at + timedelta(minutes=5))
    stand_in = await pools.stand_in(life)
    assert stand_in is not None
    await house.heal(lock)
    await life.end()
    digits = await pools.digits(stand_in)
    await keep(life, name, digits)
    backup = access_code_workflow_id(stand_in)
    await write(await decoded(house, backup, digits), backup, f"{name}_backup")
    pool = backup_pool_workflow_id(str(lock.id))
    await write(await decoded(house, pool, digits), pool, f"{name}_pool")


async def pulled_for_somebody(house: House, name: str) -> None:
    pools = Pools(house)
    lock = await house.new_lock(name)
    life = await pools.filled(lock)
    await pools.pull(life)
    await life.update(UpdateName.DELETE, DeleteRequest())
    await pools.settle()
    await keep(life, name)


async def registered_together(house: House, name: str) -> None:
    locks = [await house.new_lock(f"{name} {number}") for number in range(2)]
    siblings = (Sibling(access_code_id=uuid4(), device_id=locks[1].id),)
    request = await house.request(locks[0], common_code_key=name, siblings=siblings, use_backup_access_code_pool=True)
    life = await house.start(request)
    await life.end()
    await keep(life, name)


VIRTUAL = [
    happy,
    offline_at_the_start,
    offline_at_the_end,
    digits_changed_in_place,
    digits_changed_by_removing_first,
    digits_changed_by_adding_first,
    loaded_ahead,
    window_moved_while_set,
    moved_to_another_lock,
    cancelled_while_set,
    ongoing_deleted,
    registration_refused,
    refused_by_the_lock,
    pulled_by_itself,
    pulled_for_somebody,
    registered_together,
    *BESIDE_CODES_IN_DAYS,
]
"""Lives that take days; lived on the time-skipping server."""
REAL = [
    happy_from_the_api,
    deleted_during_a_write,
    cancelled_during_a_write,
    deleted_while_a_retry_waits,
    set_once_the_lock_is_back,
    *BESIDE_CODES,
]
"""Lives that turn on what is under way at one moment; lived on a real server."""
KEPT_ALONG = ["pulled_by_itself_backup", "pulled_by_itself_pool"]
"""Histories of other workflows that took part in a life."""


async def called(house: House, lock_id: str, operation: str, times: int = 1) -> None:
    async def has_come() -> bool:
        calls = (await house.http.get(f"/_calls/{lock_id}")).json()["calls"]
        return [call["operation"] for call in calls].count(operation) >= times

    await eventually(has_come, within=20, what=operation)


async def is_told(life: Life, event_type: str) -> bool:
    return event_type in await life.events()


async def closed(life: Life) -> None:
    async def has_ended() -> bool:
        return (await life.handle.describe()).close_time is not None

    await eventually(has_ended, within=20, what="the workflow ends")


def make_keys_once() -> KeyRing:
    """Give the ring of the histories; it is made only where there is none."""
    if not KEYS.exists():
        numbers = count(1)
        KeyRing.generate(lambda: f"test-only-{next(numbers)}", datetime.now(UTC)).save(KEYS)
    return history_keys()


async def live(house: House, lives: Sequence[Record], wanted: set[str]) -> None:
    for life in lives:
        if not wanted or life.__name__ in wanted:
            await life(house, life.__name__)


async def main(wanted: set[str]) -> None:
    keyring = make_keys_once()
    with tempfile.TemporaryDirectory() as folder:
        async with await WorkflowEnvironment.start_time_skipping(
            data_converter=data_converter(keyring), test_server_existing_path=binary("temporal-test-server")
        ) as env:
            await add_search_attributes(env.client)
            async with open_house(env, env.client, keyring, Path(folder)) as house:
                await live(house, VIRTUAL, wanted)
    with tempfile.TemporaryDirectory() as folder:
        async with temporal(Path(folder)) as server:
            env = await environment(server, keyring)
            async with open_house(env, env.client, keyring, Path(folder)) as house:
                await live(house, REAL, wanted)


if __name__ == "__main__":
    asyncio.run(with_last_pause(main(set(sys.argv[1:]))))
