"""Guests at rest: encrypted, found by their codes, and forgotten in time."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import select

from domain.access_code import AccessCode, Wish
from domain.guests import Guest
from domain.message_text import Template
from store.accounts import DEFAULT_WORKSPACE_ID
from store.database import Database
from store.guest_secrets import Letter, open_guest, open_letter, seal_guest, seal_letter
from store.guest_tables import GuestRow, MessageRow
from store.guests import guest_ids_of, put_guest_of
from store.messages import settings_for_update
from tests.store.keys import new_ring
from tests.store.rows import NOW, a_code, a_device
from workers.forgetting import forget_guests

RING = new_ring()
DAY = timedelta(days=1)
ADA = Guest(name="Ada Lovelace", email="ada@guest.example", reservation="R-1815")


async def a_guest(database: Database, device_id: UUID, *ends: datetime | None) -> tuple[UUID, list[UUID]]:
    """Add a guest with a code for each end, None for one that lives, and a letter about each."""
    guest_id, code_ids = uuid4(), []
    async with database.write() as session:
        row = GuestRow(id=guest_id, workspace_id=DEFAULT_WORKSPACE_ID, created_at=NOW - 99 * DAY)
        row.sealed, row.reservation = seal_guest(RING, guest_id, ADA), ADA.reservation
        session.add(row)
        await session.flush()
        for end in ends:
            code = a_code(device_id, closed=end is not None)
            wish = Wish(ends_at=end, changed_at=NOW - 99 * DAY)
            code.code = AccessCode(wish=wish, closed=end is not None).model_dump(mode="json")
            session.add(code)
            await session.flush()
            await put_guest_of(session, code.id, guest_id)
            session.add(a_letter(code.id, guest_id))
            code_ids.append(code.id)
    return guest_id, code_ids


def a_letter(code_id: UUID, guest_id: UUID) -> MessageRow:
    id, text = uuid4(), Template(subject="Code", body="Hello Ada Lovelace")
    return MessageRow(
        id=id,
        workspace_id=DEFAULT_WORKSPACE_ID,
        access_code_id=code_id,
        generation=1,
        guest_id=guest_id,
        kind="code_ready",
        status="sent",
        sealed=seal_letter(RING, id, Letter(address="ada@guest.example", text=text)),
        created_at=NOW,
        changed_at=NOW,
    )


async def a_door(database: Database) -> UUID:
    async with database.write() as session:
        return await a_device(session)


async def rows_of(database: Database, table: Any) -> list[Any]:
    async with database.read() as session:
        return list((await session.exec(select(table))).all())


async def test_contact_and_letters_rest_encrypted(database: Database) -> None:
    guest_id, _ = await a_guest(database, await a_door(database), None)
    (guest,), (message,) = await rows_of(database, GuestRow), await rows_of(database, MessageRow)
    assert b"Ada" not in guest.sealed + message.sealed
    assert open_guest(RING, guest) == ADA
    letter = open_letter(RING, message)
    assert letter is not None
    assert letter.text.body == "Hello Ada Lovelace"
    assert guest.id == guest_id


async def test_stand_in_is_the_guests_of_its_original(database: Database) -> None:
    device_id = await a_door(database)
    guest_id, (code_id,) = await a_guest(database, device_id, None)
    stand_in, other = a_code(device_id), a_code(device_id)
    stand_in.stands_in_for = code_id
    async with database.write() as session:
        session.add_all([stand_in, other])
    async with database.read() as session:
        found = await guest_ids_of(session, [code_id, stand_in.id, other.id])
    assert found == {code_id: guest_id, stand_in.id: guest_id}


async def test_guest_is_forgotten_in_time_and_with_every_letter(database: Database) -> None:
    device_id = await a_door(database)
    gone, _ = await a_guest(database, device_id, NOW - 40 * DAY, NOW - 31 * DAY)
    staying, _ = await a_guest(database, device_id, NOW - 40 * DAY, None)
    recent, _ = await a_guest(database, device_id, NOW - 29 * DAY)
    assert await forget_guests(database, NOW) == 1
    assert await forget_guests(database, NOW) == 0
    guests = {row.id: row for row in await rows_of(database, GuestRow)}
    assert (guests[gone].sealed, guests[gone].reservation, guests[gone].forgotten_at) == (None, None, NOW)
    assert open_guest(RING, guests[staying]) == open_guest(RING, guests[recent]) == ADA
    letters = await rows_of(database, MessageRow)
    assert {row.guest_id for row in letters if row.sealed is None} == {gone}
    assert {row.status for row in letters} == {"sent"}


async def test_workspace_says_how_long_guests_are_known(database: Database) -> None:
    guest_id, _ = await a_guest(database, await a_door(database), NOW - 3 * DAY)
    async with database.write() as session:
        (await settings_for_update(session, DEFAULT_WORKSPACE_ID)).guests_kept_days = 4
    assert await forget_guests(database, NOW) == 0
    assert await forget_guests(database, NOW + DAY) == 1
    (row,) = await rows_of(database, GuestRow)
    assert (row.id, row.forgotten_at) == (guest_id, NOW + DAY)
