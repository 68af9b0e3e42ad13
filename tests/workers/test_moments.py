"""Instants are read with an offset or from now, and shown where the lock is."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.moments import parse_moment, show_moment

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("+10m", timedelta(minutes=10)),
        ("+2h", timedelta(hours=2)),
        ("+1h30m", timedelta(minutes=90)),
        ("+3d", timedelta(days=3)),
        ("+90s", timedelta(seconds=90)),
    ],
)
def test_times_from_now_are_added(text: str, later: timedelta) -> None:
    assert parse_moment(text, NOW) == NOW + later


def test_offsets_are_honoured() -> None:
    assert parse_moment("2026-07-01T16:00:00+02:00", NOW) == datetime(2026, 7, 1, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-07-01T16:00:00", "tomorrow", "+", "+2", "+2w", "", "+99999999999d"])
def test_anything_else_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"give ISO 8601|too far away"):
        parse_moment(text, NOW)


def test_instants_are_shown_in_the_zone_of_the_lock() -> None:
    assert show_moment(NOW, "Europe/Vienna") == "2026-07-01 14:00:00 Europe/Vienna"


@pytest.mark.parametrize("zone", [None, "Mars/Olympus", "../etc/passwd"])
def test_unknown_zones_fall_back_to_utc(zone: str | None) -> None:
    assert show_moment(NOW, zone) == "2026-07-01 12:00:00 UTC"
