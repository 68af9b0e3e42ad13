"""The locks of a workspace, read once for a page: their names, their zones, and what is wrong with them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from domain.local_times import zone_of
from domain.problems import ProblemCode, Problems, Severity
from store.code_table import LocalDay
from store.database import Database
from store.device_lists import DeviceFilter, Located, page_of_devices
from store.devices import facts_of
from store.pages import Page
from store.standing import problems_of_account, problems_of_device

MOST_LOCKS = 5000


@dataclass(frozen=True, slots=True)
class Lock:
    """What pages show of a lock wherever it is named."""

    id: UUID
    name: str
    time_zone: str | None
    is_online: bool
    is_managed: bool
    is_readable: bool
    problems: Problems

    @property
    def zone_name(self) -> str:
        """The zone's name as people read it; UTC where the lock's is not known."""
        return zone_of(self.time_zone)[1]


def lock_of(located: Located) -> Lock:
    """Give what pages show of a lock."""
    device, account = located
    return Lock(
        id=device.id,
        name=device.nickname or device.name,
        time_zone=facts_of(device).time_zone,
        is_online=device.online,
        is_managed=device.is_managed,
        is_readable=account.disconnected_at is None,
        problems=(*problems_of_account(account), *problems_of_device(device)),
    )


@dataclass(frozen=True, slots=True)
class KnownLocks:
    """All locks by their ids, in the order of their names."""

    by_id: Mapping[UUID, Lock]

    @property
    def all(self) -> Sequence[Lock]:
        """List them."""
        return list(self.by_id.values())

    @property
    def unreadable(self) -> Collection[UUID]:
        """Name those whose account is disconnected."""
        return [lock.id for lock in self.all if not lock.is_readable]

    def with_problem(self, code: ProblemCode) -> Collection[UUID]:
        """Name those that have a problem which their codes show, too."""
        return [lock.id for lock in self.all if any(problem.code is code for problem in _shown(lock))]

    @property
    def in_trouble(self) -> Collection[UUID]:
        """Name those that have any problem which their codes show, too."""
        return [lock.id for lock in self.all if _shown(lock)]

    def day(self, on: date) -> Sequence[LocalDay]:
        """Give a day as each lock has it: midnight comes at another instant in another zone."""
        by_zone: dict[str | None, list[UUID]] = {}
        for lock in self.all:
            by_zone.setdefault(lock.time_zone, []).append(lock.id)
        return [_day(on, zone, ids) for zone, ids in by_zone.items()]


async def known_locks(database: Database, workspace_id: UUID) -> KnownLocks:
    """Read the workspace's locks."""
    async with database.read() as session:
        found = await page_of_devices(session, workspace_id, DeviceFilter(), Page(MOST_LOCKS))
    locks = sorted(map(lock_of, found), key=lambda lock: (lock.name.casefold(), str(lock.id)))
    return KnownLocks({lock.id: lock for lock in locks})


def _shown(lock: Lock) -> Problems:
    return tuple(problem for problem in lock.problems if problem.severity is Severity.ERROR)


def _day(on: date, time_zone: str | None, ids: Collection[UUID]) -> LocalDay:
    zone, _ = zone_of(time_zone)
    begins = datetime(on.year, on.month, on.day, tzinfo=zone)
    after = on + timedelta(days=1)
    return LocalDay(ids, begins, datetime(after.year, after.month, after.day, tzinfo=zone))
