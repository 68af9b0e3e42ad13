"""More than one thing is down at once: a lock and its backup codes, or whoever is to be told.

Peers had no backup of their own, handed out codes that were not there, or told nobody a second time.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest_asyncio

from tests.house import House
from tests.receiver import Receiver, Reply, receiver
from tests.regressions.judging import A_RETRY, SOON, a_lock
from tests.webhooks import an_endpoint, an_event
from tests.workflows.pool_house import Pools

HOURS = timedelta(hours=1)
BACKUP_AT = timedelta(minutes=2, seconds=3)


@pytest_asyncio.fixture(loop_scope="session")
async def pools(house: House) -> AsyncIterator[Pools]:
    """The pools of the house; its locks are well again afterwards."""
    made = Pools(house)
    yield made
    await made.heal()


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def app() -> AsyncIterator[Receiver]:
    """A customer's receiver."""
    async with receiver() as running:
        yield running


async def test_backup_itself_fails_before_it_is_needed(house: House, pools: Pools) -> None:
    """Somebody deleted a backup code at the keypad: the guest is given one that is there."""
    lock = await a_lock(house)
    await pools.filled(lock)
    for slot in (await house.truth(lock))[:4]:
        await house.keypad(lock, slot["slot"], None)
    await house.fault(lock, "http_500", on="program")
    await house.reconcile(lock)
    await house.pass_time(until=await house.now() + SOON)
    life = await house.start(await house.request(lock, starts_in=timedelta(minutes=1)))
    await house.pass_time(until=life.starts_at + BACKUP_AT)
    stand_in = await pools.stand_in(life)
    assert stand_in is not None
    assert await house.opens(lock, await pools.digits(stand_in))


async def test_backup_itself_fails_while_it_stands_in(house: House, pools: Pools) -> None:
    """The backup that a guest was given is deleted at the keypad while nothing can be written: it is set again then."""
    lock = await a_lock(house)
    await pools.filled(lock)
    life = await house.start(await house.request(lock, lasts=5 * HOURS))
    await house.pass_time(until=life.starts_at - SOON)
    await house.fault(lock, "http_500", on="program")
    await house.pass_time(until=life.starts_at + BACKUP_AT)
    stand_in = await pools.stand_in(life)
    assert stand_in is not None
    digits = await pools.digits(stand_in)
    (place,) = [slot["slot"] for slot in await house.truth(lock) if slot["pin"] == digits]
    await house.keypad(lock, place, None)
    await house.reconcile(lock)
    await house.heal(lock)
    await house.pass_time(until=await house.now() + A_RETRY)
    assert await house.opens(lock, digits)
    assert await house.opens(lock, await life.pin())
    assert await pools.stand_in(life) == stand_in


async def test_webhook_receiver_down_for_a_day(house: House, app: Receiver) -> None:
    """What could not be told today is told tomorrow, once, under the same id; nobody is written off for a day."""
    path = f"/{uuid4()}"
    app.always[path] = Reply(503)
    endpoint = await an_endpoint(house, app.url + path)
    deliveries = [await endpoint.start(await an_event(house)) for _ in range(3)]
    await app.until(path, 3)
    await house.pass_time(until=await house.now() + timedelta(days=1))
    assert await endpoint.disabled_at() is None
    failed = len(app.got[path])
    app.always[path] = Reply(204)
    await house.pass_time(until=await house.now() + 12 * HOURS)
    with house.env.auto_time_skipping_disabled():
        assert [(await delivery.result()).outcome for delivery in deliveries] == ["delivered"] * 3
    ids = [received.headers["webhook-id"] for received in app.got[path]]
    assert len(ids[failed:]) == len(set(ids[failed:])) == len(set(ids)) == 3
