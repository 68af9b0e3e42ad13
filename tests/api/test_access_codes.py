"""Access codes over HTTP, on real locks' simulations: what is answered is what the lock then does."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.devices import Capabilities
from domain.requests import CodeRequest
from store import devices
from store.api_tables import ActionAttemptRow
from store.tables import DeviceRow
from tests.api.door import Door, in_hours
from tests.waiting import eventually


async def test_created_code_opens_the_door_and_says_so(door: Door) -> None:
    lock = await door.lock()
    answer = await door.asked("/access_codes/create", device_id=str(lock.id), name="Ada")
    code = answer["access_code"]
    assert (code["type"], code["name"], code["is_managed"]) == ("ongoing", "Ada", True)
    assert answer["action_attempt"]["status"] == "pending"
    shown = await door.until(code["access_code_id"], "set")
    assert shown["code"] == code["code"]
    assert (shown["errors"], shown["warnings"], shown["pending_mutations"]) == ([], [], [])
    assert await door.house.opens(lock, code["code"])


async def test_silent_lock_is_refused_to_who_wants_no_attempt_on_it(door: Door) -> None:
    lock = await door.lock()
    told = {"device_id": str(lock.id), "attempt_for_offline_device": False}
    code = await door.code(**told)
    await door.until(code["access_code_id"], "set")  # from here on nothing talks to the lock and finds it online
    async with door.house.database.write() as session:
        await devices.mark_online(
            session, await session.get_one(DeviceRow, lock.id), online=False, now=datetime.now(UTC), new_id=uuid4
        )
    assert await door.refused("/access_codes/create", **told) == (400, "device_disconnected")
    several = {"device_ids": [str(lock.id)], "attempt_for_offline_device": False}
    assert await door.refused("/access_codes/create_multiple", **several) == (400, "device_disconnected")
    change = {"access_code_id": code["access_code_id"], "name": "Ada"}
    refused = await door.refused("/access_codes/update", **change, attempt_for_offline_device=False)
    assert refused == (400, "device_disconnected")
    await door.asked("/access_codes/update", **change)


async def test_attempts_follow_the_code(door: Door) -> None:
    answer = await door.asked("/access_codes/create", device_id=str((await door.lock()).id))
    attempt_id, code_id = answer["action_attempt"]["action_attempt_id"], answer["access_code"]["access_code_id"]
    await door.until(code_id, "set")
    created = (await door.asked("/action_attempts/get", action_attempt_id=attempt_id))["action_attempt"]
    assert (created["status"], created["action_type"], created["error"]) == ("success", "CREATE_ACCESS_CODE", None)
    assert created["result"]["access_code"]["code"] == answer["access_code"]["code"]
    deleted = (await door.asked("/access_codes/delete", access_code_id=code_id))["action_attempt"]
    await door.until_gone(code_id)
    shown = (await door.asked("/action_attempts/get", action_attempt_id=deleted["action_attempt_id"]))["action_attempt"]
    assert (shown["status"], shown["result"]) == ("success", {})


async def test_attempt_of_a_code_that_another_program_started(door: Door) -> None:
    """It is about the first code for which it was named; naming it again is no harm."""
    attempt_id = uuid4()
    first, second = [
        await door.services.codes.create(
            CodeRequest(
                device_id=(await door.lock()).id,
                starts_at=datetime.now(UTC) + timedelta(hours=1),
                action_attempt_id=attempt_id,
            ),
            access_code_id=uuid4(),
            pin=None,
        )
        for _ in range(2)
    ]
    shown = (await door.asked("/action_attempts/get", action_attempt_id=str(attempt_id)))["action_attempt"]
    assert (shown["status"], shown["action_type"]) == ("pending", "CREATE_ACCESS_CODE")
    async with door.house.database.read() as session:
        row = await session.get(ActionAttemptRow, attempt_id)
    assert row is not None
    assert row.access_code_id == first.access_code_id != second.access_code_id


@pytest.mark.parametrize(("prefers", "is_loaded"), [(None, True), (False, False)])
async def test_lock_that_keeps_windows_has_a_later_code_ahead(
    door: Door, prefers: bool | None, is_loaded: bool
) -> None:
    lock = await door.house.new_lock(f"Lock {uuid4()}", capabilities=Capabilities(has_native_scheduling=True))
    told = {"starts_at": in_hours(1), "ends_at": in_hours(2), "prefer_native_scheduling": prefers}
    code = await door.code(device_id=str(lock.id), **told)
    assert (code["status"], code["is_scheduled_on_device"]) == ("unset", False)

    async def shows_it() -> bool:
        shown = (await door.asked("/access_codes/get", access_code_id=code["access_code_id"]))["access_code"]
        on_lock = [slot["pin"] for slot in await door.house.truth(lock)]
        expected = ("unset", is_loaded, [code["code"]] if is_loaded else [])
        return (shown["status"], shown["is_scheduled_on_device"], on_lock) == expected

    await eventually(shows_it, within=15, what="the code is shown as the lock has it")
    await door.asked("/access_codes/delete", access_code_id=code["access_code_id"])
    await door.until_gone(code["access_code_id"])


async def test_attempt_of_a_later_code_waits_for_its_start(door: Door) -> None:
    lock = await door.lock()
    answer = await door.asked(
        "/access_codes/create", device_id=str(lock.id), starts_at=in_hours(1), ends_at=in_hours(2), code="4715"
    )
    code = answer["access_code"]
    assert (code["type"], code["status"], code["code"]) == ("time_bound", "unset", "4715")
    assert code["pending_mutations"][0]["mutation_code"] == "deferring_creation"
    asked = await door.asked("/action_attempts/get", action_attempt_id=answer["action_attempt"]["action_attempt_id"])
    assert asked["action_attempt"]["status"] == "pending"
    await door.asked("/access_codes/delete", access_code_id=code["access_code_id"])
    await door.until_gone(code["access_code_id"])
    asked = await door.asked("/action_attempts/get", action_attempt_id=answer["action_attempt"]["action_attempt_id"])
    assert asked["action_attempt"]["status"] == "error"


async def test_changed_digits_open_and_old_ones_do_not(door: Door) -> None:
    lock = await door.lock()
    code = await door.code(device_id=str(lock.id))
    await door.until(code["access_code_id"], "set")
    changed = await door.asked("/access_codes/update", access_code_id=code["access_code_id"], code="73190", name="New")
    attempt_id = changed["action_attempt"]["action_attempt_id"]
    shown = await door.until(code["access_code_id"], "set")
    assert (shown["code"], shown["name"]) == ("73190", "New")
    assert await door.house.opens(lock, "73190")
    assert not await door.house.opens(lock, code["code"])
    done = (await door.asked("/action_attempts/get", action_attempt_id=attempt_id))["action_attempt"]
    assert done["status"] == "success"


async def test_code_is_found_by_its_digits(door: Door) -> None:
    lock = await door.lock()
    code = await door.code(device_id=str(lock.id), code="582049")
    found = await door.asked("/access_codes/get", device_id=str(lock.id), code="582049")
    assert found["access_code"]["access_code_id"] == code["access_code_id"]
    assert await door.refused("/access_codes/get", device_id=str(lock.id), code="582048") == (
        404,
        "access_code_not_found",
    )


async def test_window_moves_and_ongoing_takes_it_away(door: Door) -> None:
    code = await door.code(starts_at=in_hours(3), ends_at=in_hours(4))
    later = in_hours(9)
    await door.asked("/access_codes/update", access_code_id=code["access_code_id"], ends_at=later)
    shown = (await door.asked("/access_codes/get", access_code_id=code["access_code_id"]))["access_code"]
    assert shown["starts_at"] == code["starts_at"]
    assert shown["ends_at"] == f"{later[:23]}Z"
    await door.asked("/access_codes/update", access_code_id=code["access_code_id"], type="ongoing")
    shown = await door.until(code["access_code_id"], "set")
    assert (shown["type"], shown["starts_at"], shown["ends_at"]) == ("ongoing", None, None)


async def test_taken_digits_are_a_conflict_that_does_not_repeat_them(door: Door) -> None:
    lock = await door.lock()
    await door.code(device_id=str(lock.id), code="640913")
    answer = await door.call("/access_codes/create", device_id=str(lock.id), code="640913")
    assert (answer.status_code, answer.json()["error"]["type"]) == (409, "duplicate_access_code")
    assert "640913" not in answer.text


async def test_generated_digits_are_free_and_fit(door: Door) -> None:
    lock = await door.lock()
    answer = await door.asked("/access_codes/generate_code", device_id=str(lock.id))
    generated = answer["generated_code"]
    assert generated["device_id"] == str(lock.id)
    assert (await door.code(device_id=str(lock.id), code=generated["code"]))["code"] == generated["code"]


async def test_timeline_tells_the_story_without_digits(door: Door) -> None:
    code = await door.code(code="905182")
    await door.until(code["access_code_id"], "set")
    first = await door.asked("/access_codes/get_timeline", access_code_id=code["access_code_id"], limit=2)
    rest = await door.asked(
        "/access_codes/get_timeline", access_code_id=code["access_code_id"], before=first["pagination"]["next_cursor"]
    )
    types = [entry["event_type"] for entry in [*first["timeline_events"], *rest["timeline_events"]]]
    assert types[-1] == "access_code.created"
    assert "access_code.set_on_device" in types
    assert "internal.access_code.programming_started" in types
    said = [entry["description"] for entry in [*first["timeline_events"], *rest["timeline_events"]]]
    assert "It is proven on the lock." in said
    assert "Writing the code to the lock: the vendor accepted it." in said
    assert "905182" not in str([first, rest])


async def test_another_device_id_moves_the_code(door: Door) -> None:
    old, new = await door.lock(), await door.lock()
    code = await door.code(device_id=str(old.id))
    code_id = code["access_code_id"]
    await door.until(code_id, "set")
    changed = await door.asked("/access_codes/update", access_code_id=code_id, device_id=str(new.id), name="Ada")
    shown = await door.until(code_id, "set")
    assert (shown["device_id"], shown["code"], shown["name"]) == (str(new.id), code["code"], "Ada")
    assert await door.house.opens(new, code["code"])
    attempt_id = changed["action_attempt"]["action_attempt_id"]
    done = (await door.asked("/action_attempts/get", action_attempt_id=attempt_id))["action_attempt"]
    assert (done["status"], done["action_type"]) == ("success", "UPDATE_ACCESS_CODE")

    async def is_gone() -> bool:
        return await door.house.truth(old) == []

    await eventually(is_gone, within=15, what="it is off the old lock")
    assert (await door.asked("/access_codes/list", device_id=str(old.id)))["access_codes"] == []

    async def is_proven_gone() -> bool:
        told = await door.asked("/latchwork/exposures", device_id=str(old.id))
        return not told["exposures"]

    await eventually(is_proven_gone, within=15, what="it is proven that it is off the old lock")
    _, foreign = await door.another_workspace()
    for unknown in (str(uuid4()), str(foreign)):
        refused = await door.refused("/access_codes/update", access_code_id=code_id, device_id=unknown)
        assert refused == (404, "device_not_found")
