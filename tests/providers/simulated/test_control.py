"""The control side over HTTP, in exactly the words that the documentation gives."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from providers.simulated import LockCloud, run

DOOR = "/_truth/front-door"


@pytest.fixture
async def control(cloud_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A curious person's client."""
    async with httpx.AsyncClient(base_url=cloud_url, verify=False, trust_env=False) as client:  # noqa: S501 - plain HTTP
        yield client


async def test_truth_lists_locks_with_their_state(control: httpx.AsyncClient) -> None:
    await control.post("/_faults/front-door", json={"kind": "offline"})
    locks = (await control.get("/_truth")).json()["locks"]
    assert locks[0] == {"id": "front-door", "name": "Front Door", "online": False, "locked": True}
    assert locks[1]["online"] is True


async def test_keypad_edit_changes_what_opens(control: httpx.AsyncClient) -> None:
    truth = (await control.post(f"{DOOR}/keypad", json={"slot": 2, "pin": "4829"})).json()
    assert truth["slots"] == [{"slot": 2, "pin": "4829", "name": "Keypad", "window": None, "active_now": True}]
    assert (await control.post(f"{DOOR}/enter", json={"pin": "4829"})).json() == {"opens": True}
    await control.post(f"{DOOR}/keypad", json={"slot": 2, "pin": None})
    assert (await control.post(f"{DOOR}/enter", json={"pin": "4829"})).json() == {"opens": False}


async def test_keypad_refuses_a_duplicate(control: httpx.AsyncClient) -> None:
    await control.post(f"{DOOR}/keypad", json={"slot": 2, "pin": "4829"})
    assert (await control.post(f"{DOOR}/keypad", json={"slot": 3, "pin": "4829"})).status_code == 409


async def test_factory_reset_empties_the_lock(control: httpx.AsyncClient) -> None:
    await control.post(f"{DOOR}/keypad", json={"slot": 2, "pin": "4829"})
    assert (await control.post(f"{DOOR}/reset")).json()["slots"] == []


async def test_clock_stands_and_follows(control: httpx.AsyncClient) -> None:
    stood = (await control.post("/_clock", json={"now": "2027-03-01T12:00:00Z"})).json()
    assert stood == {"now": "2027-03-01T12:00:00+00:00", "follow": None}
    assert (await control.get("/_clock")).json() == stood
    assert (await control.post("/_clock", json={"follow": "wall"})).json()["follow"] == "wall"
    assert (await control.post("/_clock", json={})).status_code == 422


async def test_faults_are_set_listed_and_lifted(control: httpx.AsyncClient) -> None:
    body = {"kind": "http_429", "on": "read", "count": 2, "retry_after": 5}
    assert (await control.post("/_faults/_", json=body)).status_code == 201
    (fault,) = (await control.get("/_faults/_")).json()["faults"]
    assert fault.items() >= body.items()
    assert (await control.delete("/_faults/_")).json() == {"lifted": 1}
    assert (await control.get("/_faults/_")).json() == {"faults": []}


async def test_wrong_fault_is_refused(control: httpx.AsyncClient) -> None:
    assert (await control.post("/_faults/front-door", json={"kind": "offline", "secnds": 3})).status_code == 422
    assert (await control.post("/_faults/no-such-lock", json={"kind": "offline"})).status_code == 404


async def test_calls_are_logged_by_lock(cloud: LockCloud, control: httpx.AsyncClient) -> None:
    bearer = {"Authorization": f"Bearer {cloud.token}"}
    await control.get("/locks", headers=bearer)
    await control.get("/locks/studio/access_codes", headers=bearer)
    (call,) = (await control.get("/_calls/studio")).json()["calls"]
    assert {"method", "path", "lock", "operation", "when", "fault", "status"} == set(call)
    assert (call["operation"], call["status"]) == ("read", 200)
    assert (await control.delete("/_calls")).json() == {"forgotten": 2}


async def test_senseless_order_is_a_bad_request(cloud: LockCloud, control: httpx.AsyncClient) -> None:
    answer = await control.post(
        "/locks/studio/access_codes", content=b"{", headers={"Authorization": f"Bearer {cloud.token}"}
    )
    assert (answer.status_code, answer.json()["error_code"]) == (400, "BAD_REQUEST")


async def test_run_serves_until_cancelled() -> None:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(run("127.0.0.1", 0, 1, ready.set_result))
    url = await ready
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:  # noqa: S501 - plain HTTP
        assert (await client.get(f"{url}/_truth")).status_code == 200
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
