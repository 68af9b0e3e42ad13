"""What a lock's cloud answers to a write says nothing of what is on the lock.

Peers believed a good answer, or wrote again and again after a bad one.
"""

from datetime import timedelta

from domain.access_code import Status
from domain.devices import Capabilities
from domain.requests import CodeChange
from tests.house import House
from tests.regressions.judging import A_RETRY, SOON, a_lock, asked, said, watch
from workflows.contracts import UpdateName

MINUTES = timedelta(minutes=1)


async def test_write_ok_but_not_stored(house: House) -> None:
    """Two writes are answered with success and reach no lock; the third does."""
    lock = await a_lock(house)
    life = await house.start(await house.request(lock))
    await house.fault(lock, "lying_success", on="program", count=2)
    await watch(house, lock, life, until=life.starts_at + timedelta(seconds=20), every=timedelta(seconds=1))
    assert await house.opens(lock, await life.pin())
    assert await said(house, life) is Status.SET
    assert await asked(house, lock, "program") == 3
    await life.end()


async def test_stored_but_ack_lost(house: House) -> None:
    """The lock has the code, its answer never came: the lock is looked at, not written to again."""
    lock = await a_lock(house)
    life = await house.start(await house.request(lock))
    await house.fault(lock, "lost_reply", on="program", count=1)
    await watch(house, lock, life, until=life.starts_at + SOON, every=timedelta(seconds=1))
    assert await said(house, life) is Status.SET
    assert [slot["pin"] for slot in await house.truth(lock)] == [await life.pin()]
    assert await asked(house, lock, "program") == 1
    await life.end()


async def test_stored_but_read_back_masked(house: House) -> None:
    """That we wrote it is kept in the books: comparing them with the lock again and again writes nothing."""
    lock = await a_lock(house, capabilities=Capabilities(masks_codes=True))
    life = await house.start(await house.request(lock))
    await house.pass_time(until=life.starts_at + SOON)
    assert await said(house, life) is Status.SET
    for hours in (1, 2, 3):
        await house.pass_time(until=life.starts_at + timedelta(hours=hours))
        assert (await house.reconcile(lock)).as_expected == 1
    assert await said(house, life) is Status.SET
    assert await house.opens(lock, await life.pin())
    assert await asked(house, lock, "program") == 1
    await life.end()
    assert await house.truth(lock) == []


async def test_read_back_stale_for_minutes_then_right(house: House) -> None:
    """For five minutes the cloud shows the lock as it was before the write."""
    lock = await a_lock(house)
    life = await house.start(await house.request(lock))
    await house.pass_time(until=life.starts_at - SOON)
    stale = timedelta(minutes=5)
    await house.fault(lock, "stale_read", seconds_ago=600, seconds=(stale + SOON).total_seconds())
    await watch(house, lock, life, until=life.starts_at + stale, every=MINUTES)
    assert await life.problems() == {"delay_in_setting_on_device"}, "it is late, and nothing else is wrong"
    await watch(house, lock, life, until=life.starts_at + stale + A_RETRY, every=MINUTES)
    assert await said(house, life) is Status.SET
    assert await life.problems() == set()
    assert await life.events() == ["created", "delay_in_setting_on_device", "set_on_device"]
    written = await asked(house, lock, "program")
    await house.pass_time(until=life.starts_at + timedelta(hours=3))
    assert await asked(house, lock, "program") == written
    await life.end()


async def test_duplicate_error_caused_by_our_own_earlier_write(house: House) -> None:
    """The answer was lost and the read shows an old picture: the second write is refused as the first one's double."""
    lock = await a_lock(house)
    life = await house.start(await house.request(lock))
    await house.pass_time(until=life.starts_at - SOON)
    await house.fault(lock, "lost_reply", on="program", count=1)
    await house.fault(lock, "stale_read", seconds_ago=600, count=2)
    await watch(house, lock, life, until=life.starts_at + timedelta(seconds=30), every=timedelta(seconds=1))
    assert ("program", "rejected") in await life.attempts()
    assert await said(house, life) is Status.SET
    assert [slot["pin"] for slot in await house.truth(lock)] == [await life.pin()]
    assert await life.events() == ["created", "set_on_device"]
    assert await life.problems() == set()
    await life.end()


async def test_code_never_used_then_must_change(house: House) -> None:
    """The lock can change codes in place, but not this one: it is taken off and set anew, with the new digits."""
    lock = await a_lock(house)
    life = await house.start(await house.request(lock))
    await house.pass_time(until=life.starts_at + SOON)
    old = await life.pin()
    real = house.cloud.locks[lock.lock_id]
    real.facts = real.facts.model_copy(update={"capabilities": Capabilities(can_update_in_place=False)})
    changed_at = await house.now()
    await life.update(UpdateName.CHANGE, CodeChange(new_digits=True))
    await house.pass_time(until=changed_at + A_RETRY)
    assert await house.opens(lock, await life.pin())
    assert not await house.opens(lock, old)
    assert await said(house, life) is Status.SET
    await life.end()
    assert await house.truth(lock) == []


async def test_provider_429_burst_on_friday_at_1500(house: House) -> None:
    """Six stays begin at once and their cloud answers "too many": its wish is kept, and nobody is given up."""
    now = await house.now()
    days = (4 - now.weekday()) % 7 or 7
    friday = (now + timedelta(days=days)).replace(hour=15, minute=0, second=0, microsecond=0)
    locks = [await a_lock(house) for _ in range(6)]
    lives = [await house.start(await house.request(lock, starts_in=friday - now)) for lock in locks]
    await house.pass_time(until=friday - SOON)
    await house.fault(None, "http_429", retry_after=20, seconds=90)
    await house.pass_time(until=friday + timedelta(seconds=80))
    for lock in locks:
        assert await house.truth(lock) == []
        assert await asked(house, lock, "program") <= 5, "every 20 seconds, as the cloud wished"
    await house.pass_time(until=friday + timedelta(seconds=90) + A_RETRY)
    for lock, life in zip(locks, lives, strict=True):
        assert await house.opens(lock, await life.pin())
        assert await life.events() == ["created", "delay_in_setting_on_device", "set_on_device"]
    await lives[-1].end()
    assert [await house.truth(lock) for lock in locks] == [[]] * len(locks)
