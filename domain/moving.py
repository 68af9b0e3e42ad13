"""Moving a code to another lock: it keeps its id, its window and, where the new lock takes them, its digits.

What is, or may be, on the old lock becomes the code's *remnant*: a code of its own that nobody but operators sees, with
what was known of that place.  So a lock still has one code and one workflow for everything of ours that is on it.

    digits of the code were proven on the old lock    the remnant stays wanted until the code is proven on the new one
    anything else may be there                        the remnant is to go at once
    nothing is there                                  there is no remnant

A guest is never without a working code in between: the new place is added before the old one goes.  A code whose remnant
is not proven gone can be taken back: it has then again what its remnant knows, and the digits that were in force there.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access_code import AccessCode, BackupUse, Ending, OnLock, Presence, Wish, scheduled
from domain.changes import with_ending, with_window
from domain.events import Event, EventType, digits_of
from domain.interference import Interference
from domain.lifecycle import has_digits, is_clear, is_over
from domain.native_windows import LockClock
from domain.policy import Policy
from domain.problems import WHILE_SETTING, ProblemCode, cleared

_OF_THE_OLD_LOCK = (
    *WHILE_SETTING,
    ProblemCode.DELAY_IN_SETTING,
    ProblemCode.FAILED_TO_SET,
    ProblemCode.FAILED_TO_REMOVE,
    ProblemCode.CONFLICTING_MODIFICATION,
    ProblemCode.EXTERNAL_MODIFICATION,
)
"""What was wrong there says nothing of the new lock."""


def remnant_id(code_id: UUID, random: UUID) -> UUID:
    """Make the id of a remnant out of a random one: it bears the same mark as the code, which is what is on the lock."""
    return UUID(bytes=code_id.bytes[:4] + random.bytes[4:])


def moved(
    code: AccessCode, now: datetime, *, policy: Policy, updates_in_place: bool, native: LockClock | None
) -> AccessCode:
    """Give the code as it begins on the other lock: wanted as before, with nothing of it there."""
    wish = code.wish.model_copy(update=_anew(code.wish, now))
    fresh = code.model_copy(
        update={
            "on_lock": OnLock(),
            "former": None,
            "replaced_at": None,
            "worked_until": None,
            "no_room_for": None,
            "made_room": None,
            "interference": Interference(),
            "problems": cleared(code.problems, _OF_THE_OLD_LOCK),
            "policy": policy,
            "updates_in_place": updates_in_place,
            "native": native,
        }
    )
    return fresh.model_copy(update={"wish": scheduled(fresh, wish)})


def left_behind(code: AccessCode, now: datetime) -> AccessCode | None:
    """Give what the code leaves on its lock; None: nothing can be there."""
    if is_clear(code):
        return None
    in_force = _in_force(code)
    there = code.model_copy(
        update={
            "problems": (),
            "backup": BackupUse(),
            "is_backup": False,
            "remnant": None,
            "made_room": None,
            "policy": code.policy.model_copy(update={"pulls_backup": False}),
            "version": 0,
        }
    )
    if in_force is None:
        return with_ending(there, Ending.MOVED, now).code
    # Only what is proven is wanted there: nothing newer is written to a lock that is being left.
    return there.model_copy(update={"wish": code.wish.model_copy(update=_generations(in_force))})


def is_in_force(remnant: AccessCode) -> bool:
    """Tell whether a remnant is to stay until its code is proven elsewhere."""
    return remnant.wish.ending is None


def in_step(remnant: AccessCode, code: AccessCode, now: datetime) -> AccessCode:
    """Give a remnant its code's window, or let it go where the code is proven on its own lock, or over."""
    if not is_in_force(remnant):
        return remnant
    if has_digits(code) or is_over(code, now) or code.closed:
        return with_ending(remnant, Ending.MOVED, now).code
    return with_window(remnant, code.wish.starts_at, code.wish.ends_at, now).code


def taken_back(code: AccessCode, remnant: AccessCode, now: datetime, *, policy: Policy) -> AccessCode:
    """Give the code as it is on the lock that it comes back to: as its remnant knows it, in its own window.

    The digits that were in force there are its digits again.  What is being taken off there counts as in doubt.
    """
    in_force = _in_force(remnant) or _last(remnant)
    told = _anew(code.wish, now) if in_force is None else {**_generations(in_force), "changed_at": now}
    wish = code.wish.model_copy(update={"newest": max(code.wish.newest, code.wish.generation), **told})
    back = code.model_copy(
        update={
            "on_lock": remnant.on_lock,
            "former": remnant.former,
            "replaced_at": remnant.replaced_at,
            "worked_until": None,
            "no_room_for": None,
            "made_room": None,
            "interference": Interference(),
            "problems": cleared(code.problems, _OF_THE_OLD_LOCK),
            "policy": policy,
            "updates_in_place": remnant.updates_in_place,
            "native": remnant.native,
        }
    )
    back = back.model_copy(update={"wish": scheduled(back, wish)})
    frame = (remnant.wish.starts_at, remnant.wish.ends_at)
    if back.native is None or frame == (wish.starts_at, wish.ends_at):
        return back
    renewed = back.wish.next_generation  # a lock that keeps the window must be told of another
    return back.model_copy(update={"wish": back.wish.model_copy(update={"generation": renewed, "newest": renewed})})


def emptied(remnant: AccessCode, now: datetime) -> AccessCode:
    """Give a remnant whose place its code has again: nothing is left of it."""
    ended = with_ending(remnant, Ending.MOVED, now).code
    return ended.model_copy(update={"on_lock": OnLock(), "former": None, "problems": (), "closed": True})


def move_told(before: UUID, after: UUID, now: datetime) -> Event:
    """Make the event that a code has another lock."""
    properties = [{"property": "device_id", "from": str(before), "to": str(after)}]
    return Event(event_type=EventType.CHANGED, occurred_at=now, payload={"changed_properties": properties})


def digits_told(before: int, after: int, now: datetime) -> Event:
    """Make the event that a code has the digits again that it had on the lock to which it came back."""
    payload = {"from": {"code": digits_of(before)}, "to": {"code": digits_of(after)}}
    return Event(event_type=EventType.CODE_CHANGED, occurred_at=now, payload=payload)


def _in_force(code: AccessCode) -> OnLock | None:
    """Give the place whose digits are proven to be on the lock: the newest where both are."""
    for place in (code.on_lock, code.former):
        if place is not None and place.presence is Presence.PRESENT and place.pin_generation is not None:
            return place
    return None


def _last(remnant: AccessCode) -> OnLock | None:
    """Give the place whose digits were proven last, though they may be going."""
    for place in (remnant.on_lock, remnant.former):
        if place is not None and place.generation is not None and place.pin_generation is not None:
            return place
    return None


def _generations(place: OnLock) -> dict[str, Any]:
    return {"generation": place.generation, "pin_generation": place.pin_generation}


def _anew(wish: Wish, now: datetime) -> dict[str, Any]:
    return {"generation": wish.next_generation, "newest": wish.next_generation, "changed_at": now}
