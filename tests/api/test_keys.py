"""Keys: shown once, known by a hash, with an end; and what each lets its holder do."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from api.keys import KeyRefusedError
from domain.scopes import Scope
from store.api_tables import ApiKeyRow
from tests.api.door import Door


async def test_secret_of_a_key_is_stored_nowhere(door: Door) -> None:
    minted = await door.services.keys.mint(f"one {uuid4()}")
    token = minted.token.get_secret_value()
    assert token.startswith("seam_lw")
    async with door.house.database.read() as session:
        rows = (await session.exec(select(ApiKeyRow))).all()
    secret = token.split("_", 2)[2]
    assert secret not in str([row.model_dump() for row in rows])
    assert secret not in repr(minted)


async def test_revoked_and_expired_keys_are_unknown(door: Door) -> None:
    keys = door.services.keys
    revoked, expired = await keys.mint(f"a {uuid4()}"), await keys.mint(f"b {uuid4()}", lasts=timedelta(seconds=-1))
    assert (await door.call("/devices/list", key=revoked.token.get_secret_value())).status_code == 200
    await keys.revoke(revoked.row.prefix)
    for minted in (revoked, expired):
        assert (await door.call("/devices/list", key=minted.token.get_secret_value())).status_code == 401


async def test_changed_token_is_unknown(door: Door) -> None:
    for token in (door.key[:-1], f"{door.key}x", door.key.upper(), door.key.replace("_", "-"), "seam_" + "a" * 5000):
        assert (await door.call("/devices/list", key=token)).status_code == 401


async def test_two_keys_of_a_name_live_and_a_third_waits(door: Door) -> None:
    keys, name = door.services.keys, f"rotated {uuid4()}"
    first, _ = await keys.mint(name), await keys.mint(name)
    with pytest.raises(KeyRefusedError, match="revoke one first"):
        await keys.mint(name)
    await keys.revoke(first.row.prefix)
    await keys.mint(name)


async def test_key_without_pins_sees_no_digits_anywhere(door: Door) -> None:
    lock = await door.lock()
    code = await door.code(device_id=str(lock.id), code="815093")
    await door.until(code["access_code_id"], "set")
    key = (await door.services.keys.mint(f"blind {uuid4()}", scopes=[Scope.READ, Scope.WRITE])).token.get_secret_value()
    for path, body in (
        ("/access_codes/get", {"access_code_id": code["access_code_id"]}),
        ("/access_codes/list", {"device_id": str(lock.id)}),
        ("/events/list", {"access_code_id": code["access_code_id"]}),
        ("/action_attempts/list", {"device_id": str(lock.id)}),
        ("/access_codes/get_timeline", {"access_code_id": code["access_code_id"]}),
    ):
        answer = await door.call(path, key=key, **body)
        assert answer.status_code == 200
        assert "815093" not in answer.text
    guess = await door.call("/access_codes/get", key=key, device_id=str(lock.id), code="815093")
    assert guess.status_code == 403
    assert (await door.call("/access_codes/generate_code", key=key, device_id=str(lock.id))).status_code == 403


async def test_session_token_of_a_browser_may_read_for_a_while(door: Door) -> None:
    keys = door.services.keys
    with pytest.raises(KeyRefusedError, match="24 hours"):
        await keys.mint("tab", is_session=True, scopes=[Scope.READ])
    minted = await keys.mint("tab", is_session=True, scopes=[Scope.READ], lasts=timedelta(hours=1))
    token = minted.token.get_secret_value()
    assert token.startswith("seam_cst")
    headers = {"authorization": "", "client-session-token": token}
    assert (await door.http.get("/devices/list", headers=headers)).status_code == 200
    assert (await door.http.post("/workspaces/reset_sandbox", headers=headers)).status_code == 403
