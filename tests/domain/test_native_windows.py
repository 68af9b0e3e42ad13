"""A window as a lock keeps it covers the stay, and is told ahead only where it lets nobody in too early."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.devices import Capabilities, DeviceFacts
from domain.native_windows import TOLERATED, LockClock, LockWindow, load_at, lock_clock, opens_early_by, told
from tests.domain.codes import DAY, HOUR, MICROSECOND, MINUTE, NOON

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
LEAD = timedelta(hours=72)
ZERO = timedelta(0)


def at(text: str) -> datetime:
    """Read an instant with its offset."""
    return datetime.fromisoformat(text)


def shown(text: str) -> datetime:
    """Read what a clock on a wall shows."""
    return datetime.fromisoformat(text)


def clock_shows(clock: LockClock, instant: datetime) -> datetime:
    """Read the lock's clock, by the standard library alone."""
    return instant if clock.zone is None else instant.astimezone(ZoneInfo(clock.zone)).replace(tzinfo=None)


def lets_in(clock: LockClock, bounds: tuple[datetime | None, datetime | None], instant: datetime) -> bool:
    """Say what a lock that was told these bounds would do."""
    starts, ends = bounds
    now = clock_shows(clock, instant)
    return (starts is None or starts <= now) and (ends is None or now < ends)


# --- Every kind of night --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "starts_at", "ends_at", "starts", "ends", "early"),
    [
        pytest.param(
            BERLIN,
            "2026-07-01T16:00+02:00",
            "2026-07-03T11:00+02:00",
            "2026-07-01T16:00",
            "2026-07-03T11:00",
            ZERO,
            id="summer",
        ),
        pytest.param(
            BERLIN,
            "2026-03-29T02:30+01:00",  # shown as 03:30: no clock shows 02:30 that night
            "2026-03-31T11:00+02:00",
            "2026-03-29T03:30",
            "2026-03-31T11:00",
            ZERO,
            id="Berlin, a start at 02:30 that does not exist",
        ),
        pytest.param(
            BERLIN,
            "2026-03-28T16:00+01:00",
            "2026-03-29T02:30+01:00",
            "2026-03-28T16:00",
            "2026-03-29T03:30",
            ZERO,
            id="Berlin, an end at 02:30 that does not exist",
        ),
        pytest.param(
            BERLIN,
            "2026-03-28T16:00+01:00",
            "2026-03-29T02:00+01:00",  # the very instant of the change
            "2026-03-28T16:00",
            "2026-03-29T03:00",
            ZERO,
            id="Berlin, an end as the clock goes forward",
        ),
        pytest.param(
            BERLIN,
            "2026-10-25T02:30+02:00",  # the first of two
            "2026-10-26T11:00+01:00",
            "2026-10-25T02:00",  # once more 02:00 is shown during the stay
            "2026-10-26T11:00",
            30 * MINUTE,
            id="Berlin, a start at the first 02:30",
        ),
        pytest.param(
            BERLIN,
            "2026-10-25T02:30+01:00",  # the second
            "2026-10-26T11:00+01:00",
            "2026-10-25T02:30",
            "2026-10-26T11:00",
            HOUR,  # it opens at the first 02:30
            id="Berlin, a start at the second 02:30",
        ),
        pytest.param(
            BERLIN,
            "2026-10-24T16:00+02:00",
            "2026-10-25T02:30+02:00",
            "2026-10-24T16:00",
            "2026-10-25T02:30",
            ZERO,
            id="Berlin, an end at the first 02:30",
        ),
        pytest.param(
            BERLIN,
            "2026-10-24T16:00+02:00",
            "2026-10-25T02:30+01:00",
            "2026-10-24T16:00",
            "2026-10-25T03:00",  # until then the first hour must open
            ZERO,
            id="Berlin, an end at the second 02:30",
        ),
        pytest.param(
            BERLIN,
            "2026-10-24T16:00+02:00",
            "2026-10-26T11:00+01:00",
            "2026-10-24T16:00",
            "2026-10-26T11:00",
            ZERO,
            id="Berlin, a stay over the night",
        ),
        pytest.param(
            NEW_YORK,
            "2026-11-01T01:30-04:00",
            "2026-11-02T11:00-05:00",
            "2026-11-01T01:00",
            "2026-11-02T11:00",
            30 * MINUTE,
            id="New York, a start at the first 01:30",
        ),
        pytest.param(
            NEW_YORK,
            "2026-11-01T01:30-05:00",
            "2026-11-02T11:00-05:00",
            "2026-11-01T01:30",
            "2026-11-02T11:00",
            HOUR,
            id="New York, a start at the second 01:30",
        ),
        pytest.param(
            NEW_YORK,
            "2026-03-08T02:30-05:00",
            "2026-03-09T11:00-04:00",
            "2026-03-08T03:30",
            "2026-03-09T11:00",
            ZERO,
            id="New York, a start at 02:30 that does not exist",
        ),
        pytest.param(
            NEW_YORK,
            "2026-11-01T02:00-05:00",  # as the hour has come twice
            "2026-11-02T11:00-05:00",
            "2026-11-01T02:00",
            "2026-11-02T11:00",
            ZERO,
            id="New York, a start after the second hour",
        ),
    ],
)
def test_wall_clock_covers_the_stay(
    zone: str, starts_at: str, ends_at: str, starts: str, ends: str, early: timedelta
) -> None:
    clock, window = LockClock(zone=zone), LockWindow(starts_at=at(starts_at), ends_at=at(ends_at))
    assert told(clock, window) == (shown(starts), shown(ends))
    assert opens_early_by(clock, at(starts_at), at(ends_at)) == early
    ahead = load_at(clock, at(starts_at), at(ends_at), LEAD)
    assert ahead == (at(starts_at) - LEAD if early == ZERO else None)


@pytest.mark.parametrize(
    ("resolution", "starts", "ends", "is_loaded"),
    [
        (ZERO, "2026-07-01T16:00:30", "2026-07-03T11:00:30", True),
        (MINUTE, "2026-07-01T16:00:00", "2026-07-03T11:01:00", True),
        (HOUR, "2026-07-01T16:00:00", "2026-07-03T12:00:00", True),
        (DAY, "2026-07-01T00:00:00", "2026-07-04T00:00:00", False),
    ],
)
@pytest.mark.parametrize("zone", [None, BERLIN])
def test_coarse_times_are_rounded_outwards(
    resolution: timedelta, starts: str, ends: str, is_loaded: bool, zone: str | None
) -> None:
    clock = LockClock(zone=zone, resolution=resolution)
    offset = "+00:00" if zone is None else "+02:00"
    starts_at, ends_at = at(f"2026-07-01T16:00:30{offset}"), at(f"2026-07-03T11:00:30{offset}")
    zone_of = UTC if zone is None else None
    assert told(clock, LockWindow(starts_at=starts_at, ends_at=ends_at)) == (
        shown(starts).replace(tzinfo=zone_of),
        shown(ends).replace(tzinfo=zone_of),
    )
    assert (load_at(clock, starts_at, ends_at, LEAD) is not None) is is_loaded


def test_coarse_start_is_told_ahead_where_so_much_is_allowed() -> None:
    starts_at = NOON + 59 * MINUTE
    assert load_at(LockClock(resolution=HOUR), starts_at, None, LEAD) is None
    assert load_at(LockClock(resolution=HOUR, tolerance=HOUR), starts_at, None, LEAD) == starts_at - LEAD


@pytest.mark.parametrize(("starts_at", "lead"), [(None, LEAD), (NOON, ZERO)])
def test_what_has_no_start_or_no_lead_is_not_loaded_ahead(starts_at: datetime | None, lead: timedelta) -> None:
    assert load_at(LockClock(), starts_at, None, lead) is None


@pytest.mark.parametrize("zone", [None, BERLIN])
def test_bounds_that_are_not_wanted_are_not_told(zone: str | None) -> None:
    assert told(LockClock(zone=zone), LockWindow()) == (None, None)
    assert told(LockClock(zone=zone), LockWindow(ends_at=NOON))[0] is None
    assert told(LockClock(zone=zone), LockWindow(starts_at=NOON))[1] is None


# --- Which locks ----------------------------------------------------------------------------------------------------

NATIVE, LOCAL = (
    Capabilities(has_native_scheduling=True),
    Capabilities(has_native_scheduling=True, windows_in_local_time=True, window_resolution=MINUTE),
)


@pytest.mark.parametrize(
    ("able", "zone", "expected"),
    [
        (Capabilities(), BERLIN, None),
        (NATIVE, BERLIN, LockClock()),
        (NATIVE, None, LockClock()),
        (LOCAL, BERLIN, LockClock(zone=BERLIN, resolution=MINUTE)),
        (LOCAL, None, None),
        (LOCAL, "Europe/Nowhere", None),
    ],
)
def test_lock_keeps_windows_only_where_its_clock_is_known(
    able: Capabilities, zone: str | None, expected: LockClock | None
) -> None:
    assert lock_clock(DeviceFacts(lock_id="1", name="1", time_zone=zone, capabilities=able)) == expected


def test_caller_may_allow_more_rounding_but_not_less() -> None:
    facts = DeviceFacts(lock_id="1", name="1", capabilities=NATIVE)
    assert lock_clock(facts, HOUR) == LockClock(tolerance=HOUR)
    assert lock_clock(facts, ZERO) == LockClock(tolerance=TOLERATED)


# --- Every night ----------------------------------------------------------------------------------------------------

ZONES = (None, BERLIN, NEW_YORK, "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu", "UTC")
CHANGES = tuple(
    at(text)
    for text in (
        "2026-03-29T01:00+00:00",  # Berlin, forward
        "2026-10-25T01:00+00:00",  # Berlin, back
        "2026-03-08T07:00+00:00",  # New York, forward
        "2026-11-01T06:00+00:00",  # New York, back
        "2026-04-04T15:00+00:00",  # Lord Howe, back by half an hour
        "2026-10-03T15:30+00:00",  # Lord Howe, forward by half an hour
        "2026-04-05T03:00+00:00",  # Santiago, back, at midnight
        "2026-09-06T04:00+00:00",  # Santiago, forward, at midnight
    )
)
MINUTES = st.integers(-3 * 60, 3 * 60).map(lambda minutes: timedelta(minutes=minutes))
STARTS = st.builds(lambda change, by: change + by, st.sampled_from(CHANGES), MINUTES)
LASTS = st.one_of(st.integers(1, 300), st.integers(1, 20_000)).map(lambda minutes: timedelta(minutes=minutes))
SECONDS = st.sampled_from((ZERO, timedelta(seconds=20), MICROSECOND))


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    resolution=st.sampled_from((ZERO, MINUTE, 15 * MINUTE, HOUR)),
    tolerance=st.sampled_from((TOLERATED, HOUR)),
    starts_at=STARTS,
    lasts=LASTS,
    beyond=SECONDS,
)
def test_loaded_window_covers_the_stay_and_opens_no_earlier_than_is_tolerated(
    zone: str | None,
    resolution: timedelta,
    tolerance: timedelta,
    starts_at: datetime,
    lasts: timedelta,
    beyond: timedelta,
) -> None:
    """Judged minute by minute by a lock that compares what its clock shows."""
    clock = LockClock(zone=zone, resolution=resolution, tolerance=tolerance)
    starts_at, ends_at = starts_at + beyond, starts_at + beyond + lasts
    window = LockWindow(starts_at=starts_at, ends_at=ends_at)
    during = [starts_at, *(starts_at + minutes * MINUTE for minutes in range(1, 360)), ends_at - MICROSECOND]
    late = [ends_at - minutes * MINUTE for minutes in range(1, 360)]
    stay = [instant for instant in (*during, *late) if starts_at <= instant < ends_at]
    ahead, in_time = told(clock, window), told(clock, LockWindow(ends_at=ends_at))
    assert all(lets_in(clock, ahead, instant) for instant in stay)
    assert all(lets_in(clock, in_time, instant) for instant in stay), "told at the start itself"
    before = [starts_at - minutes * MINUTE - beyond for minutes in range(1, 360)]
    open_before = [instant for instant in (*before, starts_at - MICROSECOND) if lets_in(clock, ahead, instant)]
    early = max((starts_at - instant for instant in open_before), default=ZERO)
    assert early <= opens_early_by(clock, starts_at, ends_at)
    if load_at(clock, starts_at, ends_at, LEAD) is not None:
        assert early <= tolerance


@settings(max_examples=60, deadline=None)
@given(zone=st.sampled_from(ZONES), days=st.integers(0, 364), minutes=st.integers(0, 1439))
def test_stay_that_starts_on_no_special_night_is_loaded_ahead(zone: str | None, days: int, minutes: int) -> None:
    starts_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days, minutes=minutes)
    if all(abs(starts_at - change) > 4 * HOUR for change in CHANGES):
        assert load_at(LockClock(zone=zone), starts_at, starts_at + 3 * DAY, LEAD) == starts_at - LEAD
