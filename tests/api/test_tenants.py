"""A key sees its own workspace and nothing else: every route, with every id of another tenant."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from api.http.routes import ROUTES
from api.http.table import Route
from domain.scopes import Scope
from store.accounts import DEFAULT_WORKSPACE_ID
from tests.api.door import Door, in_hours

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What a tenant may see is decided before any database is asked in its own dialect: one will do."""

IDS = {
    "access_code_id": "access_code_id",
    "access_code_ids": "access_code_id",
    "device_id": "device_id",
    "device_ids": "device_id",
    "devices": "device_id",
    "replaces_device_id": "device_id",
    "connected_account_id": "connected_account_id",
    "connected_account_ids": "connected_account_id",
    "action_attempt_id": "action_attempt_id",
    "action_attempt_ids": "action_attempt_id",
    "event_id": "event_id",
    "event_ids": "event_id",
    "common_code_key": "common_code_key",
    "webhook_id": "webhook_id",
    "guest_id": "guest_id",
    "message_id": "message_id",
    "channel_id": "channel_id",
    "reservation": "reservation",
    "name": "device_name",
}
"""Which of the foreign ids each parameter takes."""

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

OTHERS: dict[str, Any] = {
    "code": "1593",
    "is_managed": True,
    "is_expired": True,
    "auto_lock_enabled": True,
    "supported_code_lengths": [4],
    "url": "https://x.example",
    "event_types": ["*"],
    "starts_at": "2030-01-01T10:00:00Z",
    "kind": "email",
    "answer": "new",
    "language": "en",
}
"""What else a route must be given."""


def _cases() -> list[tuple[Route[Any], str]]:
    """Pair every route with every one of its parameters that names something."""
    return [
        (route, name)
        for route in ROUTES
        for name in route.parameters.model_fields
        if name in IDS and not (name in ("name", "reservation") and not route.path.endswith(("/get", "s/list")))
    ]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def foreign(door: Door) -> dict[str, str]:
    """Give the ids of everything that another tenant has; the caller of the tests is that other's stranger."""
    lock = await door.lock()
    answer = await door.asked(
        "/access_codes/create", device_id=str(lock.id), common_code_key=f"key {uuid4()}", starts_at=in_hours(5)
    )
    code = answer["access_code"]
    events = await door.asked("/events/list", access_code_id=code["access_code_id"])
    guest = await door.asked("/guests/create", name="Ada", email="ada@guest.example", reservation="R-1815")
    await door.asked("/access_codes/update", access_code_id=code["access_code_id"], guest_id=guest["guest_id"])
    await door.asked("/message_channels/create", name="Mail", kind="email", url="mailtos://a:b@m.example?to={to}")
    channels = (await door.asked("/message_channels/list"))["message_channels"]
    message = await door.asked("/messages/send", access_code_id=code["access_code_id"])
    return {
        "guest_id": guest["guest_id"],
        "reservation": "R-1815",
        "channel_id": channels[0]["channel_id"],
        "message_id": message["message_id"],
        "access_code_id": code["access_code_id"],
        "device_id": str(lock.id),
        "device_name": lock.name,
        "connected_account_id": str(lock.account_id),
        "action_attempt_id": answer["action_attempt"]["action_attempt_id"],
        "event_id": events["events"][0]["event_id"],
        "common_code_key": code["common_code_key"],
        "webhook_id": str((await door.services.webhooks.create(DEFAULT_WORKSPACE_ID, "https://x.example")).webhook_id),
    }


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def stranger(door: Door) -> tuple[str, UUID]:
    """Give the key of another workspace, and a lock of it."""
    minted, device_id = await door.another_workspace()
    return minted.token.get_secret_value(), device_id


@pytest.mark.parametrize(("route", "name"), _cases(), ids=lambda case: getattr(case, "path", case))
async def test_foreign_id_finds_nothing_just_as_an_unknown_one(
    door: Door, foreign: dict[str, str], stranger: tuple[str, UUID], route: Route[Any], name: str
) -> None:
    key, _ = stranger
    answer = await door.call(route.path, key=key, **_body(route, name, foreign))
    assert answer.status_code in (200, 404), answer.text
    if answer.status_code == 200:
        lists = [value for value in answer.json().values() if isinstance(value, list)]
        assert lists, f"{route.path} did something for a stranger"
        assert all(value == [] for value in lists)
    else:
        assert answer.json()["error"]["type"].endswith("_not_found")
    unknown = await door.call(route.path, key=key, **_body(route, name, {what: str(uuid4()) for what in foreign}))
    assert unknown.status_code == answer.status_code
    assert UUID_TEXT.sub("it", unknown.text) == UUID_TEXT.sub("it", answer.text)


async def test_lists_without_a_filter_show_ones_own_alone(
    door: Door, foreign: dict[str, str], stranger: tuple[str, UUID]
) -> None:
    key, device_id = stranger
    assert (await door.call("/access_codes/list", key=key)).json()["access_codes"] == []
    devices = (await door.call("/devices/list", key=key)).json()["devices"]
    assert [device["device_id"] for device in devices] == [str(device_id)]
    events = (await door.call("/events/list", key=key)).json()["events"]
    assert {event.get("device_id") for event in events} <= {str(device_id), None}
    assert events
    assert (await door.call("/action_attempts/list", key=key)).json()["action_attempts"] == []
    for noun in ("guests", "messages", "message_channels"):
        assert (await door.call(f"/{noun}/list", key=key)).json()[noun] == []
    workspace = (await door.call("/workspaces/get", key=key)).json()["workspace"]
    assert workspace["name"] == "other"


async def test_nothing_happened_to_what_strangers_asked_for(door: Door, foreign: dict[str, str]) -> None:
    """After every route was called by a stranger, the code stands as it stood."""
    code = (await door.asked("/access_codes/get", access_code_id=foreign["access_code_id"]))["access_code"]
    assert (code["status"], code["pending_mutations"][0]["mutation_code"]) == ("unset", "deferring_creation")
    device = (await door.asked("/devices/get", device_id=foreign["device_id"]))["device"]
    assert (device["is_managed"], device["properties"]["supported_code_lengths"]) == (True, [4, 5, 6, 7, 8])


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
async def test_every_route_asks_for_its_scope(door: Door, route: Route[Any]) -> None:
    """A key without rights is turned away before its parameters are looked at."""
    if route.scope is None:
        assert (await door.call(route.path, key="seam_none")).status_code == 200
        return
    token = await _poor_key(door)
    answer = await door.call(route.path, key=token)
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "forbidden")
    assert (await door.call(route.path, key="seam_none")).status_code == 401


_POOR: dict[str, str] = {}


async def _poor_key(door: Door) -> str:
    if door.url not in _POOR:
        minted = await door.services.keys.mint(f"poor {uuid4()}", scopes=[Scope.PINS])
        _POOR[door.url] = minted.token.get_secret_value()
    return _POOR[door.url]


def _body(route: Route[Any], name: str, ids: dict[str, str]) -> dict[str, Any]:
    """Fill in what the route must be given, with the id under test in its place."""
    fields = route.parameters.model_fields
    chosen: dict[str, Any] = {name: ids[IDS[name]]}
    if name.endswith("ids"):
        chosen[name] = [ids[IDS[name]]]
    elif name == "devices":
        chosen[name] = [{"device_id": ids["device_id"]}]
    for field, info in fields.items():
        if field not in chosen and (info.is_required() or field == "supported_code_lengths"):
            chosen[field] = ids[IDS[field]] if field in IDS and field != "name" else OTHERS.get(field, "x")
    if route.path in ("/access_codes/get", "/access_codes/unmanaged/get") and name == "device_id":
        chosen["code"] = OTHERS["code"]
    return chosen
