"""Keeping the list of codes that others put on a lock: what a look showed and is none of ours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.devices import Capabilities
from domain.drift import Entry
from domain.events import Event, EventType
from domain.unmanaged import Listed, told_apart
from providers.base import Known, Masked
from store import events
from store.keyring import KeyRing, pin_aad
from store.tables import DeviceRow
from store.unmanaged import entry_of, unmanaged_on
from store.unmanaged_tables import UnmanagedCodeRow

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Listing:
    """What became of the list of one lock."""

    happened: tuple[tuple[UnmanagedCodeRow, EventType], ...] = ()
    doubtful: int = 0
    """Codes that were not shown, which a second look has to confirm."""


def entries_in(keyring: KeyRing, device_id: UUID, readings: Iterable[Known | Masked]) -> dict[Entry, Known | Masked]:
    """Give what was read of a lock by what it is without its digits."""
    return {_entry(keyring, device_id, reading): reading for reading in readings}


def _entry(keyring: KeyRing, device_id: UUID, reading: Known | Masked) -> Entry:
    index = keyring.blind_index(device_id, reading.pin.get_secret_value()) if isinstance(reading, Known) else None
    return Entry(reading.reference, reading.slot, reading.mark, index)


async def list_foreign(
    session: AsyncSession,
    keyring: KeyRing,
    device: DeviceRow,
    capabilities: Capabilities,
    foreign: Mapping[Entry, Known | Masked],
    now: datetime,
    *,
    is_whole: bool,
) -> Listing:
    """Bring the list of a lock up to date.  Only a look at the whole lock says that one is gone."""
    rows = {row.id: row for row in await unmanaged_on(session, device.id)}
    told = told_apart([Listed(row.id, entry_of(row)) for row in rows.values()], list(foreign))
    happened: list[tuple[UnmanagedCodeRow, EventType]] = []
    for code_id, entry in told.seen:
        _seen(session, keyring, rows[code_id], entry, foreign[entry], now)
    for entry in told.new:
        row = UnmanagedCodeRow(
            id=uuid4(), workspace_id=device.workspace_id, device_id=device.id, created_at=now, seen_at=now
        )
        _seen(session, keyring, row, entry, foreign[entry], now)
        happened.append((row, EventType.UNMANAGED_CREATED))
    doubtful = 0
    for code_id in told.missing if is_whole else ():
        row = rows[code_id]
        row.missing_since = row.missing_since or now
        if now - row.missing_since >= capabilities.reads_lag:
            row.gone_at, row.ciphertext = now, None
            happened.append((row, EventType.UNMANAGED_REMOVED))
        else:
            doubtful += 1
        session.add(row)
    await session.flush()
    return Listing(tuple(happened), doubtful)


async def tell_of_foreign(
    session: AsyncSession, device: DeviceRow, happened: Iterable[tuple[UnmanagedCodeRow, Event]], now: datetime
) -> None:
    """Write what happened to codes of others, once every row is locked that the transaction needs."""
    for row, event in happened:
        await events.append(
            session,
            [event],
            workspace_id=row.workspace_id,
            now=now,
            new_id=uuid4,
            access_code_id=row.id,
            device_id=device.id,
            account_id=device.account_id,
        )


def _seen(
    session: AsyncSession,
    keyring: KeyRing,
    row: UnmanagedCodeRow,
    entry: Entry,
    reading: Known | Masked,
    now: datetime,
) -> None:
    """Keep a code as it is shown; digits that were known stay known where this one answer hides them."""
    row.reference, row.slot = entry.reference, entry.slot
    row.name = (entry.name or "")[:LONGEST_NAME].replace("\0", "") or None
    row.seen_at, row.missing_since = now, None
    if isinstance(reading, Known) and row.pin_index != entry.pin_index:
        row.pin_index = entry.pin_index
        row.ciphertext = keyring.encrypt(reading.pin.get_secret_value().encode(), pin_aad(row.workspace_id, row.id))
    session.add(row)
