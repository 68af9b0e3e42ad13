"""The routes by which a door is moved, where its lock can; auto-lock is refused by type."""

from http import HTTPStatus

from pydantic import Field

from api.http.failures import ApiError
from api.http.parameters import OfOneDevice
from api.http.showing import show_attempt
from api.http.table import Body, Call
from store.device_lists import DeviceFilter
from store.devices import facts_of
from store.tables import DeviceRow

LONGEST_DELAY_SECONDS = 60


class MoveLock(OfOneDevice):
    """Parameters of `/locks/lock_door` and `/locks/unlock_door`."""

    sync: bool | None = None


class ConfigureAutoLock(MoveLock):
    """Parameters of `/locks/configure_auto_lock`."""

    auto_lock_enabled: bool
    auto_lock_delay_seconds: float | None = Field(default=None, ge=1, le=LONGEST_DELAY_SECONDS)


async def lock(call: Call[MoveLock]) -> Body:
    """Have a door locked."""
    return await _move(call, locked=True)


async def unlock(call: Call[MoveLock]) -> Body:
    """Have a door unlocked."""
    return await _move(call, locked=False)


async def configure_auto_lock(call: Call[ConfigureAutoLock]) -> Body:
    """Have a door lock by itself, which no driver can."""
    device, _ = await call.services.devices.get(call.workspace_id, DeviceFilter(ids=[call.asked.device_id]))
    raise _unable(device)


async def _move(call: Call[MoveLock], *, locked: bool) -> Body:
    wanted = DeviceFilter(ids=[call.asked.device_id])
    device, account = await call.services.devices.get(call.workspace_id, wanted)
    call.count(device.id)
    able = facts_of(device).capabilities
    if not (able.can_remotely_lock if locked else able.can_remotely_unlock):
        raise _unable(device)
    attempt_id = call.id_of("action_attempt")
    attempt = await call.services.attempts.move(attempt_id, device, account.provider, locked=locked)
    return {"action_attempt": await show_attempt(call, attempt)}


def _unable(device: DeviceRow) -> ApiError:
    message = f"{device.name!r} cannot do this from afar"
    return ApiError(HTTPStatus.BAD_REQUEST, "action_not_supported_by_device", message)
