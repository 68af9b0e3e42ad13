"""How something that was asked of a lock stands: pending, done, or never to be done.

Nothing is stored but what was asked and in which generation; the rest follows from the code as it stands.

    create, update   success  once the lock has the newest digits and name, not before `starts_at`
                     error    the lock refuses them for good, or the code ended without them
    delete           success  once the code is proven gone

Moving a door is asked of the lock at once, so how it ended is stored as it was seen (`Moved`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.access_code import AccessCode, Ending
from domain.lifecycle import are_put_back, is_over, is_refused, is_up_to_date
from domain.problems import ProblemCode, has


class ActionType(StrEnum):
    """Seam's `action_type`s that Latchwork answers with."""

    CREATE = "CREATE_ACCESS_CODE"
    UPDATE = "UPDATE_ACCESS_CODE"
    DELETE = "DELETE_ACCESS_CODE"
    LOCK = "LOCK_DOOR"
    UNLOCK = "UNLOCK_DOOR"


class AttemptStatus(StrEnum):
    """Seam's `status` of an action attempt."""

    PENDING = "pending"
    SUCCESS = "success"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it stands; `error` and `message` only beside `ERROR`."""

    status: AttemptStatus
    error: str | None = None
    message: str | None = None


class Moved(BaseModel):
    """How locking or unlocking a door ended.  `confirmed`: the lock was seen so, not only its vendor's yes."""

    model_config = ConfigDict(frozen=True)

    error: str | None = None
    message: str | None = None
    confirmed: bool = False

    @property
    def outcome(self) -> Outcome:
        """Give how the attempt stands by it."""
        if self.error is None:
            return SUCCESS
        return Outcome(AttemptStatus.ERROR, self.error, self.message)


PENDING, SUCCESS = Outcome(AttemptStatus.PENDING), Outcome(AttemptStatus.SUCCESS)
REFUSED = Outcome(AttemptStatus.ERROR, ProblemCode.CONSTRAINTS_VIOLATED, "the lock refuses these digits or this name")


def outcome(action: ActionType, code: AccessCode, *, generation: int, was_seen: bool, now: datetime) -> Outcome:
    """Say how an attempt stands.

    `generation` is what the code had when it was asked for, `was_seen` whether that or a newer one was ever read back.
    """
    if action is ActionType.DELETE:
        return SUCCESS if code.closed and code.wish.ending is Ending.DELETED else PENDING
    if _was_given_up(code, generation):
        return REFUSED
    if is_over(code, now) or generation < code.wish.generation:
        return _looking_back(code, was_seen=was_seen, now=now)
    if is_refused(code) or generation > code.wish.generation:
        return REFUSED
    starts_at = code.wish.starts_at
    begun = starts_at is None or starts_at <= now
    return SUCCESS if begun and is_up_to_date(code) else PENDING


def _was_given_up(code: AccessCode, generation: int) -> bool:
    """Tell whether this was of digits that the lock refused, so that those before them were put back."""
    refused, made_room = code.on_lock.refused_generation, code.made_room
    if refused is None or made_room is None or not are_put_back(code):
        return False
    return made_room.generation < generation <= refused


def _looking_back(code: AccessCode, *, was_seen: bool, now: datetime) -> Outcome:
    if was_seen and not (is_over(code, now) and has(code.problems, ProblemCode.FAILED_TO_SET)):
        return SUCCESS
    if not is_over(code, now):
        return PENDING
    deleted = code.wish.ending is Ending.DELETED
    message = "the access code was deleted" if deleted else "the access code ended"
    return Outcome(AttemptStatus.ERROR, ProblemCode.FAILED_TO_SET, f"{message} before it was set")
