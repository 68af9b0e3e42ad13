"""Lists of locks and of accounts for whoever may ask: one workspace's, without those that were removed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.pages import Page, paged
from store.tables import BackupPoolRow, ConnectedAccountRow, DeviceRow, PooledDeviceRow

Located = tuple[DeviceRow, ConnectedAccountRow]
"""A lock and its account."""


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """Which locks; what is None does not matter."""

    ids: Collection[UUID] | None = None
    account_ids: Collection[UUID] | None = None
    is_managed: bool | None = None
    name: str | None = None
    search: str | None = None
    """A part of a name."""
    created_before: datetime | None = None
    providers: Collection[str] | None = None
    manufacturer: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def conditions(self, workspace_id: UUID) -> list[ColumnElement[bool]]:
        """Give what the rows must fulfil."""
        found = [col(DeviceRow.workspace_id) == workspace_id, col(DeviceRow.removed_at).is_(None)]
        if self.ids is not None:
            found.append(col(DeviceRow.id).in_(self.ids))
        if self.account_ids is not None:
            found.append(col(DeviceRow.account_id).in_(self.account_ids))
        if self.is_managed is not None:
            found.append(col(DeviceRow.is_managed).is_(self.is_managed))
        if self.name is not None:
            found.append(or_(col(DeviceRow.name) == self.name, col(DeviceRow.nickname) == self.name))
        if self.search is not None:
            text = self.search.lower()
            names = (func.lower(DeviceRow.name), func.lower(func.coalesce(DeviceRow.nickname, "")))
            found.append(or_(*(name.contains(text, autoescape=True) for name in names)))
        if self.created_before is not None:
            found.append(col(DeviceRow.created_at) < self.created_before)
        if self.providers is not None:
            found.append(col(ConnectedAccountRow.provider).in_(self.providers))
        if self.manufacturer is not None:
            found.append(col(DeviceRow.facts)["manufacturer"].as_string() == self.manufacturer)
        found += [_has(col(DeviceRow.custom_metadata), key, value) for key, value in self.metadata.items()]
        return found


async def page_of_devices(
    session: AsyncSession, workspace_id: UUID, wanted: DeviceFilter, page: Page
) -> Sequence[Located]:
    """List locks, newest first; one more than the page holds when there are more."""
    query = (
        select(DeviceRow, ConnectedAccountRow)
        .join(ConnectedAccountRow, col(DeviceRow.account_id) == col(ConnectedAccountRow.id))
        .where(*wanted.conditions(workspace_id))
    )
    found = await session.exec(paged(query, col(DeviceRow.created_at), col(DeviceRow.id), page))
    return [(device, account) for device, account in found.all()]


async def pooled(session: AsyncSession, ids: Collection[UUID]) -> Collection[UUID]:
    """Name those locks whose backup pool is to be kept full."""
    query = (
        select(PooledDeviceRow.device_id)
        .join(BackupPoolRow, col(BackupPoolRow.id) == col(PooledDeviceRow.pool_id))
        .where(col(PooledDeviceRow.device_id).in_(ids), col(BackupPoolRow.enabled).is_(True))
    )
    return frozenset((await session.exec(query)).all())


async def page_of_accounts(
    session: AsyncSession, workspace_id: UUID, page: Page, *, search: str | None, metadata: Mapping[str, Any]
) -> Sequence[ConnectedAccountRow]:
    """List accounts, newest first; one more than the page holds when there are more."""
    query = select(ConnectedAccountRow).where(
        ConnectedAccountRow.workspace_id == workspace_id,
        col(ConnectedAccountRow.removed_at).is_(None),
        *(_has(col(ConnectedAccountRow.custom_metadata), key, value) for key, value in metadata.items()),
    )
    if search is not None:
        query = query.where(func.lower(ConnectedAccountRow.name).contains(search.lower(), autoescape=True))
    created_at, id = col(ConnectedAccountRow.created_at), col(ConnectedAccountRow.id)
    return (await session.exec(paged(query, created_at, id, page))).all()


def _has(column: Any, key: str, value: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = (
        column[key].as_boolean() == value if isinstance(value, bool) else column[key].as_string() == str(value)
    )
    return found
