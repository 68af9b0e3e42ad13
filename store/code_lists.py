"""Lists of access codes for whoever may ask: one workspace's, without those that exist for nobody yet.

A backup code exists for nobody but its pool until it stands in for a code; a deleted one for nobody any more.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, bindparam, cast, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode
from domain.devices import DeviceFacts
from store.at_once import at_once
from store.backup_pools import backup_codes_on, pool_of_code
from store.codes import StoredCode, visible
from store.pages import Page, paged
from store.tables import AccessCodeRow, ConnectedAccountRow, DeviceRow, PinRow


@dataclass(frozen=True, slots=True)
class CodeFilter:
    """Which codes; what is None does not matter."""

    device_id: UUID | None = None
    ids: Collection[UUID] | None = None
    search: str | None = None
    """A part of the name or of the id."""
    common_code_key: str | None = None
    is_over: bool | None = None
    """Whether they have come to their end."""

    def conditions(self, workspace_id: UUID) -> list[ColumnElement[bool]]:
        """Give what the rows must fulfil."""
        workspace: Any = col(AccessCodeRow.workspace_id)
        if self.device_id is not None or self.ids is not None:
            # SQLite keeps no statistics: it would walk through all codes of the workspace rather than look up the few.
            workspace = func.coalesce(workspace, workspace)
        found = [workspace == workspace_id, col(AccessCodeRow.deleted_at).is_(None), visible()]
        if self.device_id is not None:
            found.append(col(AccessCodeRow.device_id) == self.device_id)
        if self.ids is not None:
            found.append(col(AccessCodeRow.id).in_(self.ids))
        if self.common_code_key is not None:
            found.append(col(AccessCodeRow.common_code_key) == self.common_code_key)
        if self.is_over is not None:
            found.append(col(AccessCodeRow.closed).is_(self.is_over))
        if self.search is not None:
            text = self.search.lower()
            # Ids are written with hyphens or without, as the database likes.
            ids = cast(AccessCodeRow.id, String).contains(text.replace("-", ""), autoescape=True)
            hyphened = cast(AccessCodeRow.id, String).contains(text, autoescape=True)
            found.append(or_(func.lower(AccessCodeRow.name).contains(text, autoescape=True), ids, hyphened))
        return found


async def page_of_codes(
    session: AsyncSession, workspace_id: UUID, wanted: CodeFilter, page: Page
) -> Sequence[StoredCode]:
    """List codes, newest first; one more than the page holds when there are more."""
    query = select(AccessCodeRow).where(*wanted.conditions(workspace_id))
    rows = (await session.exec(paged(query, col(AccessCodeRow.created_at), col(AccessCodeRow.id), page))).all()
    return await stored_codes(session, rows)


async def stored_codes(session: AsyncSession, rows: Sequence[AccessCodeRow]) -> Sequence[StoredCode]:
    """Give codes of whose rows one has read, with their locks and accounts."""
    locks = await _locks_of(session, {row.device_id for row in rows})
    return [StoredCode(row=row, code=AccessCode.model_validate(row.code), **locks[row.device_id]) for row in rows]


_LOCKS = at_once(
    select(DeviceRow, ConnectedAccountRow)
    .join(ConnectedAccountRow, col(DeviceRow.account_id) == col(ConnectedAccountRow.id))
    .where(col(DeviceRow.id).in_(bindparam("ids", expanding=True)))
)


async def _locks_of(session: AsyncSession, device_ids: Collection[UUID]) -> Mapping[UUID, dict[str, Any]]:
    """Give what each code on a lock says of it, read once for the lock and not once for each of its codes."""
    found: dict[UUID, dict[str, Any]] = {}
    for bunch in _bunches(list(device_ids)):
        for device, account in (await session.exec(_LOCKS, params={"ids": bunch})).all():
            facts = DeviceFacts.model_validate(device.facts)
            found[device.id] = {"device": device, "facts": facts, "account": account}
    return found


async def code_with_digits(session: AsyncSession, workspace_id: UUID, device_id: UUID, pin_index: str) -> UUID | None:
    """Name the newest code on a lock whose present digits are these; None when there is none."""
    query = (
        select(AccessCodeRow.id, AccessCodeRow.code, PinRow.generation)
        .join(PinRow, col(PinRow.access_code_id) == col(AccessCodeRow.id))
        .where(*CodeFilter(device_id=device_id).conditions(workspace_id), col(PinRow.pin_index) == pin_index)
        .order_by(col(AccessCodeRow.closed), col(AccessCodeRow.created_at).desc())
    )
    for code_id, code, generation in (await session.exec(query)).all():
        if AccessCode.model_validate(code).wish.pin_generation == generation:
            return code_id
    return None


async def rows_of(session: AsyncSession, ids: Collection[UUID]) -> Mapping[UUID, AccessCodeRow]:
    """Give the rows of codes by their ids, deleted ones included."""
    found: dict[UUID, AccessCodeRow] = {}
    for bunch in _bunches(list(ids)):
        query = select(AccessCodeRow).where(col(AccessCodeRow.id).in_(bunch))
        found |= {row.id: row for row in (await session.exec(query)).all()}
    return found


_DIGITS = at_once(select(PinRow).where(col(PinRow.access_code_id).in_(bindparam("ids", expanding=True))))


async def digits_of(session: AsyncSession, generations: Mapping[UUID, int]) -> Mapping[UUID, PinRow]:
    """Give the rows of codes' digits, each in the generation that is named."""
    found: dict[UUID, PinRow] = {}
    for ids in _bunches(list(generations)):
        for row in (await session.exec(_DIGITS, params={"ids": ids})).all():
            if generations[row.access_code_id] == row.generation:
                found[row.access_code_id] = row
    return found


async def with_backup(session: AsyncSession, stored: Sequence[StoredCode]) -> Collection[UUID]:
    """Name those codes for which a backup code stands ready, or that pulled one by themselves."""
    by_itself = {one.row.id for one in stored if one.code.backup.by_itself}
    asking = [
        one
        for one in stored
        if not (one.code.is_backup or one.code.closed or one.code.backup.access_code_id is not None)
    ]
    ready = await ready_backups(session, {one.device.id for one in asking})
    if not ready:
        return by_itself
    return by_itself | {one.row.id for one in asking if (one.device.id, await pool_of_code(session, one.row)) in ready}


_LOCKS_WITH_BACKUPS = at_once(
    select(AccessCodeRow.device_id)
    .where(
        col(AccessCodeRow.device_id).in_(bindparam("ids", expanding=True)),
        col(AccessCodeRow.backup_id).is_not(None),
        col(AccessCodeRow.closed).is_(False),
        col(AccessCodeRow.opens).is_(True),
    )
    .distinct()
)


async def ready_backups(session: AsyncSession, device_ids: Collection[UUID]) -> Collection[tuple[UUID, str | None]]:
    """Name locks with the pools that have a backup code ready on them."""
    found: set[tuple[UUID, str | None]] = set()
    for device_id in (await session.exec(_LOCKS_WITH_BACKUPS, params={"ids": list(device_ids)})).all():
        found |= {(device_id, code.pool_id) for code in await backup_codes_on(session, device_id) if code.is_ready}
    return found


def _bunches(ids: Sequence[Any], size: int = 5000) -> list[Sequence[Any]]:
    """Databases bound the number of values in one statement."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]
