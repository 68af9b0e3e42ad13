"""Instants at the command line: ISO 8601 with an offset, or relative to now; shown in the lock's own time zone.

An instant without an offset is refused here as at every other door: whose midnight it would be is anybody's guess.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EXPECTED = "give ISO 8601 with an offset (2026-07-01T16:00:00+02:00), or a time from now (+2h, +1h30m, +10m, +3d)"

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def parse_moment(text: str, now: datetime) -> datetime:
    """Read an instant.

    Raises:
        ValueError: it is neither form; the message says what is expected.
    """
    if text.startswith("+"):
        return now + parse_duration(text[1:])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no instant: {EXPECTED}") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset: {EXPECTED}")
    return moment.astimezone(UTC)


def parse_duration(text: str) -> timedelta:
    """Read a length of time such as `1h30m` or `90s`.

    Raises:
        ValueError: it is none, or longer than any calendar.
    """
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        raise ValueError(f"{text!r} is no time from now: {EXPECTED}")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise ValueError(f"{text!r} is too far away") from None


def show_moment(moment: datetime | None, time_zone: str | None) -> str:
    """Show an instant in a lock's time zone, with the zone's name; UTC where the lock's is not known."""
    if moment is None:
        return "-"
    zone, name = UTC, "UTC"
    if time_zone is not None:
        try:
            return f"{moment.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M:%S} {time_zone}"
        except (ZoneInfoNotFoundError, ValueError):
            # A vendor's invention; UTC is at least true.
            pass
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S} {name}"
