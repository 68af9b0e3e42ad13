"""Codes for the tables of these tests, all around one noon."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.access_code import AccessCode, OnLock, Presence, Wish, scheduled
from domain.native_windows import LockClock
from domain.observation import Observed
from domain.policy import Policy
from domain.problems import ProblemCode

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

ABSENT = OnLock()
PRESENT = OnLock(presence=Presence.PRESENT, generation=1, pin_generation=1, was_set=True)
MAYBE = OnLock(presence=Presence.MAYBE, generation=1, unsettled_writes=1)


def code(on_lock: OnLock = ABSENT, *, policy: Policy | None = None, in_place: bool = True, **wish: Any) -> AccessCode:
    """Make a code that was registered yesterday; without times it is ongoing."""
    return AccessCode(
        wish=Wish(**({"changed_at": NOON - DAY} | wish)),
        on_lock=on_lock,
        policy=policy or Policy(),
        updates_in_place=in_place,
    )


def stay(on_lock: OnLock = ABSENT, **kwargs: Any) -> AccessCode:
    """Make a code for the night after noon."""
    return code(on_lock, **({"starts_at": NOON, "ends_at": NOON + DAY} | kwargs))


def ahead(on_lock: OnLock = ABSENT, *, in_place: bool = True, lead: timedelta = HOUR, **wish: Any) -> AccessCode:
    """Make a code for the night after noon on a lock that keeps windows and may be told an hour before."""
    policy = Policy(native_lead=lead)
    subject = stay(on_lock, policy=policy, in_place=in_place, **wish).model_copy(update={"native": LockClock()})
    return subject.model_copy(update={"wish": scheduled(subject, subject.wish)})


def problems(of: AccessCode) -> list[ProblemCode]:
    """List what a code shows."""
    return [problem.code for problem in of.problems]


def event_types(observed: Observed) -> list[str]:
    """List what happened."""
    return [event.event_type.value for event in observed.events]
