"""The exposure report over HTTP: on it from the first second, off it with the proof."""

import pytest

from tests.api.door import Door, in_hours
from tests.waiting import eventually

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_a_deleted_code_on_a_silent_lock_is_reported_until_it_is_gone(door: Door) -> None:
    lock = await door.lock()
    code = await door.code(device_id=str(lock.id))
    await door.until(code["access_code_id"], "set")
    assert (await door.asked("/latchwork/exposures", device_id=str(lock.id)))["exposures"] == []

    await door.house.fault(lock, "offline", seconds=3600)
    await door.asked("/access_codes/delete", access_code_id=code["access_code_id"])
    answer = await door.http.get("/latchwork/exposures", params={"device_id": str(lock.id)})
    (exposed,) = answer.raise_for_status().json()["exposures"]
    assert (exposed["access_code_id"], exposed["reason"]) == (code["access_code_id"], "deleted")
    assert exposed["device_name"] == lock.name
    assert [one["warning_code"] for one in exposed["warnings"]] == ["being_deleted"]

    async def is_explained() -> bool:
        (one,) = (await door.asked("/latchwork/exposures", device_id=str(lock.id)))["exposures"]
        return one["attempt_count"] > 0 and "offline" in one["attempts"][-1]["description"]

    await eventually(is_explained, within=10, what="the report tells what was tried")
    assert code["code"] not in answer.text
    await door.house.heal(lock)
    await door.until_gone(code["access_code_id"])
    assert (await door.asked("/latchwork/exposures", device_id=str(lock.id)))["exposures"] == []


async def test_an_account_with_live_codes_is_deleted_by_force_alone(door: Door) -> None:
    minted, device_id = await door.another_workspace()
    key = minted.token.get_secret_value()
    made = await door.call("/access_codes/create", key=key, device_id=str(device_id), starts_at=in_hours(24))
    code = made.json()["access_code"]
    (account,) = (await door.call("/connected_accounts/list", key=key)).json()["connected_accounts"]
    words = {"connected_account_id": account["connected_account_id"]}
    refused = await door.call("/connected_accounts/delete", key=key, **words)
    assert (refused.status_code, refused.json()["error"]["type"]) == (409, "connected_account_in_use")

    assert (await door.call("/connected_accounts/delete", key=key, force=True, **words)).status_code == 200
    (exposed,) = (await door.call("/latchwork/exposures", key=key)).json()["exposures"]
    assert (exposed["access_code_id"], exposed["reason"]) == (code["access_code_id"], "connected_account_deleted")
    await door.call("/access_codes/delete", key=key, access_code_id=code["access_code_id"])
    assert (await door.call("/latchwork/exposures", key=key)).json()["exposures"] == []
