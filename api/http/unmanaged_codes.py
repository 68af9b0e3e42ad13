"""The routes of codes that somebody else put on a lock.  Latchwork does not list them yet, so there are none."""

from uuid import UUID

from api.code_reading import not_found
from api.http.failures import invalid
from api.http.paging import Paged, pagination
from api.http.parameters import OfOneCode, OfOneDevice, Parameters, Pin, Text
from api.http.simulated import not_a_sandbox
from api.http.table import Body, Call
from domain.refusals import RefusalType, refuse
from store.device_lists import DeviceFilter


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
    asked = call.asked
    if asked.access_code_id is not None:
        raise not_found(asked.access_code_id)
    if asked.device_id is None or asked.code is None:
        raise invalid("give access_code_id, or device_id and code")
    raise refuse(RefusalType.ACCESS_CODE_NOT_FOUND, "there is no unmanaged access code with these digits")


async def list_codes(call: Call[ListUnmanaged]) -> Body:
    """List those of a lock."""
    await call.services.devices.get(call.workspace_id, DeviceFilter(ids=[call.asked.device_id]))
    return {"access_codes": [], "pagination": pagination(call.asked, None, call.url)}


async def refuse_unknown(call: Call[ConvertToManaged] | Call[DeleteUnmanaged]) -> Body:
    """Take one over, change or delete it."""
    raise not_found(call.asked.access_code_id)


async def simulate(call: Call[SimulateUnmanaged]) -> Body:
    """Play at somebody else's putting one on a lock."""
    raise await not_a_sandbox(call)
