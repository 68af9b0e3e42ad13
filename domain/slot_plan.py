"""Who has a slot on a lock, and when: the calendar of a lock that holds only so many codes.

A stay needs its slot from P until it is proven gone; one whose end has passed and that is still in the books goes on
without end.  Who holds a slot keeps it.  Free slots go to who is first in line: the earlier start, then the earlier
booking.  More stays than slots are no reason to refuse a guest (policy `when_full` may say otherwise), but one to say so
at once and to warn days ahead.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.access_code import AccessCode, Ending
from domain.lifecycle import begins_at
from domain.problems import ProblemCode, Problems, cleared, has, raised
from domain.room import peak


@dataclass(frozen=True, slots=True)
class Booking:
    """A stay in the books of a lock: from when until when it needs a slot; `ends` None: without end."""

    access_code_id: UUID
    begins: datetime
    ends: datetime | None
    booked_at: datetime
    has_slot: bool = False

    @property
    def place_in_line(self) -> tuple[bool, datetime, datetime, str]:
        """Order those who want a slot at one time."""
        return (not self.has_slot, self.begins, self.booked_at, str(self.access_code_id))


def booking(
    access_code_id: UUID, code: AccessCode, booked_at: datetime, *, has_slot: bool, now: datetime
) -> Booking | None:
    """Give a code's place in the books; None for one that needs none: released, or over without having been set."""
    ends = code.wish.ends_at if code.wish.ending is None else now
    is_over = ends is not None and ends <= now
    if code.closed or code.wish.ending is Ending.RELEASED or (is_over and not has_slot):
        return None
    return Booking(access_code_id, begins_at(code) or booked_at, None if is_over else ends, booked_at, has_slot)


def served_at(capacity: int, bookings: Iterable[Booking], now: datetime) -> dict[UUID, datetime | None]:
    """Say when each gets its slot; None: never, by the calendar as it stands."""
    served: dict[UUID, datetime | None] = {}
    waiting: list[tuple[tuple[bool, datetime, datetime, str], Booking]] = []
    ending: list[datetime] = []
    free = capacity

    def serve(at: datetime) -> None:
        nonlocal free
        while free > 0 and waiting:
            _, first = heappop(waiting)
            if first.ends is not None and first.ends <= at:
                continue
            free -= 1
            served[first.access_code_id] = at
            if first.ends is not None:
                heappush(ending, first.ends)

    def pass_to(at: datetime | None) -> None:
        nonlocal free
        while ending and (at is None or ending[0] <= at):
            moment = heappop(ending)
            free += 1
            while ending and ending[0] == moment:
                heappop(ending)
                free += 1
            # Who begins at this very instant is in line already when `at` is it.
            if at is None or moment < at:
                serve(moment)

    arriving = sorted(bookings, key=lambda one: (max(one.begins, now), one.place_in_line))
    for place, one in enumerate(arriving):
        served[one.access_code_id] = None
        at = max(one.begins, now)
        pass_to(at)
        heappush(waiting, (one.place_in_line, one))
        if place + 1 == len(arriving) or max(arriving[place + 1].begins, now) > at:
            serve(at)
    pass_to(None)
    return served


def without_slot(capacity: int | None, bookings: Sequence[Booking], now: datetime) -> dict[UUID, datetime]:
    """Name the stays that have no slot when theirs begins, with that instant."""
    if capacity is None:
        return {}
    served = served_at(capacity, bookings, now)
    begins = {one.access_code_id: max(one.begins, now) for one in bookings}
    return {code_id: begins[code_id] for code_id, at in served.items() if at is None or at > begins[code_id]}


def ahead_of(one: Booking, bookings: Iterable[Booking], now: datetime) -> int:
    """Count who wants a slot now, has none, and is before this one in line."""
    return sum(
        not other.has_slot
        and other.begins <= now
        and other.access_code_id != one.access_code_id
        and other.place_in_line < one.place_in_line
        for other in bookings
    )


def with_calendar(problems: Problems, *, short: bool, now: datetime) -> Problems:
    """Bring a lock's warning up to date: whether its calendar needs more slots than there are."""
    if short:
        return raised(problems, ProblemCode.MAX_CODES_REACHED, now)
    return cleared(problems, (ProblemCode.MAX_CODES_REACHED,))


def with_place(code: AccessCode, *, short: bool, now: datetime) -> AccessCode:
    """Bring a code's error up to date before its time; once it is tried, the lock has the word."""
    if short == has(code.problems, ProblemCode.NO_SPACE):
        return code
    told = (
        raised(code.problems, ProblemCode.NO_SPACE, now) if short else cleared(code.problems, (ProblemCode.NO_SPACE,))
    )
    return code.model_copy(update={"problems": told})


@dataclass(frozen=True, slots=True)
class DaySlots:
    """One day of a lock's calendar: the most slots that guests need at one time, and how many that leaves."""

    day: date
    used: int
    free: int | None
    """Negative: so many guests are without; None: the lock names no capacity."""


def coming_days(
    capacity: int | None, bookings: Sequence[Booking], now: datetime, zone: ZoneInfo, days: int
) -> list[DaySlots]:
    """Give the next days of a lock's calendar in its own time zone, today first."""
    today = now.astimezone(zone).date()
    found = []
    for day in (today + timedelta(days=number) for number in range(days)):
        begins = max(now, datetime.combine(day, time(), zone))
        ends = datetime.combine(day + timedelta(days=1), time(), zone)
        there = [
            (one.begins, one.ends) for one in bookings if one.begins < ends and (one.ends is None or one.ends > begins)
        ]
        clipped = [(first, ends if last is None else min(last, ends)) for first, last in there]
        used = peak(clipped, begins)
        found.append(DaySlots(day, used, None if capacity is None else capacity - used))
    return found
