"""The routes of codes that somebody else put on a lock: listed as the lock last showed them, adopted, taken off."""

from typing import Any
from uuid import UUID

from api.code_reading import not_found
from api.http.failures import ApiError, invalid
from api.http.paging import Paged, marked, page_asked, pagination
from api.http.parameters import OfOneCode, OfOneDevice, Parameters, Pin, Text
from api.http.showing import show_new_attempt
from api.http.simulated import not_a_sandbox
from api.http.table import Body, Call
from api.resources.unmanaged_code import UnmanagedCodeResource, unmanaged_code_resource
from domain.action_attempts import ActionType
from domain.scopes import Scope
from store.device_lists import DeviceFilter
from store.unmanaged_tables import UnmanagedCodeRow

DEFAULT_LIMIT = 300_000


class GetUnmanaged(Parameters):
    """Parameters of `/access_codes/unmanaged/get`."""

    access_code_id: UUID | None = None
    device_id: UUID | None = None
    code: Pin | None = None


class ListUnmanaged(Paged):
    """Parameters of `/access_codes/unmanaged/list`."""

    device_id: UUID
    search: Text | None = None
    user_identifier_key: Text | None = None


class ConvertToManaged(OfOneCode):
    """Parameters of `/access_codes/unmanaged/convert_to_managed`."""

    force: bool | None = None
    allow_external_modification: bool | None = None
    is_external_modification_allowed: bool | None = None
    sync: bool | None = None


class UpdateUnmanaged(ConvertToManaged):
    """Parameters of `/access_codes/unmanaged/update`."""

    is_managed: bool


class DeleteUnmanaged(OfOneCode):
    """Parameters of `/access_codes/unmanaged/delete`."""

    sync: bool | None = None


class SimulateUnmanaged(OfOneDevice):
    """Parameters of `/access_codes/simulate/create_unmanaged_access_code`."""

    code: Pin
    name: Text


async def get(call: Call[GetUnmanaged]) -> Body:
    """Show one."""
    asked, unmanaged = call.asked, call.services.unmanaged
    if asked.access_code_id is not None:
        row = await unmanaged.get(call.workspace_id, asked.access_code_id)
        if asked.device_id not in (None, row.device_id):
            raise not_found(asked.access_code_id)
    elif asked.device_id is not None and asked.code is not None:
        if not call.caller.may(Scope.PINS):
            raise ApiError.forbidden(Scope.PINS)
        row = await unmanaged.find(call.workspace_id, asked.device_id, asked.code)
    else:
        raise invalid("give access_code_id, or device_id and code")
    return {"access_code": _shown(call, row)}


async def list_codes(call: Call[ListUnmanaged]) -> Body:
    """List those of a lock, newest first."""
    asked = call.asked
    page = page_asked(asked, DEFAULT_LIMIT)
    await call.services.devices.get(call.workspace_id, DeviceFilter(ids=[asked.device_id]))
    if asked.user_identifier_key is not None:
        # Nothing here is ever filed under one.
        return {"access_codes": [], "pagination": pagination(asked, None, call.url)}
    found = await call.services.unmanaged.page(call.workspace_id, asked.device_id, page, search=asked.search)
    rows, last = marked(found, page, lambda row: row)
    return {"access_codes": [_shown(call, row) for row in rows], "pagination": pagination(asked, last, call.url)}


async def convert_to_managed(call: Call[ConvertToManaged] | Call[UpdateUnmanaged]) -> Body:
    """Have one become a code of ours; how that ends is told by events."""
    asked, unmanaged = call.asked, call.services.unmanaged
    row = await unmanaged.get(call.workspace_id, asked.access_code_id)
    call.count(row.device_id)
    told = asked.is_external_modification_allowed
    allowed = asked.allow_external_modification if told is None else told
    await unmanaged.adopt(row, allows_external_modification=bool(allowed))
    return {}


async def update(call: Call[UpdateUnmanaged]) -> Body:
    """With `is_managed`, have one become a code of ours; without, there is nothing to change."""
    if call.asked.is_managed:
        return await convert_to_managed(call)
    await call.services.unmanaged.get(call.workspace_id, call.asked.access_code_id)
    return {}


async def delete(call: Call[DeleteUnmanaged]) -> Body:
    """Have one taken off its lock."""
    unmanaged = call.services.unmanaged
    row = await unmanaged.get(call.workspace_id, call.asked.access_code_id)
    call.count(row.device_id)
    attempt = await unmanaged.remove(row, call.id_of("action_attempt"))
    return {"action_attempt": show_new_attempt(attempt.id, ActionType.DELETE)}


async def simulate(call: Call[SimulateUnmanaged]) -> Body:
    """Play at somebody else's putting one on a simulated lock."""
    asked = call.asked
    device, account = await call.services.devices.get(call.workspace_id, DeviceFilter(ids=[asked.device_id]))
    row = await call.services.unmanaged.type_in(device, account.provider, asked.code, asked.name)
    if row is None:
        raise await not_a_sandbox(call)
    return {"access_code": _shown(call, row)}


def _shown(call: Call[Any], row: UnmanagedCodeRow) -> UnmanagedCodeResource:
    pin = call.services.unmanaged.reveal(row) if call.caller.may(Scope.PINS) else None
    return unmanaged_code_resource(row, None if pin is None else pin.get_secret_value())
