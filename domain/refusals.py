"""Why a request is refused: typed, for good, and without the value that broke the rule.

A refusal names the field, the rule and the *shape* of the value ("5 digits"), never the value: it ends in logs,
Temporal histories and support tickets.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class RefusalType(StrEnum):
    """The error types that a caller can tell apart; Seam's where Seam has one."""

    INVALID_INPUT = "invalid_input"
    PLAINTEXT_PIN = "plaintext_pin"
    DEVICE_NOT_FOUND = "device_not_found"
    DUPLICATE_ACCESS_CODE = "duplicate_access_code"
    CODE_CONSTRAINTS_VIOLATED = "code_constraints_violated"
    ACCESS_CODES_NOT_SUPPORTED = "access_codes_not_supported"
    ACCESS_CODE_ENDED = "access_code_ended"
    ACCESS_CODE_NOT_FOUND = "access_code_not_found"
    WEBHOOK_NOT_FOUND = "webhook_not_found"
    WEBHOOK_DISABLED = "webhook_disabled"
    EVENT_NOT_FOUND = "event_not_found"
    INVALID_EVENT_TYPES = "invalid_event_types"
    NOT_TIME_BOUND = "access_code_not_time_bound"
    CODE_CANNOT_BE_SHARED = "code_cannot_be_shared"
    DEVICE_UNMANAGED = "device_unmanaged"
    DEVICE_DISCONNECTED = "device_disconnected"
    """The lock is offline, and the caller wanted no attempt on a lock that is."""
    DEVICE_IN_USE = "device_in_use"
    """Guests' codes on it are live."""
    BACKUP_POOL_NOT_SUPPORTED = "backup_access_code_pool_not_supported"
    BACKUP_POOL_NOT_ENABLED = "backup_access_code_pool_not_enabled"
    BACKUP_NOT_FOUND = "backup_access_code_not_found"
    """No backup code is ready just now."""
    IS_BACKUP = "access_code_is_backup"
    NO_SPACE = "no_space_for_access_code_on_device"
    """The lock's calendar has no slot, and policy refuses such codes."""
    GUEST_NOT_FOUND = "guest_not_found"
    MESSAGE_NOT_FOUND = "message_not_found"
    MESSAGE_CHANNEL_NOT_FOUND = "message_channel_not_found"
    TOLD_TO_ANOTHER_GUEST = "told_to_another_guest"
    """These digits may be known to somebody else: they are not given to a second guest."""
    STORE_UNAVAILABLE = "store_unavailable"
    """The one that a caller should repeat, with the same ids."""


class Refusal(BaseModel):
    """One refused request."""

    model_config = ConfigDict(frozen=True)

    type: RefusalType
    message: str
    field: str | None = None
    rule: str | None = None
    shape: str | None = None


class RefusedError(Exception):
    """A request breaks a rule; repeating it unchanged cannot help.  The caller must act."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def refuse(
    refusal_type: RefusalType,
    message: str,
    *,
    field: str | None = None,
    rule: str | None = None,
    shape: str | None = None,
) -> RefusedError:
    """Make the error that says so."""
    return RefusedError(Refusal(type=refusal_type, message=message, field=field, rule=rule, shape=shape))
