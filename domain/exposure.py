"""Exposures: codes that should be gone from a lock and are not proven gone, and since when.

    past its end, deleted or cancelled, and something may be on the lock      from the instant at which it should go
    its lock or its account was given up, by force, with the code still live  from then on
    released to its owner, and something may be on the lock                   from then on

No grace is given: a removal that takes a second is an exposure for that second.  It ends when absence was read back,
or when a person has seen to a code that Latchwork was told to leave.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.access_code import AccessCode, Ending
from domain.lifecycle import is_clear, is_over, unwanted_since


class ExposureReason(StrEnum):
    """Why a code should be gone, or is nobody's concern any more."""

    ENDED = "ended"
    DELETED = "deleted"
    CANCELLED = "cancelled"
    DEVICE_UNMANAGED = "device_unmanaged"
    ACCOUNT_DELETED = "connected_account_deleted"
    RELEASED = "released"
    MOVED = "moved"


REASONS: dict[ExposureReason, str] = {
    ExposureReason.ENDED: "Its time is over, and the lock has not been seen without it.",
    ExposureReason.DELETED: "It was deleted, and the lock has not been seen without it.",
    ExposureReason.CANCELLED: "Its workflow was cancelled, and the lock has not been seen without it.",
    ExposureReason.DEVICE_UNMANAGED: "Its lock was made unmanaged by force while the code was live.",
    ExposureReason.ACCOUNT_DELETED: "Its connected account was deleted by force while the code was live.",
    ExposureReason.MOVED: "It was moved to another lock, and this one has not been seen without it.",
    ExposureReason.RELEASED: "It was left on the lock for good; somebody must take it off there.",
}
"""What a person should know of each reason; `docs/operating.md` says what to do."""


class Left(BaseModel):
    """That Latchwork was told to leave a lock while a code was live."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    because: ExposureReason


class Exposure(BaseModel):
    """Since when a code is exposed, and why it should be gone."""

    model_config = ConfigDict(frozen=True)

    since: AwareDatetime
    reason: ExposureReason


_ENDINGS = {
    Ending.DELETED: ExposureReason.DELETED,
    Ending.CANCELLED: ExposureReason.CANCELLED,
    Ending.MOVED: ExposureReason.MOVED,
}


def exposure(code: AccessCode, left: Left | None, now: datetime) -> Exposure | None:
    """Say how a code is exposed; None: it is not."""
    may_be_there = not is_clear(code)
    if left is not None and (may_be_there or not code.closed):
        return Exposure(since=left.at, reason=left.because)
    if code.closed or not may_be_there or not is_over(code, now) or code.wish.ending is Ending.RELEASED:
        return None
    since = unwanted_since(code, now)
    ends_at = code.wish.ends_at
    if code.wish.ending is None or (ends_at is not None and ends_at <= since):
        return Exposure(since=since, reason=ExposureReason.ENDED)
    return Exposure(since=since, reason=_ENDINGS[code.wish.ending])
