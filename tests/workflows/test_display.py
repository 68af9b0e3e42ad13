"""What an operator reads in the Temporal UI: the state, the reason, the problem; never the digits."""

from datetime import timedelta
from uuid import uuid4

from temporalio.api.sdk.v1 import WorkflowMetadata

from tests.house import House, Life
from workflows.contracts import SearchAttribute

SOON = timedelta(seconds=5)


async def current_details(life: Life) -> str:
    metadata = await life.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(metadata.current_details)


async def attributes(life: Life) -> dict[str, object]:
    described = await life.handle.describe()
    return {pair.key.name: pair.value for pair in described.typed_search_attributes}


async def labels(life: Life) -> list[str]:
    """The summaries of timers and activities, decoded as the codec endpoint does."""
    history = await life.handle.fetch_history()
    payloads = [event.user_metadata.summary for event in history.events if event.user_metadata.HasField("summary")]
    converter = life.house.client.data_converter
    return [str((await converter.decode([payload]))[0]) for payload in payloads]


async def test_the_ui_tells_what_a_code_waits_for_and_what_was_read(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock))
    assert "**unset**" in await current_details(life)
    assert "nothing of it is on the lock" in await current_details(life)
    await house.pass_time(until=life.starts_at + SOON)
    told = await current_details(life)
    assert "**set**" in told
    assert lock.name in told
    assert "read back from the lock" in told
    assert await life.pin() not in told
    assert (await attributes(life))[SearchAttribute.CODE_STATUS] == "set"
    await life.end()
    shown = await attributes(life)
    assert (shown[SearchAttribute.CODE_STATUS], shown[SearchAttribute.HAS_PROBLEM]) == ("unset", False)
    assert shown[SearchAttribute.DEVICE_ID] == str(lock.id)


async def test_the_ui_shows_trouble_and_its_end(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock))
    await house.fault(lock, "offline")
    await house.pass_time(until=life.starts_at + timedelta(minutes=11))
    told = await current_details(life)
    assert "`failed_to_set_on_device` since" in told
    assert "trying again until it is proven" in told
    assert (await attributes(life))[SearchAttribute.HAS_PROBLEM] is True
    assert (await attributes(life))[SearchAttribute.CODE_STATUS] == "setting"
    await house.heal(lock)
    await house.pass_time(until=life.starts_at + timedelta(minutes=30))
    assert "failed" not in await current_details(life)
    assert (await attributes(life))[SearchAttribute.HAS_PROBLEM] is False


async def test_timers_and_activities_are_labelled(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock))
    await life.end()
    told = await labels(life)
    assert f"program on {lock.name}" in told
    assert f"remove on {lock.name}" in told
    assert sum(label.startswith("asleep until") for label in told) == 2
