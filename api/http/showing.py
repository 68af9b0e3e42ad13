"""How handlers show what services gave them: resources, with digits only for those who may see them."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

from pydantic import SecretStr

from api.http.table import Call
from api.resources.access_code import AccessCodeResource, access_code_resource
from api.resources.action_attempt import ActionAttemptResource, action_attempt_resource
from api.resources.device import DeviceResource, device_resource
from domain.action_attempts import PENDING, ActionType
from domain.scopes import Scope
from store.api_tables import ActionAttemptRow
from store.codes import StoredCode
from store.device_lists import Located
from store.tables import EventRow

PICTURE = "/docs/pictures/lock.svg"
"""Ours, served here: without one, Seam's components load theirs from elsewhere."""


def _plain(pin: SecretStr | None) -> str | None:
    return None if pin is None else pin.get_secret_value()


async def show_codes(call: Call[Any], stored: Sequence[StoredCode]) -> list[AccessCodeResource]:
    """Show access codes."""
    services, now = call.services, call.now
    if not stored:
        return []
    async with services.database.snapshot():
        digits = await services.codes.reveal_all(stored, services.keyring) if call.caller.may(Scope.PINS) else {}
        backed_up = await services.codes.with_backup(stored)
        guests = await services.guests.of_codes([one.row.id for one in stored])
    return [
        access_code_resource(
            one,
            _plain(digits.get(one.row.id)),
            has_backup=one.row.id in backed_up,
            now=now,
            guest_id=guests.get(one.row.id),
        )
        for one in stored
    ]


async def show_code(call: Call[Any], stored: StoredCode) -> AccessCodeResource:
    """Show one access code."""
    return (await show_codes(call, [stored]))[0]


async def show_devices(call: Call[Any], located: Sequence[Located]) -> list[DeviceResource]:
    """Show locks."""
    pooled = await call.services.devices.pooled([device.id for device, _ in located])
    picture = urljoin(call.url, PICTURE)
    return [
        device_resource(device, account, has_pool=device.id in pooled, image_url=picture) for device, account in located
    ]


async def show_device(call: Call[Any], located: Located) -> DeviceResource:
    """Show one lock."""
    return (await show_devices(call, [located]))[0]


async def show_events(call: Call[Any], rows: Sequence[EventRow]) -> list[dict[str, Any]]:
    """Show events as webhooks deliver them."""
    keyring = call.services.keyring if call.caller.may(Scope.PINS) else None
    return list(await call.services.events.published(rows, keyring))


async def show_attempt(call: Call[Any], row: ActionAttemptRow) -> ActionAttemptResource:
    """Show one action attempt, as it stands now."""
    stands, stored = await call.services.attempts.outcome(row, call.now)
    shown = None if stored is None or stored.row.deleted_at is not None else await show_code(call, stored)
    return action_attempt_resource(row, stands, shown)


def show_new_attempt(attempt_id: UUID, action: ActionType) -> ActionAttemptResource:
    """Show an action attempt that was just begun."""
    return ActionAttemptResource(
        action_attempt_id=attempt_id, action_type=action, status=PENDING.status, result=None, error=None
    )
