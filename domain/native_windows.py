"""How a stay is told to a lock that keeps a code's window by itself, and how early it may be told.

A lock keeps instants, or its own wall clock; either may be coarse.  Such a lock opens at `t` while

    starts <= clock(t) < ends        clock(t): the instant itself, or what the clock on the wall shows then

Three rules make a window of that kind:

* **It covers the whole stay.**  `starts` is the least that the clock shows during the stay, `ends` the most, each
  rounded outwards.  On the night on which the clock goes back, an hour is shown twice, so both may lie an hour off.
* **It is told ahead only where it opens no earlier than is tolerated.**  A start in an hour that comes twice, or one
  that a coarse lock would move too far, is told at the start itself, without a bound on that side.
* **The end is ours.**  A window that lasts too long is no matter of its own: the code is taken off at its end anyway,
  and the lock's own expiry proves nothing.

A wall clock that goes forward needs no rule: no instant is shown as a time that does not exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.devices import DeviceFacts
from domain.time_zones import is_time_zone

TOLERATED = timedelta(minutes=1)
"""How much earlier than its start a code may open by itself, where nobody allowed more: locks that keep minutes."""

_DAY = timedelta(days=1)
"""Further away from an instant than this, no change of the clock matters for what the clock shows then."""

_STEP, _SECOND = timedelta(hours=1), timedelta(seconds=1)


class LockClock(BaseModel):
    """How a lock keeps the windows of codes."""

    model_config = ConfigDict(frozen=True)

    zone: str | None = None
    """The IANA zone whose wall clock the lock goes by; None: it keeps instants."""
    resolution: timedelta = timedelta(0)
    """Both bounds are whole multiples of this; zero: as exact as they are told."""
    tolerance: timedelta = TOLERATED
    """How much too early a code may open by being loaded ahead."""


class LockWindow(BaseModel):
    """Between which instants a lock is to open for a code by itself; None: no bound on that side."""

    model_config = ConfigDict(frozen=True)

    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None

    def holds(self, now: datetime) -> bool:
        """Tell whether the instant is inside: the start is, the end is not."""
        return (self.starts_at is None or self.starts_at <= now) and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A time with one offset from UTC throughout, the end not included."""

    starts_at: datetime
    ends_at: datetime
    offset: timedelta

    def shows(self, at: datetime) -> datetime:
        """Give what the clock shows at an instant (as it would be, at the end)."""
        return at.astimezone(UTC).replace(tzinfo=None) + self.offset

    def first(self, shown: datetime) -> datetime | None:
        """Give the first instant at which the clock shows this or more; None when it never does."""
        at = max(self.starts_at, (shown - self.offset).replace(tzinfo=UTC))
        return at if at < self.ends_at else None


def lock_clock(facts: DeviceFacts, tolerance: timedelta | None = None) -> LockClock | None:
    """Give how a lock keeps windows; None when it keeps none, or by the wall clock of a place that nobody knows."""
    able = facts.capabilities
    zone = facts.time_zone if able.windows_in_local_time else None
    is_lost = able.windows_in_local_time and (zone is None or not is_time_zone(zone))
    if not able.has_native_scheduling or is_lost:
        return None
    return LockClock(zone=zone, resolution=able.window_resolution, tolerance=max(tolerance or TOLERATED, TOLERATED))


def told(clock: LockClock, window: LockWindow) -> tuple[datetime | None, datetime | None]:
    """Give a window as its lock is told: instants, or wall clock times without a zone; both None where unbounded."""
    return _starts(clock, window), _ends(clock, window)


def opens_early_by(clock: LockClock, starts_at: datetime, ends_at: datetime | None) -> timedelta:
    """Say how long before its start a code would open first, were its window told long ahead."""
    starts = _starts(clock, LockWindow(starts_at=starts_at, ends_at=ends_at))
    assert starts is not None  # noqa: S101  # the window has a start
    if clock.zone is None:
        return starts_at - starts
    before = _stretches(clock.zone, starts_at - 2 * _DAY - clock.resolution, starts_at)
    firsts = (stretch.first(starts) for stretch in before)
    return starts_at - min((first for first in firsts if first is not None), default=starts_at)


def load_at(clock: LockClock, starts_at: datetime | None, ends_at: datetime | None, lead: timedelta) -> datetime | None:
    """Say when a code may be loaded ahead of its start; None when it may not."""
    if starts_at is None or lead <= timedelta(0):
        return None
    early = opens_early_by(clock, starts_at, ends_at)
    return starts_at - lead if early <= clock.tolerance else None


def _starts(clock: LockClock, window: LockWindow) -> datetime | None:
    starts_at, ends_at = window.starts_at, window.ends_at
    if starts_at is None:
        return None
    if clock.zone is None:
        return _floor(starts_at.astimezone(UTC), clock.resolution)
    until = starts_at + _DAY if ends_at is None else max(min(ends_at, starts_at + _DAY), starts_at + _SECOND)
    shown = min(stretch.shows(stretch.starts_at) for stretch in _stretches(clock.zone, starts_at, until))
    return _floor(shown, clock.resolution)


def _ends(clock: LockClock, window: LockWindow) -> datetime | None:
    starts_at, ends_at = window.starts_at, window.ends_at
    if ends_at is None:
        return None
    if clock.zone is None:
        return _ceiling(ends_at.astimezone(UTC), clock.resolution)
    since = ends_at - _DAY if starts_at is None else min(max(starts_at, ends_at - _DAY), ends_at - _SECOND)
    shown = max(stretch.shows(stretch.ends_at) for stretch in _stretches(clock.zone, since, ends_at))
    # At the very end the clock may go forward: then the time shown afterwards is the one that exists.
    afterwards = next(_stretches(clock.zone, ends_at, ends_at + _SECOND)).shows(ends_at)
    return _ceiling(max(shown, afterwards), clock.resolution)


def _stretches(zone: str, start: datetime, end: datetime) -> Iterator[_Stretch]:
    """Cut a time where the offset of a zone changes, which it does on whole seconds."""
    begun, at = start.astimezone(UTC), start.astimezone(UTC)
    rules, end = ZoneInfo(zone), end.astimezone(UTC)
    while at < end:
        later = min(at + _STEP, end)
        # The last instant of all is looked at from within: what begins at `end` is no part of it.
        look = later if later < end else end - timedelta(microseconds=1)
        if _offset(rules, at) != _offset(rules, look):
            cut = _change(rules, at, later)
            yield _Stretch(begun, cut, _offset(rules, at))
            begun = cut
        at = later
    yield _Stretch(begun, end, _offset(rules, begun))


def _change(rules: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Find the second in which the offset changes between two instants."""
    low, high = before.replace(microsecond=0), after.replace(microsecond=0) + _SECOND
    old = _offset(rules, before)
    while high - low > _SECOND:
        middle = low + ((high - low) // 2) // _SECOND * _SECOND
        if _offset(rules, middle) == old:
            low = middle
        else:
            high = middle
    return high


def _offset(rules: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(rules).utcoffset()
    assert offset is not None  # noqa: S101  # a ZoneInfo always has one
    return offset


def _floor(at: datetime, resolution: timedelta) -> datetime:
    if resolution <= timedelta(0):
        return at
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // resolution * resolution


def _ceiling(at: datetime, resolution: timedelta) -> datetime:
    down = _floor(at, resolution)
    return down if down == at else down + resolution
