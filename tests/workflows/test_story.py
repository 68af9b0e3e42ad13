"""A code's story as it is told of a real life: what went wrong is there, said once, and the digits are not."""

from datetime import timedelta

from api.exposures import ExposureReader
from api.stories import StoryReader, in_utc
from domain.exposure import ExposureReason
from store.accounts import DEFAULT_WORKSPACE_ID
from tests.house import House

HOURS = timedelta(hours=1)


async def test_a_code_tells_why_it_was_late_and_why_it_stayed_too_long(house: House) -> None:
    lock = await house.new_lock("Storied")
    await house.fault(lock, "offline", seconds=3 * 3600)
    life = await house.start(await house.request(lock, starts_in=1 * HOURS, lasts=5 * HOURS, name="Ada 4711"))
    assert life.ends_at is not None
    await house.pass_time(until=life.starts_at + 3 * HOURS)
    await house.fault(lock, "offline", seconds=5 * 3600)
    await house.pass_time(until=life.ends_at + 2 * HOURS)

    now = await house.now()
    (exposed,) = await ExposureReader(house.database).list(DEFAULT_WORKSPACE_ID, now, device_id=lock.id)
    assert (exposed.access_code_id, exposed.since, exposed.reason) == (life.id, life.ends_at, ExposureReason.ENDED)
    assert "failed_to_remove_from_device" in [problem.code for problem in exposed.problems]
    last = exposed.last_attempt
    assert last is not None
    assert last.times > 10, "one sentence for two hours of trying"
    assert "offline" in last.text

    await house.pass_time(until=life.ends_at + 8 * HOURS)
    assert await house.truth(lock) == []
    now = await house.now()
    assert list(await ExposureReader(house.database).list(DEFAULT_WORKSPACE_ID, now, device_id=lock.id)) == []
    told = (await StoryReader(house.database).tell(life.id, now, in_utc)).lines
    texts = [line.text for line in told]
    order = [
        f"The code was registered, from {in_utc(life.starts_at)} to {in_utc(life.ends_at)}.",
        "Its time began: it should be on the lock.",
        "It is late on the lock: a warning is shown.",
        "It is proven on the lock.",
        "Its time ended: it should be gone.",
        "It is proven gone from the lock.",
        "Now it is unset: nothing is to be done any more.",
    ]
    places = [next((place for place, text in enumerate(texts) if text == said), -1) for said in order]
    assert -1 not in places, texts
    assert places == sorted(places)
    assert [line.at for line in told] == sorted(line.at for line in told)
    assert len(told) < 30, "what repeats is said once"
    assert sum(line.times for line in told) > 2 * len(told)
    whole = "\n".join(texts)
    assert await life.pin() not in whole
    assert "4711" not in whole
