"""A lock that breaks and is replaced by another, with guests in the house and guests to come."""

from datetime import timedelta

from api.exposures import ExposureReader
from api.replacements import ReplacementService
from domain.exposure import ExposureReason
from domain.replacement import ReplacementStatus
from store.accounts import DEFAULT_WORKSPACE_ID
from tests.house import House
from tests.regressions.judging import a_lock

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def test_device_replaced(house: House) -> None:
    """Guests type what they typed before, at the new lock; what is on the old one stays known until it is gone."""
    old, new = await a_lock(house), await a_lock(house)
    here = await house.start(await house.request(old, starts_in=None, lasts=20 * HOUR))
    later = await house.start(await house.request(old, starts_in=2 * HOUR, lasts=5 * HOUR))
    first, second = await here.pin(), await later.pin()
    await house.pass_time(until=await house.now() + MINUTE)
    await house.fault(old, "offline")

    service = ReplacementService(house.client, house.database)
    await service.start(DEFAULT_WORKSPACE_ID, new.id, old.id)
    await house.pass_time(until=await house.now() + MINUTE)
    assert (await service.get(DEFAULT_WORKSPACE_ID, new.id)).status is ReplacementStatus.DONE
    assert await house.opens(new, first)
    await house.pass_time(until=later.starts_at + MINUTE)
    assert await house.opens(new, second)
    assert await house.opens(old, first), "nobody could take it off"

    async def exposed() -> list[ExposureReason]:
        found = await ExposureReader(house.database).list(DEFAULT_WORKSPACE_ID, await house.now(), device_id=old.id)
        return [one.reason for one in found]

    assert await exposed() == [ExposureReason.MOVED]
    await house.heal(old)
    await house.pass_time(until=await house.now() + 20 * MINUTE)
    assert await house.truth(old) == []
    assert await exposed() == []
    await later.end()
    assert [slot["pin"] for slot in await house.truth(new)] == [first]
