"""One code's story in sentences: what was wanted, tried, read and decided, in order.

It is made of the code's events, of the record of its operations on the lock, and of its wish.  The timeline of the API,
`latchwork codes why`, the exposure report and the console tell it with the same words, from here.

Three things never appear: digits (events name them by generation), names (people write digits into them), and runs of
digits in a vendor's words.

What repeats is said once: "14 times in 2 h, each time: the lock is offline".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.access_code import AccessCode, Ending
from domain.events import PROBLEMS, EventType
from domain.lifecycle import Action, begins_at, decide, is_refused, is_wanted, status
from domain.malformed import struck


class LineKind(StrEnum):
    """What a sentence tells."""

    WANTED = "wanted"
    """What somebody asked for, or what the time brought."""
    TRIED = "tried"
    """What was asked of the lock, and the answer."""
    READ = "read"
    """What a look at the lock showed."""
    DECIDED = "decided"
    """What follows from it."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One event."""

    at: datetime
    event_type: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """One operation on the lock: what it was, the class of the answer, and the vendor's words."""

    at: datetime
    operation: str
    answer: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, for one instant or for many alike."""

    at: datetime
    kind: LineKind
    text: str
    until: datetime | None = None
    """The last of those that it stands for; None: there is only one."""
    times: int = 1
    event_type: str | None = None
    """The event that it tells; None: it tells none."""


Moment = Callable[[datetime], str]
"""How an instant is shown to whoever reads."""

_EVENTS: dict[EventType, tuple[LineKind, str]] = {
    EventType.CREATED: (LineKind.WANTED, "The code was registered."),
    EventType.CHANGED: (LineKind.WANTED, "It was changed."),
    EventType.NAME_CHANGED: (LineKind.WANTED, "It got another name."),
    EventType.CODE_CHANGED: (LineKind.WANTED, "It got other digits."),
    EventType.TIME_FRAME_CHANGED: (LineKind.WANTED, "Its time was changed."),
    EventType.SCHEDULED_ON_DEVICE: (LineKind.DECIDED, "The lock was told of it ahead, and keeps its time by itself."),
    EventType.SET_ON_DEVICE: (LineKind.DECIDED, "It is proven on the lock."),
    EventType.DELAY_IN_SETTING: (LineKind.DECIDED, "It is late on the lock: a warning is shown."),
    EventType.FAILED_TO_SET: (LineKind.DECIDED, "It was not set in time: an error is shown, and trying goes on."),
    EventType.REMOVED_FROM_DEVICE: (LineKind.DECIDED, "It is proven gone from the lock."),
    EventType.FAILED_TO_REMOVE: (
        LineKind.DECIDED,
        "It is not proven gone in time: an error is shown, and trying goes on.",
    ),
    EventType.DELETED: (LineKind.DECIDED, "Its deletion is complete."),
    EventType.MODIFIED_EXTERNAL: (LineKind.READ, "Somebody changed it at the lock or in its vendor's app."),
    EventType.DELETED_EXTERNAL: (LineKind.READ, "Somebody took it off the lock."),
    EventType.CONSTANTLY_UNDONE: (LineKind.DECIDED, "Somebody undoes it again and again: find out who."),
    EventType.BACKUP_PULLED: (LineKind.DECIDED, "A backup code stands in for it."),
    EventType.UNMANAGED_CREATED: (LineKind.READ, "The lock shows a code of somebody else's."),
    EventType.UNMANAGED_REMOVED: (LineKind.READ, "The code of somebody else's is gone from the lock."),
    EventType.UNMANAGED_CONVERTED: (LineKind.DECIDED, "It was adopted, as it is on the lock."),
    EventType.UNMANAGED_NOT_CONVERTED: (LineKind.DECIDED, "It could not be adopted."),
    EventType.DEVICE_ADDED: (LineKind.READ, "The lock was found at its vendor."),
    EventType.DEVICE_CONNECTED: (LineKind.READ, "The lock answers again."),
    EventType.DEVICE_DISCONNECTED: (LineKind.READ, "The lock does not answer its vendor."),
    EventType.DEVICE_REMOVED: (LineKind.READ, "The vendor no longer knows the lock."),
    EventType.DEVICE_UNMANAGED: (LineKind.WANTED, "The lock gets no more codes."),
    EventType.DEVICE_MANAGED: (LineKind.WANTED, "The lock gets codes again."),
    EventType.REPLACEMENT_ASKED: (LineKind.DECIDED, "The lock is new: say where it is, and whether it replaces one."),
    EventType.DEVICE_REPLACED: (LineKind.DECIDED, "The lock replaces another, whose codes were moved to it."),
    EventType.REPLACEMENT_ROLLED_BACK: (LineKind.DECIDED, "Its codes were moved back to the lock that it replaced."),
    EventType.MAX_CODES_REACHED: (LineKind.DECIDED, "At some time ahead the lock has fewer slots than guests."),
    EventType.ACCOUNT_CONNECTED: (LineKind.READ, "The vendor accepts the account."),
    EventType.ACCOUNT_DISCONNECTED: (LineKind.READ, "The vendor refuses the account."),
    EventType.LOCKED: (LineKind.READ, "The door was locked."),
    EventType.UNLOCKED: (LineKind.READ, "The door was unlocked."),
    EventType.WEBHOOK_DISABLED: (LineKind.DECIDED, "A webhook was switched off: it failed for too long."),
    EventType.WEBHOOK_TEST: (LineKind.WANTED, "A webhook was tried out."),
}
"""What is said of an event; a type that is not here is said by its name."""

_OPERATIONS = {
    "program": (LineKind.TRIED, "writing the code to the lock"),
    "remove": (LineKind.TRIED, "telling the lock to forget the code"),
    "read": (LineKind.READ, "looking at the lock"),
    "hear": (LineKind.READ, "listening to the lock"),
    "reserve": (LineKind.TRIED, "looking for a place on the lock"),
    "reconcile": (LineKind.READ, "comparing the lock with the books"),
    "resume": (LineKind.DECIDED, "starting its workflow again"),
}
"""What is said of an operation."""

_ANSWERS = {
    "confirmed": "the lock confirmed it",
    "accepted": "the vendor accepted it",
    "rejected": "it was refused",
    "unknown": "nobody knows whether it arrived",
    "known": "it shows a code with its digits",
    "masked": "it shows a code without its digits",
    "empty": "it shows nothing of ours",
    "unreadable": "it could not be read",
    "all": "it shows all that it holds",
    "present": "it shows the code",
    "renamed": "it shows the code under another name",
    "changed": "it shows the code with other digits",
    "missing": "it does not show the code",
    "resurfaced": "it shows the code, which should not be there",
    "RetryLaterError": "no answer",
    "AccountDisconnectedError": "the vendor refuses the account",
    "LockGoneError": "the vendor does not know the lock",
    "NonsenseError": "the answer makes no sense",
    "workflow_gone": "it was gone",
    "duplicate_code_on_device": "another code has the same digits",
    "no_space_for_access_code_on_device": "every slot is held",
}
"""What is said of an answer; others are said by their name."""

_ENDINGS = {
    Ending.DELETED: "Somebody asked for its deletion.",
    Ending.CANCELLED: "Its workflow was cancelled.",
    Ending.RELEASED: "It was left on the lock for good.",
    Ending.MOVED: "Its code has another lock.",
}


def of_event(event: Happened, moment: Moment) -> Line:
    """Say what one event means."""
    name = event.event_type
    known = next((said for told, said in _EVENTS.items() if told == name), None)
    kind, text = known or (LineKind.DECIDED, f"{name.rpartition('.')[2].replace('_', ' ').capitalize()}.")
    match name:
        case EventType.TIME_FRAME_CHANGED if "to" in event.payload:
            text = f"Its time was changed: {_frame(event.payload['to'], moment)}."
        case EventType.CHANGED if _is_move(event):
            text = "It was moved to another lock."
        case EventType.CHANGED if "changed_properties" in event.payload:
            names = sorted({str(one["property"]) for one in event.payload["changed_properties"]})
            text = f"It was changed: {', '.join(names)}."
        case EventType.UNMANAGED_NOT_CONVERTED if "reason" in event.payload:
            text = f"It could not be adopted: {struck(str(event.payload['reason']))}."
    because = [str(problem["code"]) for problem in event.payload.get(PROBLEMS, ()) if problem["code"] not in name]
    text = f"{text} Shown besides: {', '.join(because)}." if because else text
    return Line(event.at, kind, text, event_type=name)


def of_attempt(tried: Tried) -> Line:
    """Say what one operation on the lock was and what came of it."""
    kind, asked = _asked(tried)
    return Line(tried.at, kind, f"{asked.capitalize()}: {_answered([tried])}." if tried.answer else f"{asked}.")


def of_attempts(tried: Sequence[Tried]) -> list[Line]:
    """Say what operations came to, in their order, those that repeat once."""
    lines: list[Line] = []
    place = 0
    while place < len(tried):
        length, times = _repetition(tried, place)
        run = tried[place : place + length * times]
        lines += [_summed(run, length, times)] if times > 1 else [of_attempt(run[0])]
        place += len(run)
    return lines


def story(
    code: AccessCode, events: Sequence[Happened], tried: Sequence[Tried], now: datetime, moment: Moment
) -> list[Line]:
    """Tell a code's story up to `now`; events and operations may come in any order."""
    told = [
        _registered(event, code, events, moment) if event.event_type == EventType.CREATED else of_event(event, moment)
        for event in events
        if event.event_type != EventType.CHANGED or _is_move(event)  # the others say it one by one
    ]
    told = sorted([*told, *(line for line in _by_itself(code) if line.at <= now)], key=lambda line: line.at)
    lines: list[Line] = []
    left = sorted(tried, key=lambda one: one.at)
    for line in told:
        # What is told in between ends a row of attempts: each belongs to what was known then.
        before = [one for one in left if one.at <= line.at]
        lines += [*of_attempts(before), line]
        left = left[len(before) :]
    return lines + of_attempts(left)


def standing(code: AccessCode, now: datetime, moment: Moment, *, readable: bool = True) -> Line:
    """Say how a code stands now and what comes next: the end of its story so far."""
    decision, stands = decide(code, now), status(code, now, readable=readable)
    until = "something changes" if decision.wake_at is None else moment(decision.wake_at)
    match decision.action:
        case _ if code.closed:
            coming = "nothing is to be done any more"
        case Action.WAIT if is_refused(code) and is_wanted(code, now):
            coming = "the lock refused it for good; it is tried again when its digits or its name change"
        case Action.WAIT:
            coming = f"nothing is to be done until {until}"
        case Action.PROGRAM:
            coming = "it is being put on the lock"
        case Action.REMOVE:
            coming = "it is being taken off the lock"
        case Action.FINISH:
            coming = "its books are being closed"
    shown = f" Shown: {', '.join(problem.code for problem in code.problems)}." if code.problems else ""
    return Line(now, LineKind.DECIDED, f"Now it is {stands}: {coming}.{shown}")


def _is_move(event: Happened) -> bool:
    """Tell whether the code has another lock since; no other event says so."""
    properties = event.payload.get("changed_properties", ())
    return event.event_type == EventType.CHANGED and any(one["property"] == "device_id" for one in properties)


def _by_itself(code: AccessCode) -> list[Line]:
    """What no event tells: the time that came, and who asked for the end."""
    wish, begins, lines = code.wish, begins_at(code), list[Line]()
    if begins is not None and (wish.ending_at is None or begins < wish.ending_at):
        lines.append(Line(begins, LineKind.WANTED, "Its time began: it should be on the lock."))
    if wish.ending is not None and wish.ending_at is not None:
        lines.append(Line(wish.ending_at, LineKind.WANTED, _ENDINGS[wish.ending]))
    if wish.ends_at is not None and wish.ends_at <= (wish.ending_at or wish.ends_at):
        lines.append(Line(wish.ends_at, LineKind.WANTED, "Its time ended: it should be gone."))
    return lines


def _registered(event: Happened, code: AccessCode, events: Sequence[Happened], moment: Moment) -> Line:
    """Say for which window a code was registered: the first that it had."""
    moved = [one for one in events if one.event_type == EventType.TIME_FRAME_CHANGED and "from" in one.payload]
    first = min(moved, key=lambda one: one.at).payload["from"] if moved else code.wish.model_dump(mode="json")
    text = f"The code was registered, {_frame(first, moment)}."
    return Line(event.at, LineKind.WANTED, text, event_type=event.event_type)


def _frame(frame: Mapping[str, Any], moment: Moment) -> str:
    def said(name: str, otherwise: str) -> str:
        value = frame.get(name)
        return otherwise if value is None else moment(datetime.fromisoformat(str(value)))

    return f"from {said('starts_at', 'then on')} to {said('ends_at', 'its deletion')}"


def _asked(tried: Tried) -> tuple[LineKind, str]:
    return _OPERATIONS.get(tried.operation, (LineKind.TRIED, tried.operation.replace("_", " ")))


def _answered(alike: Sequence[Tried]) -> str:
    """Say the answer that all of these got, with the vendor's words: the last, where they differ."""
    answer, words = alike[0].answer, [struck(one.detail) for one in alike if one.detail]
    said = _ANSWERS.get(answer, answer.replace("_", " "))
    if not words:
        return said
    return f"{said} ({words[-1]})" if len(set(words)) == 1 else f"{said} (last: {words[-1]})"


_LONGEST_ROUND = 4
"""An attempt looks, writes and looks again."""


def _repetition(tried: Sequence[Tried], place: int) -> tuple[int, int]:
    """Give the length of the round that begins here and how often it repeats; the most that one sentence can say."""
    keys = [(one.operation, one.answer) for one in tried]
    best = (1, 1)
    for length in range(1, _LONGEST_ROUND + 1):
        first, times = keys[place : place + length], 1
        while keys[place + length * times : place + length * (times + 1)] == first:
            times += 1
        if times > 1 and length * times > best[0] * best[1]:
            best = (length, times)
    return best


def _summed(run: Sequence[Tried], length: int, times: int) -> Line:
    parts = [f"{_asked(run[step])[1]}: {_answered(run[step::length])}" for step in range(length)]
    took = lasting(run[-1].at - run[0].at)
    text = f"Tried {times} times in {took}, each time: {'; '.join(parts)}."
    return Line(run[0].at, _asked(run[0])[0] if length == 1 else LineKind.TRIED, text, run[-1].at, times)


def lasting(span: timedelta) -> str:
    """Say a length of time in its two largest units."""
    seconds = round(span.total_seconds())
    units = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
    first = next((place for place, (_, amount) in enumerate(units) if amount), len(units) - 1)
    return " ".join(f"{amount} {unit}" for unit, amount in units[first : first + 2] if amount or first == 3)
