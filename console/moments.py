"""Instants as people read them: in the lock's own time zone, short where the day is plain, always with the zone's name.

Days and months are English words, whatever the server's locale.
"""

from datetime import UTC, datetime, timedelta, tzinfo

from domain.local_times import zone_of

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(instant: datetime, time_zone: str | None = None, now: datetime | None = None) -> str:
    """Write an instant as `Today 16:00`, `Fri 3 Jul 16:00` or, in another year, `3 Jul 2027 16:00`."""
    zone, _ = zone_of(time_zone)
    local = instant.astimezone(zone)
    return f"{day(local, zone, now or datetime.now(UTC))} {local:%H:%M}"


def day(local: datetime, zone: tzinfo, now: datetime) -> str:
    """Write the day of a local time, as seen from now."""
    today = now.astimezone(zone).date()
    match (local.date() - today).days:
        case 0:
            return "Today"
        case 1:
            return "Tomorrow"
        case -1:
            return "Yesterday"
    if local.year == today.year:
        return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def ago(instant: datetime, now: datetime | None = None) -> str:
    """Say how far an instant is away: `3 min ago`, `in 2 h`."""
    away = (now or datetime.now(UTC)) - instant
    text = length(abs(away))
    if text == "now":
        return "just now"
    return f"{text} ago" if away > timedelta(0) else f"in {text}"


def length(span: timedelta) -> str:
    """Write a length of time in its largest unit; below ten seconds it is `now`."""
    seconds = int(span.total_seconds())
    if seconds < 10:
        return "now"
    for name, unit in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= unit:
            whole, rest = divmod(seconds, unit)
            more = f" {rest // 60} min" if name == "h" and whole < 6 and rest >= 60 else ""
            return f"{whole} {name}{more}"
    return f"{seconds} s"
