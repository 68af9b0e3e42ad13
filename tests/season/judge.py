"""Whether a season kept the promises, judged by what was really on the locks.

Pure: it is given what each lock held and when, who was promised what, and what went wrong; it asks nobody.  What
Latchwork said of itself enters only to be compared with that.

    EARLY     before `starts_at` a stay's digits do not open the door
    SERVED    from `starts_at` + `backup_after` + slack up to its end, a stay's digits, or those of its stand-in, open
    GONE      after its end nothing of a stay is there
    APART     no two codes whose times meet have the same digits, and none is there twice
    TRUE      whatever was reported set was there, and whatever was reported removed was not
    FOREIGN   what others put on a lock stays as it is

Time is forgiven where nobody could have done better, and no longer (`Excuses`): while a lock was out of reach and one
retry interval after it; from what somebody did at the lock until it was next looked at.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations, pairwise

from tests.season.spans import Span, left_of

FOREVER = timedelta(days=365)


@dataclass(frozen=True)
class Bounds:
    """The promise's times."""

    backup_after: timedelta = timedelta(minutes=2)
    retry_interval: timedelta = timedelta(minutes=15)
    slack: timedelta = timedelta(minutes=2)
    """What the machine and, on locks whose reads lag, the second look may take."""
    late_after: timedelta = timedelta(minutes=1)
    """A stay whose door opens later than this is counted as late: where Latchwork itself warns of a delay."""


@dataclass(frozen=True)
class Held:
    """One code on a lock; a lock that keeps windows by itself opens to it from `starts_at` to `ends_at` only."""

    slot: int
    pin: str = field(repr=False)
    name: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def opens(self, at: datetime) -> bool:
        """Whether the door opens to it at an instant."""
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)


@dataclass
class Timeline:
    """What a lock held, and since when."""

    states: list[tuple[datetime, tuple[Held, ...]]] = field(default_factory=list)

    def spans(self) -> Iterator[tuple[Span, tuple[Held, ...]]]:
        """Give each state with its time; the last one lasts."""
        for (at, held), (until, _) in pairwise([*self.states, (self.states[-1][0] + FOREVER, ())]):
            if until > at:
                yield Span(at, until), held

    def within(self, span: Span) -> Iterator[tuple[Span, tuple[Held, ...]]]:
        """Give the states that a span meets, each cut to it, and where a lock begins or ceases to open to a code."""
        for stretch, held in self.spans():
            cut = Span(max(stretch.start, span.start), min(stretch.end, span.end))
            turns = (at for one in held for at in (one.starts_at, one.ends_at) if at is not None)
            for piece in cut.split(turns):
                yield piece, held


@dataclass(frozen=True)
class Trouble:
    """Something that kept a lock from being asked; `misleads`: what it said meanwhile may have been believed."""

    span: Span
    misleads: bool = False


@dataclass
class Code:
    """One code of ours: a guest's, or a backup that stands in."""

    stem: str
    """How its name on the lock begins."""
    pins: list[tuple[datetime, str]] = field(repr=False)
    """Its digits, each with the instant at which they were asked for."""
    reports: list[tuple[datetime, str]] = field(default_factory=list)
    """When it was reported `set` or `removed`."""

    def is_it(self, held: Held) -> bool:
        """Whether a lock's code is this one, by digits or by name."""
        return held.name.startswith(self.stem) or any(held.pin == pin for _, pin in self.pins)


@dataclass
class Stay:
    """One guest, and what they were promised in the end."""

    number: int
    door: str
    code: Code
    starts_at: datetime
    ends_at: datetime
    due_at: datetime
    """When its code was to go: its end, or when somebody said that it had ended."""
    stand_ins: list[tuple[datetime, Code]] = field(default_factory=list)

    def phases(self, span: Span) -> list[Span]:
        """Cut a span where the digits that the guest has change."""
        return span.split([*(since for since, _ in self.code.pins), *(since for since, _ in self.stand_ins)])

    def opens(self, held: Iterable[Held], at: datetime) -> bool:
        """Whether the door opens to digits that the guest has at an instant."""
        (_, newest), *_ = [pin for pin in reversed(self.code.pins) if pin[0] <= at] or self.code.pins[:1]
        mine = {newest} | {pin for since, code in self.stand_ins if since <= at for _, pin in code.pins}
        return any(one.pin in mine and one.opens(at) for one in held)


@dataclass
class Lock:
    """One lock's truth, and what was done to it by others."""

    name: str
    timeline: Timeline
    troubles: list[Trouble] = field(default_factory=list)
    meddled_at: list[datetime] = field(default_factory=list)
    """When somebody changed at the lock what is ours."""
    looked_at: list[datetime] = field(default_factory=list)
    """When it was to be compared with the books."""
    foreign: list[tuple[Span, Held]] = field(default_factory=list)
    """What others put on it, and from when until when it should be there."""


@dataclass(frozen=True)
class Breach:
    """A promise that was broken."""

    promise: str
    lock: str
    stay: int | None
    at: datetime
    lasted: timedelta

    def __str__(self) -> str:
        who = "" if self.stay is None else f", stay {self.stay}"
        return f"{self.promise} at {self.lock}{who}: {self.at:%Y-%m-%d %H:%M:%S} for {self.lasted}"


@dataclass(frozen=True)
class Excuses:
    """Time that a lock's promises are forgiven."""

    spans: tuple[Span, ...]

    @classmethod
    def of(cls, lock: Lock, bounds: Bounds) -> "Excuses":
        """Work them out from what went wrong at a lock."""
        spans = []
        for trouble in lock.troubles:
            end = trouble.span.end + bounds.retry_interval
            if trouble.misleads:
                end = max(end, cls._looked_at_after(lock, trouble.span.end))
            spans.append(Span(trouble.span.start, end + bounds.slack))
        spans += [Span(at, cls._looked_at_after(lock, at) + bounds.slack) for at in lock.meddled_at]
        return cls(tuple(spans))

    @staticmethod
    def _looked_at_after(lock: Lock, at: datetime) -> datetime:
        """When a lock is next looked at while nothing keeps it from being read."""
        looks = (look for look in lock.looked_at if look >= at)
        return next((look for look in looks if not any(t.span.holds(look) for t in lock.troubles)), at + FOREVER)


def judge(locks: Iterable[Lock], stays: Iterable[Stay], bounds: Bounds) -> list[Breach]:
    """List every promise that was broken, in order of time."""
    every, breaches = list(stays), []
    for lock in locks:
        here = [stay for stay in every if stay.door == lock.name]
        excuses = Excuses.of(lock, bounds)
        for stay in here:
            breaches += [*_unserved(lock, stay, excuses, bounds), *_exposed(lock, stay, excuses, bounds)]
            breaches += [*_early(lock, stay), *_untrue(lock, stay, bounds)]
        breaches += [*_twice(lock, here, excuses, bounds), *_alike(lock, here), *_foreign_touched(lock)]
    return sorted(breaches, key=lambda breach: breach.at)


def opened_at(lock: Lock, stay: Stay) -> datetime | None:
    """When the door first opened to a guest, from the beginning of the stay on; None: it never did."""
    for phase in stay.phases(Span(stay.starts_at, stay.due_at)):
        for span, held in lock.timeline.within(phase):
            if stay.opens(held, span.start):
                return span.start
    return None


def exposures(lock: Lock, stay: Stay) -> list[Span]:
    """When something of a stay was on a lock after its end."""
    codes = [stay.code, *(code for _, code in stay.stand_ins)]
    after = Span(stay.due_at, stay.due_at + FOREVER)
    return [span for span, held in lock.timeline.within(after) if any(c.is_it(one) for c in codes for one in held)]


def _early(lock: Lock, stay: Stay) -> Iterator[Breach]:
    for span, held in lock.timeline.within(Span(stay.starts_at - FOREVER, stay.starts_at)):
        if any(stay.code.is_it(one) and one.opens(span.start) for one in held):
            yield Breach("EARLY", lock.name, stay.number, span.start, span.length)


def _unserved(lock: Lock, stay: Stay, excuses: Excuses, bounds: Bounds) -> Iterator[Breach]:
    grace = bounds.backup_after + bounds.slack
    changed = [Span(at, at + grace) for at, _ in stay.code.pins[1:]]
    for promised in stay.phases(Span(stay.starts_at + grace, stay.due_at)):
        for span, held in lock.timeline.within(promised):
            if not stay.opens(held, span.start):
                for left in left_of(span, [*excuses.spans, *changed]):
                    yield Breach("SERVED", lock.name, stay.number, left.start, left.length)


def _exposed(lock: Lock, stay: Stay, excuses: Excuses, bounds: Bounds) -> Iterator[Breach]:
    allowed = [*excuses.spans, Span(stay.due_at, stay.due_at + bounds.slack)]
    for span in exposures(lock, stay):
        for left in left_of(span, allowed):
            yield Breach("GONE", lock.name, stay.number, left.start, left.length)


def _untrue(lock: Lock, stay: Stay, bounds: Bounds) -> Iterator[Breach]:
    """A report is true if it was at some instant about then: what others do a moment later does not make it a lie."""
    for code in (stay.code, *(code for _, code in stay.stand_ins)):
        for at, what in code.reports:
            about = Span(at - bounds.slack / 2, at + bounds.slack / 2)
            there = {any(code.is_it(one) for one in held) for _, held in lock.timeline.within(about)}
            if there and (what == "set") not in there:
                yield Breach(f"TRUE ({what})", lock.name, stay.number, at, timedelta(0))


def _twice(lock: Lock, stays: list[Stay], excuses: Excuses, bounds: Bounds) -> Iterator[Breach]:
    codes = [(stay, code) for stay in stays for code in (stay.code, *(code for _, code in stay.stand_ins))]
    for span, held in lock.timeline.spans():
        for stay, code in codes:
            if sum(code.is_it(one) for one in held) > 1:
                for left in left_of(span, excuses.spans):
                    if left.length > bounds.slack:
                        yield Breach("APART (twice on the lock)", lock.name, stay.number, left.start, left.length)


def _alike(lock: Lock, stays: list[Stay]) -> Iterator[Breach]:
    for one, other in combinations(stays, 2):
        meet = Span(max(one.starts_at, other.starts_at), min(one.due_at, other.due_at))
        if meet.length and _digits(one, meet) & _digits(other, meet):
            yield Breach("APART (same digits)", lock.name, one.number, meet.start, meet.length)


def _digits(stay: Stay, span: Span) -> set[str]:
    """The digits that a guest has in a span of time."""
    until = [at for at, _ in stay.code.pins[1:]] + [span.end + FOREVER]
    own = {
        pin for (since, pin), end in zip(stay.code.pins, until, strict=True) if since < span.end and end > span.start
    }
    return own | {pin for since, code in stay.stand_ins if since < span.end for _, pin in code.pins}


def _foreign_touched(lock: Lock) -> Iterator[Breach]:
    for span, foreign in lock.foreign:
        for stretch, held in lock.timeline.within(span):
            if not any((one.slot, one.pin) == (foreign.slot, foreign.pin) for one in held):
                yield Breach("FOREIGN", lock.name, None, stretch.start, stretch.length)
