"""Guests: who they are, whose a code is, and forgetting them.

A backup code that stands in for a code is the guest's of that code.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode
from domain.guests import DEFAULT_KEPT_DAYS, is_to_be_forgotten
from store.at_once import at_once
from store.guest_tables import GuestCodeRow, GuestRow, MessageRow, MessageSettingsRow
from store.once import make_once
from store.pages import Page, paged
from store.tables import AccessCodeRow


async def get_guest(session: AsyncSession, guest_id: UUID, *, for_update: bool = False) -> GuestRow | None:
    """Read a guest, a forgotten one included; None when there is none."""
    return await session.get(GuestRow, guest_id, with_for_update=for_update or None, populate_existing=for_update)


async def page_of_guests(
    session: AsyncSession, workspace_id: UUID, page: Page, *, reservation: str | None = None
) -> Sequence[GuestRow]:
    """List the guests that are known, newest first; one more than the page holds when there are more."""
    query = select(GuestRow).where(GuestRow.workspace_id == workspace_id, col(GuestRow.forgotten_at).is_(None))
    if reservation is not None:
        query = query.where(GuestRow.reservation == reservation)
    return (await session.exec(paged(query, col(GuestRow.created_at), col(GuestRow.id), page))).all()


async def put_guest_of(session: AsyncSession, access_code_id: UUID, guest_id: UUID) -> None:
    """Say whose a code is, in place of whoever it was."""
    if not await make_once(session, GuestCodeRow, access_code_id=access_code_id, guest_id=guest_id):
        changed = update(GuestCodeRow).where(col(GuestCodeRow.access_code_id) == access_code_id)
        await session.exec(changed.values(guest_id=guest_id))


async def take_guest_of(session: AsyncSession, access_code_id: UUID) -> None:
    """Forget whose a code is."""
    await session.exec(delete(GuestCodeRow).where(col(GuestCodeRow.access_code_id) == access_code_id))


_GUESTS = at_once(
    select(AccessCodeRow.id, GuestCodeRow.guest_id)
    .join(
        GuestCodeRow,
        col(GuestCodeRow.access_code_id) == func.coalesce(col(AccessCodeRow.stands_in_for), col(AccessCodeRow.id)),
    )
    .where(col(AccessCodeRow.id).in_(bindparam("ids", expanding=True)))
)


async def guest_ids_of(session: AsyncSession, access_code_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Name the guests of codes, by code; a stand-in has its original's."""
    if not access_code_ids:
        return {}
    return dict((await session.exec(_GUESTS, params={"ids": list(access_code_ids)})).all())


async def codes_of_guest(session: AsyncSession, guest_id: UUID) -> Sequence[AccessCodeRow]:
    """List a guest's codes, newest first, without stand-ins."""
    query = (
        select(AccessCodeRow)
        .join(GuestCodeRow, col(GuestCodeRow.access_code_id) == col(AccessCodeRow.id))
        .where(GuestCodeRow.guest_id == guest_id)
        .order_by(col(AccessCodeRow.created_at).desc(), col(AccessCodeRow.id).desc())
    )
    return (await session.exec(query)).all()


async def due_to_be_forgotten(session: AsyncSession, now: datetime) -> list[UUID]:
    """Name the guests whose time is over, by their workspace's wish.

    A guest with a code that lives is never read; the others are as many as left within the time that they are kept.
    """
    owned = col(GuestCodeRow.access_code_id) == col(AccessCodeRow.id)
    living = select(GuestCodeRow.guest_id).join(AccessCodeRow, owned).where(col(AccessCodeRow.closed).is_(False))
    query = (
        select(GuestRow, MessageSettingsRow.guests_kept_days, AccessCodeRow.code)
        .join(MessageSettingsRow, col(MessageSettingsRow.workspace_id) == col(GuestRow.workspace_id), isouter=True)
        .join(GuestCodeRow, col(GuestCodeRow.guest_id) == col(GuestRow.id), isouter=True)
        .join(AccessCodeRow, owned, isouter=True)
        .where(col(GuestRow.forgotten_at).is_(None), col(GuestRow.id).not_in(living))
    )
    days: dict[UUID, int] = {}
    since: dict[UUID, datetime] = {}
    codes: dict[UUID, list[AccessCode]] = {}
    for guest, kept_days, code in (await session.exec(query)).all():
        since[guest.id], days[guest.id] = guest.created_at, DEFAULT_KEPT_DAYS if kept_days is None else kept_days
        ended = codes.setdefault(guest.id, [])
        if code is not None:
            ended.append(AccessCode.model_validate(code))
    return [
        guest_id
        for guest_id, ended in codes.items()
        if is_to_be_forgotten(ended, since[guest_id], now, kept_for=timedelta(days=days[guest_id]))
    ]


async def forget(session: AsyncSession, guest_id: UUID, now: datetime) -> None:
    """Erase everything personal of a guest: the contact, and what was written to them.  Repeating it is harmless."""
    await session.exec(
        update(GuestRow)
        .where(col(GuestRow.id) == guest_id, col(GuestRow.forgotten_at).is_(None))
        .values(sealed=None, reservation=None, forgotten_at=now)
    )
    await session.exec(update(MessageRow).where(col(MessageRow.guest_id) == guest_id).values(sealed=None))
