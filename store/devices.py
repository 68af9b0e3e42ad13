"""Locks: what their vendors said of them last, and the events of their coming and going.

A vendor's list is believed except when it is empty: then nothing is removed, because a failing vendor looks the same
as an emptied account.  A row is never deleted; codes and attempts refer to it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.devices import DeviceFacts
from domain.events import Event, EventType
from domain.policy import Policy
from domain.problems import Problem, Problems
from store import events
from store.tables import ConnectedAccountRow, DeviceRow, WorkspaceRow


@dataclass(frozen=True)
class Discovered:
    """What a vendor's list changed, as device ids; a new lock that is online is both added and connected."""

    added: tuple[UUID, ...] = ()
    connected: tuple[UUID, ...] = ()
    disconnected: tuple[UUID, ...] = ()
    removed: tuple[UUID, ...] = ()


class AmbiguousDeviceError(Exception):
    """Several locks have this name: the caller must give an id."""

    def __init__(self, name: str, ids: Sequence[UUID]) -> None:
        super().__init__(f"{len(ids)} locks are called {name!r}; give one of these ids: {', '.join(map(str, ids))}")
        self.ids = tuple(ids)


@dataclass
class _News:
    """Events of one transaction, kept until all its rows are locked."""

    now: datetime
    new_id: Callable[[], UUID]
    entries: list[tuple[DeviceRow, EventType, dict[str, Any]]] = field(default_factory=list)

    def tell(self, row: DeviceRow, event_type: EventType, **payload: Any) -> None:
        self.entries.append((row, event_type, payload))

    def told(self, event_type: EventType) -> tuple[UUID, ...]:
        return tuple(row.id for row, told, _ in self.entries if told is event_type)

    async def write(self, session: AsyncSession) -> None:
        await session.flush()
        for row, event_type, payload in self.entries:
            await events.append(
                session,
                [Event(event_type=event_type, occurred_at=self.now, payload=payload)],
                workspace_id=row.workspace_id,
                now=self.now,
                new_id=self.new_id,
                device_id=row.id,
                account_id=row.account_id,
            )


async def upsert_devices(
    session: AsyncSession,
    account: ConnectedAccountRow,
    facts: Sequence[DeviceFacts],
    now: datetime,
    new_id: Callable[[], UUID],
) -> Discovered:
    """Take over the vendor's list of an account's locks, and write the events of what changed.

    Doing it again with the same list changes nothing but `seen_at`.  An empty list changes nothing at all.
    """
    if not facts:
        return Discovered()
    # One discovery of an account at a time: both would add the same new lock.
    locked = await session.get_one(
        ConnectedAccountRow, account.id, with_for_update={"key_share": True}, populate_existing=True
    )
    locked.synced_at = now
    known = {row.lock_id: row for row in await _devices_of(session, account)}
    listed = {one.lock_id: one for one in facts}
    news = _News(now, new_id)
    for lock_id, one in listed.items():
        row = known.get(lock_id)
        if row is None:
            session.add(_added(locked, one, news))
        else:
            _seen(row, one, news)
    for lock_id, row in known.items():
        if lock_id not in listed:
            _removed(row, news)
    await news.write(session)
    return Discovered(
        added=news.told(EventType.DEVICE_ADDED),
        connected=news.told(EventType.DEVICE_CONNECTED),
        disconnected=news.told(EventType.DEVICE_DISCONNECTED),
        removed=news.told(EventType.DEVICE_REMOVED),
    )


async def remove_devices(
    session: AsyncSession, account: ConnectedAccountRow, *, now: datetime, new_id: Callable[[], UUID]
) -> None:
    """Mark every lock of an account as removed, with its event."""
    news = _News(now, new_id)
    for row in await _devices_of(session, account):
        _removed(row, news)
    await news.write(session)


async def mark_online(
    session: AsyncSession, row: DeviceRow, *, online: bool, now: datetime, new_id: Callable[[], UUID]
) -> bool:
    """Note whether the lock answers; on a change write the event.  True: it was a change.

    A lock that its vendor no longer knows stays as it is.
    """
    current = await session.get_one(DeviceRow, row.id, with_for_update={"key_share": True}, populate_existing=True)
    news = _News(now, new_id)
    if current.removed_at is None:
        _turn(current, news, online=online)
    await news.write(session)
    return bool(news.entries)


async def note_battery(session: AsyncSession, row: DeviceRow, level: float) -> None:
    """Keep how full the lock's battery is, from 0 to 1."""
    current = await session.get_one(DeviceRow, row.id, with_for_update={"key_share": True}, populate_existing=True)
    current.facts = current.facts | {"battery_level": level}


async def device_of_lock(session: AsyncSession, account_id: UUID, lock_id: str) -> DeviceRow | None:
    """Give the lock of an account by its vendor's word for it, and keep it from others; None: unknown, or removed."""
    chosen = (
        select(DeviceRow)
        .where(DeviceRow.account_id == account_id, DeviceRow.lock_id == lock_id, col(DeviceRow.removed_at).is_(None))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(chosen)).one_or_none()


async def get_device(session: AsyncSession, device_id: UUID) -> DeviceRow | None:
    """Give a lock, removed or not; None when there never was one."""
    return await session.get(DeviceRow, device_id)


async def locked_device(session: AsyncSession, workspace_id: UUID, device_id: UUID) -> DeviceRow | None:
    """Give a workspace's lock to be changed; None when it has none, or it was removed."""
    row = await session.get(DeviceRow, device_id, with_for_update={"key_share": True}, populate_existing=True)
    mine = row is not None and row.workspace_id == workspace_id and row.removed_at is None
    return row if mine else None


async def find_device(session: AsyncSession, workspace_id: UUID, id_or_name: str) -> DeviceRow | None:
    """Give the lock with this id or this exact name, unless it was removed; None when there is none.

    Raises:
        AmbiguousDeviceError: several locks have this name.
    """
    found = [row for row in await list_devices(session, workspace_id) if id_or_name in (str(row.id), row.name)]
    if len(found) > 1:
        raise AmbiguousDeviceError(id_or_name, [row.id for row in found])
    return found[0] if found else None


async def list_devices(session: AsyncSession, workspace_id: UUID, *, account_id: UUID | None = None) -> list[DeviceRow]:
    """Give the locks that were not removed, in the order of their names; of one account where that is given."""
    chosen = select(DeviceRow).where(DeviceRow.workspace_id == workspace_id, col(DeviceRow.removed_at).is_(None))
    if account_id is not None:
        chosen = chosen.where(DeviceRow.account_id == account_id)
    return list((await session.exec(chosen.order_by(col(DeviceRow.name), col(DeviceRow.id)))).all())


async def bounded(session: AsyncSession, *, among: Collection[UUID] | None = None) -> list[UUID]:
    """Name the locks that say how many codes they hold and that were not removed; only of these where they are given."""
    chosen = select(DeviceRow).where(col(DeviceRow.removed_at).is_(None))
    if among is not None:
        chosen = chosen.where(col(DeviceRow.id).in_(among))
    rows = (await session.exec(chosen)).all()
    return [row.id for row in rows if facts_of(row).max_active_codes_supported is not None]


def facts_of(row: DeviceRow) -> DeviceFacts:
    """Give the stored facts, with what was learned since about being online."""
    return DeviceFacts.model_validate(row.facts | {"online": row.online})


def effective_policy(workspace: WorkspaceRow, device: DeviceRow) -> Policy:
    """Give the durations for codes on a lock: its own settings over the workspace's over the defaults.

    Raises:
        ValidationError: the settings contradict each other.
    """
    return Policy().overridden(workspace.policy, device.policy)


def problems_of(row: DeviceRow) -> Problems:
    """Give the problems that stand on the lock itself."""
    return tuple(Problem.model_validate(problem) for problem in row.problems)


def set_problems(row: DeviceRow, problems: Problems) -> None:
    """Write down the problems that stand on the lock itself."""
    row.problems = [problem.model_dump(mode="json") for problem in problems]


async def set_policy(session: AsyncSession, device_id: UUID, settings: Mapping[str, Any]) -> None:
    """Give a lock durations of its own, as JSON (seconds); codes that are registered already keep theirs.

    Raises:
        ValidationError: a setting is unknown, or they contradict each other or the workspace's.
    """
    row = await session.get_one(DeviceRow, device_id, with_for_update={"key_share": True}, populate_existing=True)
    workspace = await session.get_one(WorkspaceRow, row.workspace_id)
    Policy().overridden(workspace.policy, settings)
    row.policy = dict(settings)


async def _devices_of(session: AsyncSession, account: ConnectedAccountRow) -> list[DeviceRow]:
    """Read an account's locks and keep them from others, always in the same order so that no two wait in a circle."""
    chosen = (
        select(DeviceRow)
        .where(DeviceRow.account_id == account.id)
        .order_by(col(DeviceRow.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return list((await session.exec(chosen)).all())


def _added(account: ConnectedAccountRow, facts: DeviceFacts, news: _News) -> DeviceRow:
    row = DeviceRow(
        id=news.new_id(),
        workspace_id=account.workspace_id,
        account_id=account.id,
        lock_id=facts.lock_id,
        name=facts.name,
        facts=facts.model_dump(mode="json"),
        online=False,
        created_at=news.now,
        seen_at=news.now,
    )
    news.tell(row, EventType.DEVICE_ADDED, lock_id=facts.lock_id, name=facts.name)
    _turn(row, news, online=facts.online)
    return row


def _seen(row: DeviceRow, facts: DeviceFacts, news: _News) -> None:
    row.name = facts.name
    row.facts = facts.model_dump(mode="json") | row.reported
    row.seen_at = news.now
    row.removed_at = None
    _turn(row, news, online=facts.online)


def _removed(row: DeviceRow, news: _News) -> None:
    if row.removed_at is None:
        row.removed_at = news.now
        # So that its coming back is news.
        row.online = False
        news.tell(row, EventType.DEVICE_REMOVED, lock_id=row.lock_id, name=row.name)


def _turn(row: DeviceRow, news: _News, *, online: bool) -> None:
    if row.online != online:
        row.online = online
        news.tell(row, EventType.DEVICE_CONNECTED if online else EventType.DEVICE_DISCONNECTED, online=online)
