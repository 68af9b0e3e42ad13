"""Codes of others, and others' hands on ours.

Peers took what was in a slot for their own, overwrote what was not, or stopped at the first digits that came twice.
"""

from datetime import timedelta

import pytest

from domain.access_code import Status
from providers.simulated.answers import Answer, Request
from providers.simulated.orders import Order
from tests.house import House
from tests.regressions.judging import A_RETRY, SOON, a_lock, said


async def test_foreign_code_lands_in_our_slot_between_plan_and_write(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slot was free when it was chosen and is not when the order arrives: its holder keeps it, we take another."""
    lock = await a_lock(house)
    life = await house.start(await house.request(lock))
    create = house.cloud.create

    def somebody_is_faster(request: Request, lock_id: str, order: Order | None) -> Answer:
        monkeypatch.undo()
        assert order is not None
        assert (lock_id, order.slot) == (lock.lock_id, 1)
        house.cloud.lock(lock_id).type_in(1, "4807", house.cloud.new_id(), house.cloud.clock.now())
        return create(request, lock_id, order)

    monkeypatch.setattr(house.cloud, "create", somebody_is_faster)
    await house.pass_time(until=life.starts_at + SOON)
    held = {slot["slot"]: slot["pin"] for slot in await house.truth(lock)}
    assert held == {1: "4807", 2: await life.pin()}
    assert await said(house, life) is Status.SET
    assert (await house.reconcile(lock)).as_expected == 1
    await life.end()
    assert [slot["pin"] for slot in await house.truth(lock)] == ["4807"]


async def test_keypad_user_changes_our_code_to_another_managed_pin(house: House) -> None:
    """The next guest's digits are on the lock already, in this guest's place: neither guest is kept outside for it."""
    lock = await a_lock(house)
    guest = await house.start(await house.request(lock, starts_in=None, lasts=timedelta(days=2)))
    following = await house.start(await house.request(lock, starts_in=timedelta(hours=2)))
    await house.pass_time(until=await house.now() + SOON)
    ((slot,), pin, next_pin) = (await house.truth(lock), await guest.pin(), await following.pin())
    await house.keypad(lock, slot["slot"], next_pin)
    await house.pass_time(until=following.starts_at + SOON)
    assert "duplicate_code_on_device" in await following.problems()
    await house.reconcile(lock)
    await house.pass_time(until=following.starts_at + 3 * A_RETRY)
    assert sorted(slot["pin"] for slot in await house.truth(lock)) == sorted([pin, next_pin])
    assert (await said(house, guest), await said(house, following)) == (Status.SET, Status.SET)
    assert await following.problems() == set()
    assert "modified_external_to_seam" in await guest.events()
    await following.end()
    assert await house.truth(lock) == []
