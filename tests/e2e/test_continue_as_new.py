"""A code that has seen much starts over with a short history, and nobody who speaks to it notices."""

from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from domain.requests import CodeChange
from tests.conftest import binary
from tests.house import Life, new_ring, open_house
from tests.waiting import eventually
from workers.codec import data_converter
from workflows.contracts import SEARCH_ATTRIBUTE_TYPES, DeleteRequest, UpdateName

SUGGESTED_AFTER_EVENTS = 60


async def run_id(life: Life) -> str | None:
    return (await life.house.client.get_workflow_handle(life.handle.id).describe()).run_id


async def history(life: Life) -> list[int]:
    handle = life.house.client.get_workflow_handle(life.handle.id)
    return [event.event_type async for event in handle.fetch_history_events()]


async def test_a_code_goes_on_as_new_and_keeps_what_it_knows(tmp_path: Path) -> None:
    keyring = new_ring()
    attributes = [f"--search-attribute={name.value}={kind}" for name, kind in SEARCH_ATTRIBUTE_TYPES.items()]
    async with (
        await WorkflowEnvironment.start_local(
            data_converter=data_converter(keyring),
            dev_server_existing_path=binary("temporal"),
            dev_server_extra_args=[
                "--dynamic-config-value",
                f"limit.historyCount.suggestContinueAsNew={SUGGESTED_AFTER_EVENTS}",
                *attributes,
            ],
        ) as env,
        open_house(env, env.client, keyring, tmp_path) as house,
    ):
        lock = await house.device("Front Door")
        life = await house.start(await house.request(lock, starts_in=None, lasts=None))
        life.handle = house.client.get_workflow_handle(life.handle.id)  # whichever run is on
        first = await run_id(life)

        async def opens() -> bool:
            return await house.opens(lock, await life.pin())

        async def has_started_over() -> bool:
            await life.update(UpdateName.CHANGE, CodeChange(new_digits=True))
            await eventually(opens, within=10, what="the newest digits open the door")
            return await run_id(life) != first

        await eventually(has_started_over, within=60, what="the code goes on as new")
        await life.update(UpdateName.CHANGE, CodeChange(new_digits=True))
        await eventually(opens, within=10, what="the new run puts new digits on the lock")
        assert len(await house.truth(lock)) == 1
        assert len(await history(life)) < SUGGESTED_AFTER_EVENTS
        assert (await life.events()).count("created") == 1
        await life.update(UpdateName.DELETE, DeleteRequest())
        await life.handle.result()
        assert await house.truth(lock) == []
        assert (await life.events())[-2:] == ["removed_from_device", "deleted"]
