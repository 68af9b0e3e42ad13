"""Questions about new locks, and replacements with their codes, as rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode
from domain.devices import DeviceFacts
from domain.replacement import Answer, MoveStatus, ReplacementStatus, Seen
from store.leaving import live_on
from store.replacement_tables import DeviceQuestionRow, MovedCodeRow, ReplacementRow
from store.tables import AccessCodeRow, DeviceRow


async def ask(session: AsyncSession, devices: Collection[DeviceRow], now: datetime) -> None:
    """Write down that an operator is to say what these new locks are."""
    session.add_all(DeviceQuestionRow(device_id=one.id, workspace_id=one.workspace_id, asked_at=now) for one in devices)
    await session.flush()


async def open_questions(session: AsyncSession, workspace_id: UUID) -> Sequence[tuple[DeviceQuestionRow, DeviceRow]]:
    """List the locks that nobody has said anything of, the oldest question first; those that are gone again are out."""
    query = (
        select(DeviceQuestionRow, DeviceRow)
        .join(DeviceRow, col(DeviceRow.id) == col(DeviceQuestionRow.device_id))
        .where(
            DeviceQuestionRow.workspace_id == workspace_id,
            col(DeviceQuestionRow.answer).is_(None),
            col(DeviceRow.removed_at).is_(None),
        )
        .order_by(col(DeviceQuestionRow.asked_at), col(DeviceRow.name), col(DeviceRow.id))
    )
    return (await session.exec(query)).all()


async def answer(
    session: AsyncSession, workspace_id: UUID, device_id: UUID, said: Answer, now: datetime, *, place: str | None = None
) -> bool:
    """Write down what somebody said of a new lock; the last word counts.  False: nobody was asked about such a lock."""
    row = await session.get(DeviceQuestionRow, device_id, with_for_update=True, populate_existing=True)
    if row is None or row.workspace_id != workspace_id:
        return False
    row.answer, row.answered_at, row.place = said.value, now, place or row.place
    session.add(row)
    if place is not None:  # where callers find it, too
        device = await session.get_one(DeviceRow, device_id, with_for_update={"key_share": True})
        device.custom_metadata = {**device.custom_metadata, "place": place}
        session.add(device)
    return True


async def ask_again(session: AsyncSession, device_id: UUID) -> None:
    """Forget what was said of a new lock, if anybody was asked."""
    row = await session.get(DeviceQuestionRow, device_id, with_for_update=True, populate_existing=True)
    if row is not None:
        row.answer = row.answered_at = None
        session.add(row)


async def replaceable(session: AsyncSession, workspace_id: UUID) -> Sequence[DeviceRow]:
    """List the locks that another may replace: all that there ever were, but those that were replaced already."""
    replaced = select(ReplacementRow.replaces_id).where(
        col(ReplacementRow.status) != ReplacementStatus.ROLLED_BACK.value
    )
    query = (
        select(DeviceRow)
        .where(DeviceRow.workspace_id == workspace_id, col(DeviceRow.id).not_in(replaced))
        .order_by(col(DeviceRow.name), col(DeviceRow.id))
    )
    return (await session.exec(query)).all()


async def live_codes(session: AsyncSession, workspace_id: UUID) -> dict[UUID, int]:
    """Count the guests' codes that have not ended, by lock; locks without any are left out."""
    query = (
        select(AccessCodeRow.device_id, func.count())
        .where(
            AccessCodeRow.workspace_id == workspace_id,
            col(AccessCodeRow.closed).is_(False),
            col(AccessCodeRow.backup_id).is_(None),
            col(AccessCodeRow.remnant_of).is_(None),
        )
        .group_by(col(AccessCodeRow.device_id))
    )
    return dict((await session.exec(query)).all())


def seen(device: DeviceRow, live: int) -> Seen:
    """Give what tells one lock from another."""
    facts = DeviceFacts.model_validate(device.facts)
    return Seen(
        device_id=device.id,
        account_id=device.account_id,
        name=device.nickname or device.name,
        manufacturer=facts.manufacturer,
        model=facts.model,
        has_battery=facts.battery_level is not None,
        online=device.online,
        gone_since=device.removed_at,
        live_codes=live,
    )


@dataclass(frozen=True, slots=True)
class StoredReplacement:
    """A replacement with its locks and its codes, in their order."""

    row: ReplacementRow
    device: DeviceRow
    replaced: DeviceRow
    moves: Sequence[tuple[MovedCodeRow, AccessCodeRow]]


async def locked(session: AsyncSession, device_id: UUID) -> ReplacementRow | None:
    """Give the replacement by a new lock, and keep others from it; None: there is none."""
    return await session.get(ReplacementRow, device_id, with_for_update={"key_share": True}, populate_existing=True)


async def get(session: AsyncSession, workspace_id: UUID, device_id: UUID) -> StoredReplacement | None:
    """Read the replacement by a new lock; None: it replaces none."""
    row = await session.get(ReplacementRow, device_id)
    if row is None or row.workspace_id != workspace_id:
        return None
    return await _whole(session, row)


async def of_workspace(session: AsyncSession, workspace_id: UUID) -> Sequence[StoredReplacement]:
    """List a workspace's replacements, the newest first."""
    query = (
        select(ReplacementRow)
        .where(ReplacementRow.workspace_id == workspace_id)
        .order_by(col(ReplacementRow.started_at).desc(), col(ReplacementRow.device_id))
    )
    return [await _whole(session, row) for row in (await session.exec(query)).all()]


async def _whole(session: AsyncSession, row: ReplacementRow) -> StoredReplacement:
    device = await session.get_one(DeviceRow, row.device_id)
    replaced = await session.get_one(DeviceRow, row.replaces_id)
    query = (
        select(MovedCodeRow, AccessCodeRow)
        .join(AccessCodeRow, col(AccessCodeRow.id) == col(MovedCodeRow.access_code_id))
        .where(MovedCodeRow.device_id == row.device_id)
        .order_by(col(MovedCodeRow.place))
    )
    return StoredReplacement(row, device, replaced, (await session.exec(query)).all())


async def others_under_way(session: AsyncSession, device_id: UUID, replaces_id: UUID) -> bool:
    """Tell whether another replacement is moving codes to or from either of these locks."""
    both = {device_id, replaces_id}
    rows = [row for row in await under_way(session) if row.device_id != device_id]
    return any(both & {row.device_id, row.replaces_id} for row in rows)


async def under_way(session: AsyncSession) -> Sequence[ReplacementRow]:
    """List the replacements whose codes are being moved."""
    statuses = [status.value for status in ReplacementStatus if status.is_under_way]
    return (await session.exec(select(ReplacementRow).where(col(ReplacementRow.status).in_(statuses)))).all()


async def start_over(session: AsyncSession, device_id: UUID) -> None:
    """Forget the codes of an earlier replacement by the same lock."""
    await session.exec(delete(MovedCodeRow).where(col(MovedCodeRow.device_id) == device_id))


async def movable_on(session: AsyncSession, device_id: UUID) -> list[tuple[UUID, AccessCode]]:
    """Read the codes of guests that have not ended on a lock, backup codes that stand in included."""
    rows = (await session.exec(select(AccessCodeRow).where(*live_on(device_id)))).all()
    return [(row.id, AccessCode.model_validate(row.code)) for row in rows]


async def moves_of(session: AsyncSession, device_id: UUID) -> Sequence[MovedCodeRow]:
    """List the codes of a replacement in their order."""
    query = select(MovedCodeRow).where(MovedCodeRow.device_id == device_id).order_by(col(MovedCodeRow.place))
    return (await session.exec(query)).all()


def note(row: MovedCodeRow, status: MoveStatus, now: datetime, detail: str | None = None) -> None:
    """Write down how far a code is."""
    row.status, row.detail, row.changed_at = status.value, detail, now
