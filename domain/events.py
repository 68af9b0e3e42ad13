"""What Latchwork tells the world: every event type that it can cause, in Seam's words.

Commands are imperative, events past: an event row is written in the transaction of the change it reports, and holds
no digits; they are filled in when somebody with the right reads or receives it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class EventType(StrEnum):
    """The `event_type` values that Latchwork writes."""

    CREATED = "access_code.created"
    CHANGED = "access_code.changed"
    NAME_CHANGED = "access_code.name_changed"
    CODE_CHANGED = "access_code.code_changed"
    TIME_FRAME_CHANGED = "access_code.time_frame_changed"
    SCHEDULED_ON_DEVICE = "access_code.scheduled_on_device"
    SET_ON_DEVICE = "access_code.set_on_device"
    DELAY_IN_SETTING = "access_code.delay_in_setting_on_device"
    FAILED_TO_SET = "access_code.failed_to_set_on_device"
    REMOVED_FROM_DEVICE = "access_code.removed_from_device"
    FAILED_TO_REMOVE = "access_code.failed_to_remove_from_device"
    DELETED = "access_code.deleted"
    MODIFIED_EXTERNAL = "access_code.modified_external_to_seam"
    DELETED_EXTERNAL = "access_code.deleted_external_to_seam"
    CONSTANTLY_UNDONE = "access_code.constantly_undone"
    BACKUP_PULLED = "access_code.backup_access_code_pulled"
    UNMANAGED_CREATED = "access_code.unmanaged.created"
    UNMANAGED_REMOVED = "access_code.unmanaged.removed"
    UNMANAGED_CONVERTED = "access_code.unmanaged.converted_to_managed"
    UNMANAGED_NOT_CONVERTED = "access_code.unmanaged.failed_to_convert_to_managed"
    DEVICE_ADDED = "device.added"
    DEVICE_CONNECTED = "device.connected"
    DEVICE_DISCONNECTED = "device.disconnected"
    DEVICE_REMOVED = "device.removed"
    DEVICE_UNMANAGED = "device.converted_to_unmanaged"
    DEVICE_MANAGED = "device.unmanaged.converted_to_managed"
    REPLACEMENT_ASKED = "device.replacement_asked"
    DEVICE_REPLACED = "device.replaced"
    REPLACEMENT_ROLLED_BACK = "device.replacement_rolled_back"
    MAX_CODES_REACHED = "device.max_access_codes_reached"
    ACCOUNT_CONNECTED = "connected_account.connected"
    ACCOUNT_DISCONNECTED = "connected_account.disconnected"
    LOCKED = "lock.locked"
    UNLOCKED = "lock.unlocked"
    WEBHOOK_DISABLED = "webhook.disabled"
    WEBHOOK_TEST = "webhook.test"


class Event(BaseModel):
    """One thing that happened, without the ids that the store adds."""

    model_config = ConfigDict(frozen=True)

    event_type: EventType
    occurred_at: datetime
    payload: dict[str, Any] = {}


PROBLEMS = "problems"
"""The key under which an event about trouble keeps the code's problems as they stood."""

_GENERATION = "pin_generation"


def digits_of(generation: int) -> dict[str, int]:
    """Stand in for digits in a payload: name the generation in which they came."""
    return {_GENERATION: generation}


def generation_of(value: Any) -> int | None:
    """Give the generation where a part of a payload stands in for digits; None where it is anything else."""
    if isinstance(value, dict) and value.keys() == {_GENERATION}:
        return int(value[_GENERATION])
    return None
