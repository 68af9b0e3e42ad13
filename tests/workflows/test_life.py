"""A code's whole life on good and bad days, judged by what is really on the lock."""

from datetime import timedelta

from domain.requests import CodeChange
from tests.house import House
from workflows.contracts import UpdateName

SOON = timedelta(seconds=10)


async def test_a_code_is_on_the_lock_in_its_window_and_never_outside(house: House) -> None:
    front_door = await house.device("Front Door")
    life = await house.start(await house.request(front_door, starts_in=timedelta(hours=3), lasts=timedelta(days=2)))
    pin = await life.pin()

    await house.pass_time(until=life.starts_at - timedelta(seconds=5))
    assert not await house.opens(front_door, pin)
    await house.pass_time(until=life.starts_at + timedelta(seconds=5))
    assert await house.opens(front_door, pin)
    assert life.ends_at is not None
    await house.pass_time(until=life.ends_at - timedelta(seconds=5))
    assert await house.opens(front_door, pin)
    await life.end()

    assert await house.truth(front_door) == []
    assert await life.events() == ["created", "set_on_device", "removed_from_device"]
    assert [call["operation"] for call in await house.calls(front_door)] == ["program", "read", "remove", "read"]


async def test_a_code_lives_through_a_lost_reply_and_a_change(house: House) -> None:
    lock = await house.device("Front Door")
    life = await house.start(await house.request(lock))
    await house.fault(lock, "lost_reply", on="program", count=1)
    await house.pass_time(until=life.starts_at + SOON)
    assert await house.opens(lock, await life.pin())
    await life.update(UpdateName.CHANGE, CodeChange(new_digits=True, name="Ada"))
    await house.pass_time(until=await house.now() + SOON)
    assert await house.opens(lock, await life.pin())
    await life.end()
    assert await house.truth(lock) == []
    assert (await life.events())[-1] == "removed_from_device"
