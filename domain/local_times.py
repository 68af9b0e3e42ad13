"""Times on the wall of a lock: what a person fills in, in the lock's own time zone, and which instant that is.

Twice a year the clocks change.  A time that is skipped names no instant and is refused.  One that happens twice names
two; a code begins at the first of them and ends at the last, so that nobody stands at a closed door for it.
"""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from domain.time_zones import is_time_zone


class NoSuchTimeError(ValueError):
    """The clocks skip this time; the person must give another."""


def zone_of(name: str | None) -> tuple[tzinfo, str]:
    """Give a lock's time zone with its name; UTC where the vendor does not tell one that exists."""
    if name is None or not is_time_zone(name):
        return UTC, "UTC"
    return ZoneInfo(name), name


def instant_of(text: str, zone: tzinfo, *, is_end: bool) -> datetime:
    """Give the instant of a local time such as `2026-07-01T16:00`, in UTC.

    Raises:
        NoSuchTimeError: the clocks skip it.
        ValueError: it is no such text.
    """
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None:
        raise ValueError("a local time has no offset")
    instant = local.replace(tzinfo=zone, fold=1 if is_end else 0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != local:
        raise NoSuchTimeError("the clocks change then: this time does not exist on that day")
    return instant


def local_text(instant: datetime, zone: tzinfo) -> str:
    """Write an instant as the local time that `instant_of` reads, to the minute."""
    return instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
