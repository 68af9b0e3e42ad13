"""The routes by which Seam's sandbox plays with locks.  A workspace of Latchwork is real: they are refused by type.

The simulated lock cloud has its own controls (`latchwork locks`), which never touch a real lock.
"""

from http import HTTPStatus
from typing import Any

from api.http.failures import ApiError
from api.http.parameters import OfOneDevice, Pin
from api.http.table import Body, Call
from store.device_lists import DeviceFilter


class SimulateKeypadEntry(OfOneDevice):
    """Parameters of `/locks/simulate/keypad_code_entry`."""

    code: Pin


class SimulateSubscription(OfOneDevice):
    """Parameters of `/devices/simulate/paid_subscription`."""

    is_expired: bool


async def not_a_sandbox(call: Call[Any]) -> ApiError:
    """Make the refusal; a device that the workspace does not have is told first."""
    device_id = getattr(call.asked, "device_id", None)
    if device_id is not None:
        await call.services.devices.get(call.workspace_id, DeviceFilter(ids=[device_id]))
    return ApiError(HTTPStatus.BAD_REQUEST, "workspace_not_sandbox", "this workspace is no sandbox: its locks are real")


async def refused(call: Call[Any]) -> Body:
    """Play with a lock."""
    raise await not_a_sandbox(call)
