"""The routes of codes that somebody else put on a lock, and of codes that others may change, by Seam's own words."""

from typing import Any

from tests.api.door import Door
from tests.waiting import eventually


async def typed_in(door: Door, device_id: str, code: str, name: str = "Cleaner") -> dict[str, Any]:
    """Have somebody put a code on a simulated lock."""
    path = "/access_codes/simulate/create_unmanaged_access_code"
    answer: dict[str, Any] = (await door.asked(path, device_id=device_id, code=code, name=name))["access_code"]
    return answer


async def test_unmanaged_codes_are_got_listed_in_pages_and_found(door: Door) -> None:
    lock = str((await door.lock()).id)
    made = [await typed_in(door, lock, code, name) for code, name in (("480715", "Ada"), ("480716", "Ben"))]
    assert [one["is_managed"] for one in made] == [False, False]
    listing = "/access_codes/unmanaged/list"
    first = await door.asked(listing, device_id=lock, limit=1)
    assert [one["code"] for one in first["access_codes"]] == ["480716"]
    cursor = first["pagination"]["next_page_cursor"]
    second = await door.asked(listing, device_id=lock, limit=1, page_cursor=cursor)
    assert ([one["code"] for one in second["access_codes"]], second["pagination"]["has_next_page"]) == (
        ["480715"],
        False,
    )
    found = await door.asked(listing, device_id=lock, search="ad")
    assert [one["name"] for one in found["access_codes"]] == ["Ada"]
    got = await door.asked("/access_codes/unmanaged/get", device_id=lock, code="480715")
    assert got["access_code"] == made[0]


async def test_digits_that_a_simulated_lock_does_not_take_are_refused(door: Door) -> None:
    lock = str((await door.lock()).id)
    made = await typed_in(door, lock, "480715")
    assert (await typed_in(door, lock, "480715"))["access_code_id"] == made["access_code_id"]
    path = "/access_codes/simulate/create_unmanaged_access_code"
    answer = await door.call(path, device_id=lock, code="480715", name="Gardener")
    assert (answer.status_code, answer.json()["error"]["type"]) == (409, "duplicate_access_code")


async def test_an_unmanaged_code_is_converted_and_another_deleted(door: Door) -> None:
    lock = await door.lock()
    kept, gone = [await typed_in(door, str(lock.id), code) for code in ("480715", "480716")]
    await door.asked(
        "/access_codes/unmanaged/update",
        access_code_id=kept["access_code_id"],
        is_managed=True,
        is_external_modification_allowed=True,
    )

    async def is_managed() -> bool:
        answer = await door.call("/access_codes/get", access_code_id=kept["access_code_id"])
        return bool(answer.status_code == 200)

    await eventually(is_managed, within=20, what="the code is converted")
    code = (await door.asked("/access_codes/get", access_code_id=kept["access_code_id"]))["access_code"]
    assert (code["type"], code["status"], code["code"]) == ("ongoing", "set", "480715")
    assert code["is_external_modification_allowed"] is True
    again = await door.call("/access_codes/unmanaged/get", access_code_id=kept["access_code_id"])
    assert again.status_code == 404
    asked = await door.asked("/access_codes/unmanaged/delete", access_code_id=gone["access_code_id"])
    attempt = asked["action_attempt"]["action_attempt_id"]

    async def is_done() -> bool:
        answer = await door.asked("/action_attempts/get", action_attempt_id=attempt)
        return bool(answer["action_attempt"]["status"] == "success")

    await eventually(is_done, within=20, what="the other code is gone")
    assert [slot["pin"] for slot in await door.house.truth(lock)] == ["480715"]
    events = (await door.asked("/events/list", access_code_ids=[kept["access_code_id"]]))["events"]
    assert sorted(event["event_type"] for event in events) == [
        "access_code.unmanaged.converted_to_managed",
        "access_code.unmanaged.created",
    ]


async def test_whether_others_may_change_a_code_is_told_and_changed(door: Door) -> None:
    lock = str((await door.lock()).id)
    code = await door.code(device_id=lock, allow_external_modification=True)
    assert code["is_external_modification_allowed"] is True
    await door.asked(
        "/access_codes/update", access_code_id=code["access_code_id"], is_external_modification_allowed=False
    )
    after = (await door.asked("/access_codes/get", access_code_id=code["access_code_id"]))["access_code"]
    assert after["is_external_modification_allowed"] is False
