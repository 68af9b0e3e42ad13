"""The application service of slots: how many a lock's guests need on each of the coming days, and how many are left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.slot_plan import DaySlots, coming_days, without_slot
from store import devices
from store.backup_pools import backup_codes_on
from store.bookings import books_of
from store.database import Database

COMING_DAYS = 14


@dataclass(frozen=True, slots=True)
class SlotCalendar:
    """A lock's slots: how many it has, the coming days, and the guests who have none when theirs begins."""

    capacity: int | None
    """None: the lock names no capacity."""
    backups: int
    """Slots that backup codes hold which nobody has; guests come before them."""
    time_zone: str
    days: Sequence[DaySlots]
    without_slot: Sequence[UUID]


class SlotReader:
    """What operators can learn of slots.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def calendar(self, device_id: UUID, now: datetime, *, days: int = COMING_DAYS) -> SlotCalendar | None:
        """Give the slots of a lock for so many days, today first; None when there is no such lock."""
        async with self._database.read() as session:
            row = await devices.get_device(session, device_id)
            if row is None:
                return None
            booked = (await books_of(session, device_id, now)).stays
            spare = [one for one in await backup_codes_on(session, device_id) if one.row.stands_in_for is None]
            facts = devices.facts_of(row)
        capacity, zone = facts.max_active_codes_supported, _zone(facts.time_zone)
        return SlotCalendar(
            capacity=capacity,
            backups=len(spare),
            time_zone=zone.key,
            days=coming_days(capacity, booked, now, zone, days),
            without_slot=list(without_slot(capacity, booked, now)),
        )


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        # A vendor's invention; UTC is at least true.
        return ZoneInfo("UTC")
