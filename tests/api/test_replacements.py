"""New locks over HTTP: what is asked, what is answered, and a lock that takes another's place."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from store import replacements
from store.tables import DeviceRow
from tests.api.door import Door
from tests.waiting import eventually

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def asked_about(door: Door, lock: DeviceRow) -> None:
    async with door.house.database.write() as session:
        await replacements.ask(session, [lock], datetime.now(UTC))


async def question(door: Door, lock: DeviceRow) -> Any:
    found = (await door.asked("/latchwork/device_questions"))["device_questions"]
    return next((one for one in found if one["device_id"] == str(lock.id)), None)


async def test_new_lock_takes_anothers_place_and_gives_it_back(door: Door) -> None:
    old, new = await door.lock(), await door.lock()
    code = await door.code(device_id=str(old.id))
    await door.until(code["access_code_id"], "set")
    async with door.house.database.write() as session:
        (await session.get_one(DeviceRow, old.id)).online = False
        (await session.get_one(DeviceRow, new.id)).name = old.name
    await asked_about(door, new)
    told = await question(door, new)
    assert (told["likely_replaced_device_id"], told["likely_replaced_device_name"]) == (str(old.id), old.name)
    assert told["because"][:2] == ["it is offline", "it has the same name"]

    ids = {"device_id": str(new.id), "replaces_device_id": str(old.id)}
    assert (await door.asked("/latchwork/replacements/start", **ids))["replacement"]["status"] == "running"

    async def stands(status: str) -> Any:
        found: dict[str, Any] = {}

        async def is_so() -> bool:
            found.update((await door.asked("/latchwork/replacements/get", device_id=str(new.id)))["replacement"])
            return bool(found["status"] == status)

        await eventually(is_so, within=20, what=f"the replacement is {status}")
        return found

    done = await stands("done")
    assert done["codes"] == [{"access_code_id": code["access_code_id"], "status": "set", "detail": None}]
    assert (done["moved_count"], done["code_count"], done["can_roll_back"]) == (1, 1, True)
    assert await door.house.opens(new, code["code"])
    assert await question(door, new) is None
    assert str(new.id) in [one["device_id"] for one in (await door.asked("/latchwork/replacements"))["replacements"]]

    await door.asked("/latchwork/replacements/roll_back", device_id=str(new.id))
    assert (await stands("rolled_back"))["codes"][0]["status"] == "returned"
    shown = await door.until(code["access_code_id"], "set")
    assert (shown["device_id"], shown["code"]) == (str(old.id), code["code"])
    assert await question(door, new) is not None


async def test_answers_and_refusals(door: Door) -> None:
    new = await door.lock()
    answered = {"device_id": str(new.id), "answer": "new", "place": "Back door"}
    assert await door.refused("/latchwork/device_questions/answer", **answered) == (404, "device_not_found")
    await asked_about(door, new)
    await door.asked("/latchwork/device_questions/answer", **answered)
    assert await question(door, new) is None
    shown = (await door.asked("/devices/get", device_id=str(new.id)))["device"]
    assert shown["custom_metadata"] == {"place": "Back door"}

    _, foreign = await door.another_workspace()
    for old in (str(uuid4()), str(foreign)):
        ids = {"device_id": str(new.id), "replaces_device_id": old}
        assert await door.refused("/latchwork/replacements/start", **ids) == (404, "device_not_found")
    itself = {"device_id": str(new.id), "replaces_device_id": str(new.id)}
    assert (await door.refused("/latchwork/replacements/start", **itself))[0] == 400
    for path in ("get", "roll_back"):
        refused = await door.refused(f"/latchwork/replacements/{path}", device_id=str(new.id))
        assert refused == (404, "device_not_found")


async def test_code_moved_while_its_write_is_in_flight_is_said_of_no_lock_that_has_it_not(door: Door) -> None:
    """What the old lock shows at the end of the write proves nothing of the new one."""
    old, new = await door.lock(), await door.lock()
    for lock in (old, new):
        await door.house.fault(lock, "slow", on="program", delay_seconds=1)
    code = await door.code(device_id=str(old.id))

    async def is_written() -> bool:
        return "program" in [call["operation"] for call in await door.house.calls(old)]

    await eventually(is_written, within=10, what="the write is in flight")
    await door.asked("/access_codes/update", access_code_id=code["access_code_id"], device_id=str(new.id))
    await door.until(code["access_code_id"], "set")
    assert await door.house.opens(new, code["code"])

    async def is_gone() -> bool:
        return await door.house.truth(old) == []

    await eventually(is_gone, within=30, what="the write that arrived late is taken off")
