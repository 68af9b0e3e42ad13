"""What a look at a whole lock says of one code that was believed to be there, and what follows.

A code is found in one of six ways, and "the lock could not be read" is none of them: then nothing follows.

    PRESENT    its digits are there
    MASKED     it is there by its reference or mark; the lock hides digits
    RENAMED    its digits are there, under a name that is not ours any more
    CHANGED    under its reference or mark there are other digits
    MISSING    nothing of it is there
    RESURFACED it is there although it was proven gone

Equality of digits comes first, so that whoever sets a code again by hand with the same digits has changed nothing.

Where reads may lag behind (`reads_lag`), MISSING, CHANGED and RENAMED are believed only when a second look, at least the
lag later, says so again.  What is believed makes the code `maybe`: its workflow looks for itself before it writes, so
no single read ever rewrites or removes anything.

Who may change codes at the lock (`allows_external_modification`) is honoured: the change becomes what is wanted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.access_code import AccessCode, Ending, OnLock, Presence
from domain.devices import Capabilities
from domain.events import Event, EventType
from domain.interference import fails, remembered
from domain.lifecycle import has_digits, is_over
from domain.names import carries_mark
from domain.problems import KINDS, ChangeType, ProblemCode, Problems, cleared, has, raised

BEFORE_LETTING_GO = timedelta(minutes=1)
"""The least time between two looks before a code is let go that somebody took off who may."""


class Found(StrEnum):
    """How a code was found on its lock."""

    PRESENT = "present"
    MASKED = "masked"
    RENAMED = "renamed"
    CHANGED = "changed"
    MISSING = "missing"
    RESURFACED = "resurfaced"


@dataclass(frozen=True, slots=True)
class Entry:
    """One code that a lock shows.  `pin_index` is the keyed hash of its digits, None where the lock hides them."""

    reference: str | None
    slot: int | None
    name: str | None
    pin_index: str | None


@dataclass(frozen=True, slots=True)
class Expected:
    """How a code of ours is to be recognised."""

    stem: str
    """Its mark without the generation, such as `1a2b3c4d.`."""
    reference: str | None
    pin_indexes: frozenset[str]
    """Those of all its digits that may be on the lock."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one code was found; `entry` is what was taken for it."""

    found: Found
    entry: Entry | None = None
    bears_mark: bool = False
    """The entry's name begins with the code's mark."""
    can_be_honoured: bool = True
    """Other digits that were found are known, and nobody else's on the lock."""


def look_for(expected: Expected, entries: Sequence[Entry]) -> Look:
    """Find a code among what its lock shows."""
    by_digits = _first(entry for entry in entries if entry.pin_index in expected.pin_indexes)
    if by_digits is not None:
        return Look(Found.PRESENT, by_digits, bears_mark(by_digits, expected.stem))
    entry = _first(e for e in entries if expected.reference is not None and e.reference == expected.reference)
    entry = entry or _first(e for e in entries if bears_mark(e, expected.stem))
    if entry is None:
        return Look(Found.MISSING)
    found = Found.MASKED if entry.pin_index is None else Found.CHANGED
    return Look(found, entry, bears_mark(entry, expected.stem))


def all_of(expected: Expected, entries: Iterable[Entry]) -> list[Entry]:
    """Give every entry that is the code's: while its digits change there may be two."""
    return [
        entry
        for entry in entries
        if entry.pin_index in expected.pin_indexes
        or (expected.reference is not None and entry.reference == expected.reference)
        or bears_mark(entry, expected.stem)
    ]


def bears_mark(entry: Entry, stem: str) -> bool:
    """Tell whether the entry's name is one that we gave to this code, in whichever generation."""
    shown = (entry.name or "").strip().casefold().split(" ", 1)[0]
    generation = shown.partition(".")[2]
    return generation.isdigit() and (shown.startswith(stem) or carries_mark(shown, f"{stem}{generation}"))


def fold(code: AccessCode, look: Look, now: datetime, capabilities: Capabilities) -> tuple[AccessCode, list[Event]]:
    """Fold a look into what is known of a code, and say what happened.

    Of a code in doubt, or with digits in two places, nothing is learnt here: its own workflow is at it.
    """
    if code.former is not None:
        return code, []
    presence = code.on_lock.presence
    if look.found is Found.RESURFACED:
        return (_resurfaced(code, now), []) if presence is Presence.ABSENT else (code, [])
    if presence is not Presence.PRESENT or is_over(code, now):
        return code, []
    found = _judged(code, look)
    if found in (Found.PRESENT, Found.MASKED):
        return _as_it_should_be(code, look, now), []
    if not _is_believed(code, found, now, capabilities):
        return _with(code, code.on_lock.model_copy(update={"empty_since": code.on_lock.empty_since or now})), []
    if code.allows_external_modification and (found is not Found.CHANGED or look.can_be_honoured):
        return _honoured(code, found, now)
    if found is Found.RENAMED:
        return _renamed_back(code, now)
    return _undone(code, found, now)


def _judged(code: AccessCode, look: Look) -> Found:
    """A name counts as changed only where our mark was seen in it, and where setting it does not take the code off."""
    renamed = code.on_lock.bears_mark and not look.bears_mark and look.entry is not None and bool(look.entry.name)
    if renamed and look.found in (Found.PRESENT, Found.MASKED) and code.updates_in_place:
        return Found.RENAMED
    return look.found


def second_look_after(capabilities: Capabilities) -> timedelta:
    """Say how long after a look that left a doubt the next one settles it."""
    return max(capabilities.reads_lag, BEFORE_LETTING_GO)


def _is_believed(code: AccessCode, found: Found, now: datetime, capabilities: Capabilities) -> bool:
    """Tell whether this look, which did not find the code as it should be, proves that it is so.

    A code that somebody may take off is let go by that: no operation of its own makes sure, so a second look does.
    """
    until, since = code.on_lock.unsettled_until, code.on_lock.empty_since
    if until is not None and now < until:
        return False
    lets_go = code.allows_external_modification and found is Found.MISSING
    return now - (since or now) >= (second_look_after(capabilities) if lets_go else capabilities.reads_lag)


def _as_it_should_be(code: AccessCode, look: Look, now: datetime) -> AccessCode:
    on_lock = code.on_lock.model_copy(update={"empty_since": None, "bears_mark": look.bears_mark})
    undone = remembered(code.interference.undone, code.policy, now)
    interference = code.interference.model_copy(update={"undone": undone})
    problems = code.problems if undone else cleared(code.problems, (ProblemCode.CONFLICTING_MODIFICATION,))
    return code.model_copy(update={"on_lock": on_lock, "interference": interference, "problems": problems})


def _undone(code: AccessCode, found: Found, now: datetime) -> tuple[AccessCode, list[Event]]:
    """Somebody took the code off or gave it other digits: it is in doubt until its workflow has set it again."""
    changed = found is Found.CHANGED
    on_lock = code.on_lock.model_copy(
        update={
            "presence": Presence.MAYBE,
            # What is there under our reference is none of our generations.
            "generation": 0 if changed else code.on_lock.generation,
            "pin_generation": None if changed else code.on_lock.pin_generation,
            "still_opens": False,
            "empty_since": None,
            "bears_mark": False,
        }
    )
    before = code.interference.model_copy(update={"undone": remembered(code.interference.undone, code.policy, now)})
    after = before.model_copy(update={"undone": (*before.undone, now)})
    change = ChangeType.MODIFIED if changed else ChangeType.REMOVED
    told = _with(code, on_lock).model_copy(
        update={
            "interference": after,
            "problems": _shown(code.problems, ProblemCode.CONFLICTING_MODIFICATION, change, now),
        }
    )
    happened = [_event(EventType.MODIFIED_EXTERNAL if changed else EventType.DELETED_EXTERNAL, now)]
    if fails(after, code.policy) and not fails(before, code.policy):
        happened.append(_event(EventType.CONSTANTLY_UNDONE, now, times=len(after.undone)))
    return told, happened


def _renamed_back(code: AccessCode, now: datetime) -> tuple[AccessCode, list[Event]]:
    """The name is asked for again, as a generation of its own; the digits go on opening the door."""
    generation = code.wish.next_generation
    wish = code.wish.model_copy(update={"generation": generation, "newest": generation})
    problems = _shown(code.problems, ProblemCode.CONFLICTING_MODIFICATION, ChangeType.MODIFIED, now)
    undone = (*remembered(code.interference.undone, code.policy, now), now)
    renamed = code.model_copy(
        update={
            "wish": wish,
            "problems": problems,
            "interference": code.interference.model_copy(update={"undone": undone}),
            "on_lock": code.on_lock.model_copy(update={"bears_mark": False, "empty_since": None}),
        }
    )
    return renamed, [_event(EventType.MODIFIED_EXTERNAL, now)]


def _honoured(code: AccessCode, found: Found, now: datetime) -> tuple[AccessCode, list[Event]]:
    """What somebody did who may: it is what is wanted from now on."""
    removed = found is Found.MISSING
    change = ChangeType.REMOVED if removed else ChangeType.MODIFIED
    on_lock = code.on_lock.model_copy(update={"bears_mark": False, "empty_since": None})
    wish, interference = code.wish, code.interference
    if removed:
        on_lock = OnLock(unsettled_removals=on_lock.unsettled_removals, doubtful_until=on_lock.doubtful_until)
        interference = interference.model_copy(update={"left_off": wish.generation})
    elif found is Found.CHANGED:
        generation = wish.next_generation
        numbers = {"generation": generation, "pin_generation": generation}
        wish = wish.model_copy(update=numbers | {"newest": generation})
        on_lock = on_lock.model_copy(update=numbers)
    taken = code.model_copy(
        update={
            "wish": wish,
            "on_lock": on_lock,
            "interference": interference,
            "problems": _shown(code.problems, ProblemCode.EXTERNAL_MODIFICATION, change, now),
        }
    )
    return taken, [_event(EventType.DELETED_EXTERNAL if removed else EventType.MODIFIED_EXTERNAL, now)]


def _resurfaced(code: AccessCode, now: datetime) -> AccessCode:
    """A code that was proven gone is there: it is an exposure again, from this moment on, until it is proven gone."""
    on_lock = code.on_lock.model_copy(
        update={"presence": Presence.MAYBE, "generation": code.wish.generation, "was_set": True, "empty_since": None}
    )
    problems = code.problems
    if code.wish.ending is Ending.DELETED:
        problems = raised(problems, ProblemCode.BEING_DELETED, now)
    interference = code.interference.model_copy(update={"left_off": None})
    return code.model_copy(
        update={"on_lock": on_lock, "closed": False, "problems": problems, "interference": interference}
    )


def is_unrepaired(code: AccessCode, now: datetime) -> bool:
    """Tell whether the code's workflow still has to be told: what was found has not been put right."""
    undone = bool(code.interference.undone) and not has_digits(code) and not is_over(code, now)
    return undone and code.on_lock.presence is Presence.MAYBE


def _shown(problems: Problems, problem: ProblemCode, change: ChangeType, now: datetime) -> Problems:
    """Show what was done; a newer change takes the place of an older one, and keeps its time."""
    since = next((one.created_at for one in problems if one.code is problem), now)
    kept = cleared(problems, (problem,)) if has(problems, problem) else problems
    return raised(kept, problem, since, KINDS[problem].message, change_type=change)


def _event(event_type: EventType, now: datetime, **payload: int) -> Event:
    return Event(event_type=event_type, occurred_at=now, payload=payload)


def _first(entries: Iterable[Entry]) -> Entry | None:
    return next(iter(entries), None)


def _with(code: AccessCode, on_lock: OnLock) -> AccessCode:
    return code.model_copy(update={"on_lock": on_lock})
