"""Accounts at lock vendors, and the workspace they belong to.

Credentials arrive here encrypted and leave so; no event and no error repeats them.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import Event, EventType
from domain.exposure import ExposureReason
from store import backup_pools, devices, events, leaving
from store.once import make_once
from store.tables import ConnectedAccountRow, DeviceRow, PooledDeviceRow, WorkspaceRow

DEFAULT_WORKSPACE_ID = UUID("0197b6a4-5c00-7000-8000-000000000001")
"""The tenant of an installation that has one; fixed, so that every process means the same."""
DEFAULT_WORKSPACE_NAME = "default"


class AccountInUseError(Exception):
    """The account has codes that have not come to their end: end them first, or their locks keep them."""

    def __init__(self, open_codes: int) -> None:
        super().__init__(f"the account still has {open_codes} access code(s) that have not ended")
        self.open_codes = open_codes


async def default_workspace(session: AsyncSession, *, now: datetime) -> WorkspaceRow:
    """Give the default workspace, making it at the first call."""
    found = await session.get(WorkspaceRow, DEFAULT_WORKSPACE_ID)
    if found is None:
        await make_once(
            session,
            WorkspaceRow,
            id=DEFAULT_WORKSPACE_ID,
            name=DEFAULT_WORKSPACE_NAME,
            policy={},
            created_at=now,
        )
        found = await session.get_one(WorkspaceRow, DEFAULT_WORKSPACE_ID)
    return found


async def add_account(
    session: AsyncSession,
    *,
    id: UUID,
    workspace_id: UUID,
    provider: str,
    name: str,
    credentials: bytes,
    now: datetime,
) -> ConnectedAccountRow:
    """Add an account whose `credentials` are encrypted already; its locks come with `devices.upsert_devices`."""
    row = ConnectedAccountRow(
        id=id, workspace_id=workspace_id, provider=provider, name=name, credentials=credentials, created_at=now
    )
    session.add(row)
    await session.flush()
    return row


async def get_account(session: AsyncSession, account_id: UUID) -> ConnectedAccountRow | None:
    """Give an account, removed or not; None when there never was one."""
    return await session.get(ConnectedAccountRow, account_id)


async def list_accounts(session: AsyncSession, workspace_id: UUID) -> list[ConnectedAccountRow]:
    """Give the accounts that were not removed, the oldest first."""
    chosen = (
        select(ConnectedAccountRow)
        .where(ConnectedAccountRow.workspace_id == workspace_id, col(ConnectedAccountRow.removed_at).is_(None))
        .order_by(col(ConnectedAccountRow.created_at), col(ConnectedAccountRow.id))
    )
    return list((await session.exec(chosen)).all())


async def mark_connected(session: AsyncSession, account_id: UUID, *, now: datetime, new_id: Callable[[], UUID]) -> bool:
    """Note that the vendor takes the credentials; on a change write the event.  True: it was a change."""
    row = await _locked(session, account_id)
    if row is None or row.removed_at is not None or row.disconnected_at is None:
        return False
    row.disconnected_at = None
    await _append(session, row, EventType.ACCOUNT_CONNECTED, now=now, new_id=new_id)
    return True


async def mark_disconnected(
    session: AsyncSession, account_id: UUID, *, now: datetime, new_id: Callable[[], UUID]
) -> bool:
    """Note that the vendor refuses the credentials; on a change write the event.  True: it was a change."""
    row = await _locked(session, account_id)
    if row is None or row.removed_at is not None or row.disconnected_at is not None:
        return False
    row.disconnected_at = now
    await _append(session, row, EventType.ACCOUNT_DISCONNECTED, now=now, new_id=new_id)
    return True


async def remove_account(
    session: AsyncSession, account_id: UUID, *, now: datetime, new_id: Callable[[], UUID], force: bool = False
) -> list[str]:
    """Mark an account and its locks as removed; nothing happens to one that is, or never was.  Name the pools it had.

    With `force` also while codes are live: they are written down as left, and their workflows go on to their end with
    the credentials that stay.  Its pools add nothing any more.

    Raises:
        AccountInUseError: codes on its locks have not come to their end.
    """
    row = await _locked(session, account_id)
    if row is None or row.removed_at is not None:
        return []
    live = leaving.live_in(account_id)
    open_codes = await leaving.count(session, live)
    if open_codes and not force:
        raise AccountInUseError(open_codes)
    await leaving.leave(session, live, ExposureReason.ACCOUNT_DELETED, now)
    locks = select(PooledDeviceRow.pool_id).join(DeviceRow, col(DeviceRow.id) == col(PooledDeviceRow.device_id))
    pools = list((await session.exec(locks.where(DeviceRow.account_id == account_id).distinct())).all())
    await backup_pools.disable(session, pools)
    row.removed_at = now
    await devices.remove_devices(session, row, now=now, new_id=new_id)
    return pools


async def _locked(session: AsyncSession, account_id: UUID) -> ConnectedAccountRow | None:
    return await session.get(
        ConnectedAccountRow, account_id, with_for_update={"key_share": True}, populate_existing=True
    )


async def _append(
    session: AsyncSession,
    row: ConnectedAccountRow,
    event_type: EventType,
    *,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    await events.append(
        session,
        [Event(event_type=event_type, occurred_at=now)],
        workspace_id=row.workspace_id,
        now=now,
        new_id=new_id,
        account_id=row.id,
    )
