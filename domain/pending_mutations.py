"""What is still on its way to the lock, in Seam's words (`pending_mutations`).  It holds no digits."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.access_code import AccessCode
from domain.lifecycle import begins_at, has_digits, is_ahead, is_clear, is_over, is_scheduled, is_up_to_date, is_wanted


class MutationCode(StrEnum):
    """Seam's `mutation_code`s that Latchwork shows."""

    CREATING = "creating"
    DEFERRING_CREATION = "deferring_creation"
    DELETING = "deleting"
    UPDATING_CODE = "updating_code"
    UPDATING_NAME = "updating_name"
    UPDATING_TIME_FRAME = "updating_time_frame"


_MESSAGES = {
    MutationCode.CREATING: "The code is being set on the lock.",
    MutationCode.DEFERRING_CREATION: "The code will be set on the lock when its time comes.",
    MutationCode.DELETING: "The code is being removed from the lock.",
    MutationCode.UPDATING_CODE: "The new digits are being set on the lock.",
    MutationCode.UPDATING_NAME: "The new name is being set on the lock.",
    MutationCode.UPDATING_TIME_FRAME: "The lock is being told the new time frame.",
}


class PendingMutation(BaseModel):
    """One thing that the lock does not show yet."""

    model_config = ConfigDict(frozen=True)

    mutation_code: MutationCode
    message: str
    created_at: datetime
    scheduled_at: datetime | None = None
    """When a deferred creation begins."""


def pending_mutations(code: AccessCode, now: datetime) -> tuple[PendingMutation, ...]:
    """List what the lock does not show yet."""
    found = _mutation(code, now)
    if found is None:
        return ()
    deferred = found is MutationCode.DEFERRING_CREATION
    since = code.wish.ending_at or code.wish.changed_at
    return (
        PendingMutation(
            mutation_code=found,
            message=_MESSAGES[found],
            created_at=since,
            scheduled_at=begins_at(code) if deferred else None,
        ),
    )


def _mutation(code: AccessCode, now: datetime) -> MutationCode | None:
    if code.closed:
        return None
    absent = is_clear(code)
    if is_ahead(code, now) and (absent or is_scheduled(code)):
        return MutationCode.DEFERRING_CREATION if absent else None
    if not is_wanted(code, now) and not is_ahead(code, now):
        if not absent:
            return MutationCode.DELETING
        return None if is_over(code, now) else MutationCode.DEFERRING_CREATION
    if is_up_to_date(code):
        return None
    if has_digits(code):
        shifts = code.native is not None and not is_scheduled(code)
        return MutationCode.UPDATING_TIME_FRAME if shifts else MutationCode.UPDATING_NAME
    return MutationCode.UPDATING_CODE if code.on_lock.was_set or code.former is not None else MutationCode.CREATING
