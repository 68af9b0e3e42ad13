"""The routes by which a lock is moved.  No driver moves locks yet, so each is refused by type."""

from http import HTTPStatus
from typing import Any

from pydantic import Field

from api.http.failures import ApiError
from api.http.parameters import OfOneDevice
from api.http.table import Body, Call
from store.device_lists import DeviceFilter

LONGEST_DELAY_SECONDS = 60


class MoveLock(OfOneDevice):
    """Parameters of `/locks/lock_door` and `/locks/unlock_door`."""

    sync: bool | None = None


class ConfigureAutoLock(MoveLock):
    """Parameters of `/locks/configure_auto_lock`."""

    auto_lock_enabled: bool
    auto_lock_delay_seconds: float | None = Field(default=None, ge=1, le=LONGEST_DELAY_SECONDS)


async def move(call: Call[Any]) -> Body:
    """Lock or unlock a door, or have it lock by itself."""
    device, _ = await call.services.devices.get(call.workspace_id, DeviceFilter(ids=[call.asked.device_id]))
    call.count(device.id)
    message = f"{device.name!r} cannot be moved from here: its driver only sets access codes"
    raise ApiError(HTTPStatus.BAD_REQUEST, "action_not_supported_by_device", message)
