"""What a message does to a wish: a new name, window or digits, or the end.

A change counts as new for the lock, and starts the clock of its warnings anew, only when the lock must be told
something: extending a stay whose code is failing does not buy the failure more time.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.access_code import AccessCode, Ending, Presence, Wish, scheduled
from domain.events import Event, EventType, digits_of
from domain.lifecycle import is_over, is_refused, is_wanted
from domain.observation import Observed
from domain.problems import WHILE_SETTING, ProblemCode, cleared, raised


def with_window(code: AccessCode, starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> Observed:
    """Move the code's window; both ends None makes it ongoing."""
    before = code.wish
    if (starts_at, ends_at) == (before.starts_at, before.ends_at):
        return Observed(code)
    moved = _wish(code, scheduled(code, before.model_copy(update={"starts_at": starts_at, "ends_at": ends_at})))
    if code.native is not None and (code.on_lock.presence is not Presence.ABSENT or is_refused(code)):
        # The lock keeps the window, so it must be told.  It may have been the window that it refused.
        moved = _wish(moved, moved.wish.model_copy(update=_next(before)))
        moved = moved.model_copy(update={"problems": cleared(moved.problems, (ProblemCode.CONSTRAINTS_VIOLATED,))})
    if is_wanted(moved, now) != is_wanted(code, now):
        moved = _wish(moved, moved.wish.model_copy(update={"changed_at": now}))
        moved = moved.model_copy(update={"problems": cleared(moved.problems, _moot(moved, now))})
    return _changed(moved, EventType.TIME_FRAME_CHANGED, now, _frame(before), _frame(moved.wish))


def with_new_pin(code: AccessCode, now: datetime) -> Observed:
    """Ask for other digits: a new generation, free of what was held against the old ones."""
    digits = {"pin_generation": code.wish.next_generation, "changed_at": now}
    wish = code.wish.model_copy(update=_next(code.wish) | digits)
    codes = (*WHILE_SETTING, ProblemCode.DELAY_IN_SETTING, ProblemCode.FAILED_TO_SET, ProblemCode.EXTERNAL_MODIFICATION)
    renewed = _wish(code, wish).model_copy(update={"problems": cleared(code.problems, codes)})
    before, after = ({"code": digits_of(one.wish.pin_generation)} for one in (code, renewed))
    return _changed(renewed, EventType.CODE_CHANGED, now, before, after)


def with_former_digits(code: AccessCode, now: datetime) -> Observed:
    """Ask for the digits again that are in force until newer ones are proven: those are given up."""
    former = code.former
    assert former is not None and former.generation is not None  # noqa: S101, PT018  # the caller has looked
    digits = former.pin_generation or former.generation
    given_up = {"generation": former.generation, "pin_generation": digits, "newest": code.wish.newest}
    codes = (*WHILE_SETTING, ProblemCode.DELAY_IN_SETTING, ProblemCode.FAILED_TO_SET)
    back = _wish(code, code.wish.model_copy(update=given_up | {"changed_at": now}))
    back = back.model_copy(update={"problems": cleared(code.problems, codes)})
    if back.on_lock.presence is Presence.ABSENT:
        back = back.model_copy(update={"on_lock": former, "former": None})
    before, after = ({"code": digits_of(one.wish.pin_generation)} for one in (code, back))
    return _changed(back, EventType.CODE_CHANGED, now, before, after)


def with_name(code: AccessCode, before: str | None, name: str | None, now: datetime) -> Observed:
    """Ask for another name.  The lock is told where that does not take a working code off it."""
    if name == before:
        return Observed(code)
    renamed = code
    if code.updates_in_place or code.on_lock.presence is Presence.ABSENT:
        renamed = _wish(code, code.wish.model_copy(update=_next(code.wish)))
        # It may have been the name that the lock refused; the failure of a code that is tried on goes on.
        refusal = (ProblemCode.CONSTRAINTS_VIOLATED,)
        codes = refusal if is_wanted(code, now) else (*refusal, ProblemCode.FAILED_TO_SET)
        renamed = renamed.model_copy(update={"problems": cleared(code.problems, codes)})
    return _changed(renamed, EventType.NAME_CHANGED, now, {"name": before}, {"name": name})


def with_external_modification(code: AccessCode, *, allowed: bool) -> Observed:
    """Let others change the code at its lock, or no longer; what they did before stays as it is."""
    return Observed(code.model_copy(update={"allows_external_modification": allowed}))


def with_ending(code: AccessCode, ending: Ending, now: datetime) -> Observed:
    """Ask for the end.  A deletion outranks a cancellation; the first instant counts."""
    wish = code.wish
    if wish.ending is Ending.DELETED or wish.ending is ending:
        return Observed(code)
    ended = _wish(code, wish.model_copy(update={"ending": ending, "ending_at": wish.ending_at or now}))
    problems = cleared(code.problems, (ProblemCode.DELAY_IN_SETTING,))
    if ending is Ending.DELETED:
        problems = raised(problems, ProblemCode.BEING_DELETED, now)
    return Observed(ended.model_copy(update={"problems": problems, "closed": False}))


def summed_up(happened: Iterable[Event], now: datetime) -> Event:
    """Make the event that sums up what was changed: one entry for each property that is another now."""
    properties = [
        {"property": name, "from": event.payload["from"][name], "to": value}
        for event in happened
        for name, value in event.payload["to"].items()
        if value != event.payload["from"][name]
    ]
    return Event(event_type=EventType.CHANGED, occurred_at=now, payload={"changed_properties": properties})


def _moot(moved: AccessCode, now: datetime) -> tuple[ProblemCode, ...]:
    """What a code that moved into its window or out of it need not show any more.

    A refusal for good is no matter of time, so that its failure was told once and for all; and a code that ends without
    ever having worked says so for ever.
    """
    passing = (
        ProblemCode.DELAY_IN_SETTING,
        ProblemCode.FAILED_TO_REMOVE,
        ProblemCode.DUPLICATE_CODE,
        ProblemCode.NO_SPACE,
    )
    return passing if is_over(moved, now) or is_refused(moved) else (*passing, ProblemCode.FAILED_TO_SET)


def _next(wish: Wish) -> dict[str, Any]:
    return {"generation": wish.next_generation, "newest": wish.next_generation}


def _wish(code: AccessCode, wish: Wish) -> AccessCode:
    return code.model_copy(update={"wish": wish})


def _changed(
    code: AccessCode, event_type: EventType, now: datetime, before: dict[str, Any], after: dict[str, Any]
) -> Observed:
    payload = {"from": before, "to": after}
    return Observed(code, (Event(event_type=event_type, occurred_at=now, payload=payload),))


def _frame(wish: Wish) -> dict[str, str | None]:
    def text(instant: datetime | None) -> str | None:
        return None if instant is None else instant.isoformat()

    return {"starts_at": text(wish.starts_at), "ends_at": text(wish.ends_at)}
