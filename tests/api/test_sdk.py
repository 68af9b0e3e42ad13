"""The official Python SDK, unmodified but for its endpoint, drives the API; its results stand in `docs/api.md`."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import seam
from seam.exceptions import SeamHttpApiError, SeamHttpInvalidInputError, SeamHttpUnauthorizedError
from seam.seam import Seam

from api.http.routes import ROUTES
from domain.constraints import CodeConstraint, ConstraintType
from store.tables import AccessCodeRow
from tests.api.door import Door, in_hours
from tests.waiting import eventually

CALL = re.compile(r'self\.client\.(get|post|put|patch|delete)\(\s*"(/[^"]+)"')
PARAMETER = re.compile(r'(?:json_payload|params)\["([^"]+)"\]')
OURS = {route.path: route for route in ROUTES}


def _calls_of_the_sdk() -> set[tuple[str, str, tuple[str, ...]]]:
    """List verb, path and parameters of everything in the SDK that has a route here."""
    found = set()
    for file in (Path(seam.__file__).parent / "routes").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        for match in CALL.finditer(text):
            verb, path = match.groups()
            method = text[text.rfind("def ", 0, match.start()) : match.start()]
            if path in OURS:
                found.add((verb.upper(), path, tuple(PARAMETER.findall(method))))
    return found


@pytest.mark.parametrize(("verb", "path", "parameters"), sorted(_calls_of_the_sdk()))
def test_route_takes_the_verb_and_every_parameter_that_the_sdk_sends(
    verb: str, path: str, parameters: tuple[str, ...]
) -> None:
    route = OURS[path]
    assert verb in route.verbs
    assert set(parameters) <= set(route.parameters.model_fields)


def test_every_route_of_the_sdk_s_families_is_here() -> None:
    """Of the parts of Seam that Latchwork serves, no call of the SDK is without a route."""
    families = {path.split("/")[1] for path in OURS} - {"workspaces", "health", "client_sessions"}
    called = {
        path
        for file in (Path(seam.__file__).parent / "routes").glob("*.py")
        for _, path in CALL.findall(file.read_text(encoding="utf-8"))
        if path.split("/")[1] in families
    }
    assert called - set(OURS) == set()


class Caller:
    """The SDK, which blocks, driven from a thread."""

    def __init__(self, client: Seam) -> None:
        self._client = client

    async def __call__(self, act: Callable[[Any], Any]) -> Any:
        return await asyncio.to_thread(act, self._client)


@pytest.fixture
def sdk(door: Door) -> Iterator[Caller]:
    with Seam(api_key=door.key, endpoint=door.url) as client:
        yield Caller(client)


async def test_sdk_lives_the_life_of_a_code(door: Door, sdk: Caller) -> None:
    lock = await door.lock()
    device_id = str(lock.id)
    code = await sdk(lambda s: s.access_codes.create(device_id=device_id, name="Ada"))
    await door.until(code.access_code_id, "set")
    got = await sdk(lambda s: s.access_codes.get(access_code_id=code.access_code_id))
    assert (got.status, got.code, got.errors) == ("set", code.code, [])
    assert await door.house.opens(lock, got.code)
    await sdk(lambda s: s.access_codes.update(access_code_id=code.access_code_id, name="Grace", ends_at=in_hours(9)))
    listed = await sdk(lambda s: s.access_codes.list(device_id=device_id))
    assert [(one.name, one.type) for one in listed] == [("Grace", "time_bound")]
    await sdk(lambda s: s.access_codes.delete(access_code_id=code.access_code_id))
    await door.until_gone(code.access_code_id)
    with pytest.raises(SeamHttpApiError) as caught:
        await sdk(lambda s: s.access_codes.get(access_code_id=code.access_code_id))
    assert (caught.value.status_code, caught.value.code) == (404, "access_code_not_found")
    assert caught.value.request_id


async def test_sdk_creates_with_window_and_digits_and_pages_through_lists(door: Door, sdk: Caller) -> None:
    device_id = str((await door.lock()).id)
    window = {"starts_at": in_hours(4), "ends_at": in_hours(5)}
    for code in ("4829", "7316", "5904"):
        made = await sdk(lambda s: s.access_codes.create(device_id=device_id, code=code, **window))  # noqa: B023
        assert (made.type, made.code, made.status) == ("time_bound", code, "unset")

    def every(s: Any) -> list[Any]:
        return list(s.create_paginator(s.access_codes.list, {"device_id": device_id, "limit": 2}).flatten())

    assert [one.code for one in await sdk(every)] == ["5904", "7316", "4829"]
    generated = await sdk(lambda s: s.access_codes.generate_code(device_id=device_id))
    assert generated.code.isdigit()


async def test_sdk_shares_digits_and_changes_them_together(door: Door, sdk: Caller) -> None:
    ids = [str((await door.lock()).id) for _ in range(2)]
    codes = await sdk(lambda s: s.access_codes.create_multiple(device_ids=ids, starts_at=in_hours(4)))
    assert [code.device_id for code in codes] == ids
    assert len({code.code for code in codes}) == 1
    key = codes[0].common_code_key
    assert key.startswith("auto_set_by_create_multiple_")
    await sdk(lambda s: s.access_codes.update_multiple(common_code_key=key, name="Family", ends_at=in_hours(8)))
    shown = await sdk(lambda s: [s.access_codes.get(access_code_id=one.access_code_id) for one in codes])
    assert [(one.name, one.starts_at) for one in shown] == [("Family", codes[0].starts_at)] * 2


async def test_digits_given_to_several_locks_hide_their_key(door: Door) -> None:
    ids = [str((await door.lock()).id) for _ in range(2)]
    made = await door.asked("/access_codes/create_multiple", device_ids=ids, code="482915", starts_at=in_hours(4))
    assert [(one["code"], one["common_code_key"]) for one in made["access_codes"]] == [("482915", None)] * 2
    async with door.house.database.read() as session:
        row = await session.get_one(AccessCodeRow, UUID(made["access_codes"][0]["access_code_id"]))
    refused = await door.refused("/access_codes/update_multiple", common_code_key=row.common_code_key, name="X")
    assert refused == (404, "access_code_not_found")


async def test_codes_that_are_made_apart_are_all_made_or_none(door: Door) -> None:
    four, six = [await door.house.new_lock(f"{n} {uuid4()}", supported_code_lengths=(n,)) for n in (4, 6)]
    rule = CodeConstraint(constraint_type=ConstraintType.START_DATE_IN_FUTURE)
    later = await door.house.new_lock(f"Later {uuid4()}", code_constraints=(rule,))
    refused = await door.refused(
        "/access_codes/create_multiple",
        device_ids=[str(lock.id) for lock in (four, six, later)],
        behavior_when_code_cannot_be_shared="create_random_code",
        starts_at=in_hours(-1),
    )
    assert refused == (400, "code_constraints_violated")
    for lock in (four, six):
        events = (await door.asked("/events/list", device_id=str(lock.id), event_type="access_code.created"))["events"]
        await door.until_gone(events[0]["access_code_id"])
        assert await door.house.truth(lock) == []


async def test_sdk_pulls_a_backup_code(door: Door, sdk: Caller) -> None:
    lock = await door.lock()
    code = await sdk(
        lambda s: s.access_codes.create(
            device_id=str(lock.id), use_backup_access_code_pool=True, ends_at=in_hours(2), name="Ada"
        )
    )

    async def has_backup() -> bool:
        got = await sdk(lambda s: s.access_codes.get(access_code_id=code.access_code_id))
        return bool(got.is_backup_access_code_available)

    await eventually(has_backup, within=30, what="a backup code is ready")
    assert [one.access_code_id for one in await sdk(lambda s: s.access_codes.list(device_id=str(lock.id)))] == [
        code.access_code_id
    ]
    pulled = [
        await sdk(lambda s: s.access_codes.pull_backup_access_code(access_code_id=code.access_code_id))
        for _ in range(2)
    ]
    assert pulled[0].access_code_id == pulled[1].access_code_id != code.access_code_id
    assert (pulled[0].is_backup, pulled[0].status) == (True, "set")
    assert await door.house.opens(lock, pulled[0].code)
    got = await sdk(lambda s: s.access_codes.get(access_code_id=code.access_code_id))
    assert got.pulled_backup_access_code_id == pulled[0].access_code_id
    device = await sdk(lambda s: s.devices.get(device_id=str(lock.id)))
    assert device.properties.backup_access_code_pool_enabled is True
    await sdk(lambda s: s.devices.update(device_id=str(lock.id), backup_access_code_pool_enabled=False))
    device = await sdk(lambda s: s.devices.get(device_id=str(lock.id)))
    assert device.properties.backup_access_code_pool_enabled is False


async def test_sdk_reads_everything_else(door: Door, sdk: Caller) -> None:
    lock = await door.lock()
    code = await door.code(device_id=str(lock.id), starts_at=in_hours(1))
    device = await sdk(lambda s: s.devices.get(device_id=str(lock.id)))
    assert (device.display_name, device.properties.online, device.is_managed) == (lock.name, True, True)
    assert lock.name in [one.display_name for one in await sdk(lambda s: s.devices.list(search=lock.name))]
    assert (await sdk(lambda s: s.locks.get(device_id=str(lock.id)))).device_id == str(lock.id)
    assert str(lock.id) in [one.device_id for one in await sdk(lambda s: s.locks.list())]
    assert await sdk(lambda s: s.devices.unmanaged.list()) == []
    assert await sdk(lambda s: s.access_codes.unmanaged.list(device_id=str(lock.id))) == []
    events = await sdk(lambda s: s.events.list(access_code_ids=[code["access_code_id"]]))
    assert [event.event_type for event in events] == ["access_code.created"]
    assert (await sdk(lambda s: s.events.get(event_id=events[0].event_id))).event_id == events[0].event_id
    attempts = await sdk(lambda s: s.action_attempts.list(device_id=str(lock.id)))
    assert [one.action_type for one in attempts] == ["CREATE_ACCESS_CODE"]
    assert (await sdk(lambda s: s.workspaces.get())).is_sandbox is False
    account = await sdk(lambda s: s.connected_accounts.get(connected_account_id=str(lock.account_id)))
    assert account.account_type == "lock_cloud"
    providers = await sdk(lambda s: s.devices.list_device_providers())
    assert [one.device_provider_name for one in providers] == ["lock_cloud"]


async def test_sdk_has_events_told_to_whoever_listens(door: Door, sdk: Caller) -> None:
    made = await sdk(lambda s: s.webhooks.create(url="https://listener.example/hook"))
    assert (made.event_types, made.secret.startswith("whsec_")) == (["*"], True)
    await sdk(lambda s: s.webhooks.update(webhook_id=made.webhook_id, event_types=["access_code.set_on_device"]))
    got = await sdk(lambda s: s.webhooks.get(webhook_id=made.webhook_id))
    assert (got.event_types, got.secret) == (["access_code.set_on_device"], made.secret)
    await sdk(lambda s: s.webhooks.delete(webhook_id=made.webhook_id))
    assert made.webhook_id not in [one.webhook_id for one in await sdk(lambda s: s.webhooks.list())]


async def test_sdk_manages_and_unmanages_a_lock(door: Door, sdk: Caller) -> None:
    lock = await door.lock()
    device_id = str(lock.id)
    guest = await door.code(device_id=device_id)
    await door.until(guest["access_code_id"], "set")
    with pytest.raises(SeamHttpApiError, match="have not ended"):
        await sdk(lambda s: s.devices.update(device_id=device_id, is_managed=False))
    assert (await sdk(lambda s: s.devices.get(device_id=device_id))).is_managed is True
    await door.asked("/devices/update", device_id=device_id, is_managed=False, force=True)
    (exposed,) = (await door.asked("/latchwork/exposures", device_id=device_id))["exposures"]
    assert (exposed["access_code_id"], exposed["reason"]) == (guest["access_code_id"], "device_unmanaged")
    assert await door.house.opens(lock, guest["code"])
    kept = await sdk(lambda s: s.access_codes.get(access_code_id=guest["access_code_id"]))
    assert kept.status == "set"
    await sdk(lambda s: s.access_codes.delete(access_code_id=guest["access_code_id"]))
    await door.until_gone(guest["access_code_id"])
    assert not await door.house.opens(lock, guest["code"])
    assert device_id in [one.device_id for one in await sdk(lambda s: s.devices.unmanaged.list())]
    with pytest.raises(SeamHttpApiError, match="managed"):
        await sdk(lambda s: s.access_codes.create(device_id=device_id))
    await sdk(lambda s: s.devices.unmanaged.update(device_id=device_id, is_managed=True))
    assert (await sdk(lambda s: s.devices.get(device_id=device_id))).is_managed is True


async def test_sdk_hears_refusals_as_its_own_errors(door: Door, sdk: Caller) -> None:
    with pytest.raises(SeamHttpInvalidInputError) as invalid:
        await sdk(lambda s: s.access_codes.create(device_id="no id"))
    assert invalid.value.get_validation_error_messages("device_id")
    device_id = str((await door.house.device("Barn")).id)
    with pytest.raises(SeamHttpApiError) as refused:
        await sdk(lambda s: s.locks.unlock_door(device_id=device_id))
    assert refused.value.code == "action_not_supported_by_device"
    with Seam(api_key="seam_nobody", endpoint=door.url) as stranger, pytest.raises(SeamHttpUnauthorizedError):
        await asyncio.to_thread(stranger.devices.list)
