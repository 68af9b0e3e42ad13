"""Times on a lock's wall, on the two days a year when the clocks change too."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.local_times import NoSuchTimeError, instant_of, local_text, zone_of

BERLIN = ZoneInfo("Europe/Berlin")


def test_local_time_is_the_locks_own() -> None:
    assert instant_of("2026-07-01T16:00", BERLIN, is_end=False) == datetime(2026, 7, 1, 14, tzinfo=UTC)
    assert instant_of("2026-12-01T16:00", BERLIN, is_end=False) == datetime(2026, 12, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize("is_end", [False, True])
def test_time_that_the_clocks_skip_is_refused(is_end: bool) -> None:
    with pytest.raises(NoSuchTimeError):
        instant_of("2026-03-29T02:30", BERLIN, is_end=is_end)


def test_time_that_happens_twice_lets_the_guest_in_longest() -> None:
    assert instant_of("2026-10-25T02:30", BERLIN, is_end=False) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert instant_of("2026-10-25T02:30", BERLIN, is_end=True) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-07-01T16:00+02:00", "2026-13-01T00:00", "0001-01-01T00:00"])
def test_what_is_no_local_time_is_refused(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        instant_of(text, BERLIN, is_end=False)


@pytest.mark.parametrize(("name", "shown"), [(None, "UTC"), ("Nowhere/Land", "UTC"), ("Asia/Tokyo", "Asia/Tokyo")])
def test_unknown_zone_is_utc_and_says_so(name: str | None, shown: str) -> None:
    assert zone_of(name)[1] == shown


@given(
    st.integers(0, 20 * 366 * 24 * 60),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_what_is_shown_is_read_as_the_same_minute_or_its_twin(minutes: int, name: str) -> None:
    zone = ZoneInfo(name)
    instant = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    text = local_text(instant, zone)
    assert instant in (instant_of(text, zone, is_end=False), instant_of(text, zone, is_end=True))
