"""Looking at a lock's calendar: the lock's warning, the errors of those who will have no slot, and who is next in line.

The lock's row is the turn in which its calendar is looked at.  Codes are brought up to date one by one afterwards, each
in a transaction of its own: who holds a code may be waiting for its lock.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode, Presence
from domain.devices import DeviceFacts
from domain.events import Event, EventType
from domain.lifecycle import is_wanted
from domain.policy import WhenFull
from domain.problems import ProblemCode, has
from domain.refusals import RefusalType, refuse
from domain.slot_plan import booking, with_calendar, with_place, without_slot
from store import codes, events
from store.bookings import Books, books_of, others_on
from store.database import Database
from store.devices import facts_of, problems_of, set_problems
from store.tables import DeviceRow


async def in_calendar(
    session: AsyncSession,
    device: DeviceRow,
    facts: DeviceFacts,
    code_id: UUID,
    code: AccessCode,
    *,
    booked_at: datetime,
    now: datetime,
) -> tuple[AccessCode, bool]:
    """Give the code as its lock's calendar has it: with its error where there is no slot when it begins.

    The second value says whether the calendar has no slot for somebody, whoever it is.

    Raises:
        RefusedError: there is none for this code, and policy refuses such a code.
    """
    capacity = facts.max_active_codes_supported
    if capacity is None:
        return code, False
    if await others_on(session, device.id, besides=code_id) < capacity:
        return with_place(code, short=False, now=now), False  # a slot for each, whenever they come
    books = await books_of(session, device.id, now)
    others = [one for one in books.stays if one.access_code_id != code_id]
    mine = booking(code_id, code, booked_at, has_slot=code.on_lock.presence is not Presence.ABSENT, now=now)
    without = without_slot(capacity, others if mine is None else [*others, mine], now)
    short = code_id in without
    if short and code.policy.when_full is WhenFull.REFUSE:
        raise refuse(
            RefusalType.NO_SPACE,
            f"the device {device.name!r} has {capacity} slot(s), and all are taken then",
            field="device_id",
            rule="max_active_codes_supported",
        )
    return with_place(code, short=short, now=now), bool(without)


async def _note_calendar(
    session: AsyncSession, device: DeviceRow, short: Mapping[UUID, datetime], now: datetime
) -> None:
    """Raise or clear the lock's warning that its calendar needs more slots than there are; raising is an event.

    `short` names who has no slot, and from when.
    """
    before = problems_of(device)
    after = with_calendar(before, short=bool(short), now=now)
    if after == before:
        return
    set_problems(device, after)
    session.add(device)
    if short and not has(before, ProblemCode.MAX_CODES_REACHED):
        payload = {
            "short_from": min(short.values()).isoformat(),
            "max_active_codes_supported": facts_of(device).max_active_codes_supported,
        }
        await events.append(
            session,
            [Event(event_type=EventType.MAX_CODES_REACHED, occurred_at=now, payload=payload)],
            workspace_id=device.workspace_id,
            now=now,
            new_id=uuid4,
            device_id=device.id,
            account_id=device.account_id,
        )


async def look_at_calendar(database: Database, device_id: UUID, now: datetime) -> Sequence[UUID]:
    """Bring a lock and its codes up to date with its calendar; name the codes that may have a slot now, first in line."""
    async with database.write() as session:
        device = await session.get_one(
            DeviceRow, device_id, with_for_update={"key_share": True}, populate_existing=True
        )
        capacity = facts_of(device).max_active_codes_supported
        books = await books_of(session, device_id, now)
        short = without_slot(capacity, books.stays, now)
        await _note_calendar(session, device, short, now)
    if capacity is None:
        return ()
    for one in books.stays:
        code_id = one.access_code_id
        if not one.has_slot and (code_id in short) != (code_id in books.told):
            await _note_place(database, code_id, short=code_id in short, now=now)
    return _next_in_line(capacity, books, now)


def _next_in_line(capacity: int, books: Books, now: datetime) -> Sequence[UUID]:
    free = max(0, capacity - sum(one.has_slot for one in books.stays))
    line = sorted(books.line, key=lambda one: one.place_in_line)
    waiting = [one.access_code_id for one in line if not one.has_slot and one.begins <= now]
    return waiting[:free]


async def _note_place(database: Database, code_id: UUID, *, short: bool, now: datetime) -> None:
    """Raise or clear a code's error before its time; afterwards the attempts on the lock have the word."""
    async with database.write() as session:
        stored = await codes.get(session, code_id, for_update=True)
        if stored.code.closed or is_wanted(stored.code, now):
            return
        told = with_place(stored.code, short=short, now=now)
        if told != stored.code:
            await codes.save(session, stored, told, now)
