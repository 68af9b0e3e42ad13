"""Events as they are published, read together with all that their bodies need.

One function serves deliveries and listings: a handful of queries for any number of events.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.event_body import StoredEvent, body, generations_in
from domain.sealed import pin_aad
from store.keyring import KeyRing
from store.standing import problems_of_account, problems_of_device
from store.tables import ConnectedAccountRow, DeviceRow, EventRow, PinRow, WorkspaceRow

Row = TypeVar("Row", DeviceRow, ConnectedAccountRow, WorkspaceRow)
Digits = Mapping[UUID | None, Mapping[int, str]]
"""By access code, then by generation."""


async def publish(session: AsyncSession, rows: Sequence[EventRow], keyring: KeyRing | None) -> list[dict[str, Any]]:
    """Give the bodies of events in their order; hidden events have none and are left out.

    Digits are filled in where the workspace lets its events carry them; without a key ring, nowhere.

    Raises:
        KeyRingError: the key that encrypted some digits is missing.
    """
    told = [row for row in rows if not row.hidden]
    devices = await _by_id(session, DeviceRow, (row.device_id for row in told))
    accounts = await _by_id(session, ConnectedAccountRow, (row.account_id for row in told))
    digits: Digits = {} if keyring is None else await _digits(session, told, keyring)
    nobodys: Mapping[int, str] = {}
    return [body(_with_standing(row, devices, accounts), digits.get(row.access_code_id, nobodys)) for row in told]


def _with_standing(
    row: EventRow, devices: Mapping[UUID, DeviceRow], accounts: Mapping[UUID, ConnectedAccountRow]
) -> StoredEvent:
    device = None if row.device_id is None else devices.get(row.device_id)
    account = None if row.account_id is None else accounts.get(row.account_id)
    return StoredEvent(
        id=row.id,
        event_type=row.event_type,
        workspace_id=row.workspace_id,
        created_at=row.created_at,
        occurred_at=row.occurred_at,
        payload=row.payload,
        access_code_id=row.access_code_id,
        device_id=row.device_id,
        account_id=row.account_id,
        device_problems=() if device is None else problems_of_device(device),
        account_problems=() if account is None else problems_of_account(account),
    )


async def _by_id(session: AsyncSession, table: type[Row], ids: Iterable[UUID | None]) -> dict[UUID, Row]:
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    return {row.id: row for row in (await session.exec(select(table).where(col(table.id).in_(wanted)))).all()}


async def _digits(session: AsyncSession, rows: Collection[EventRow], keyring: KeyRing) -> Digits:
    """Decrypt the digits that the events refer to, of workspaces whose events may carry them."""
    workspaces = await _by_id(session, WorkspaceRow, (row.workspace_id for row in rows))
    wanted = {
        (row.access_code_id, generation): row.workspace_id
        for row in rows
        if row.access_code_id is not None and workspaces[row.workspace_id].digits_in_events
        for generation in generations_in(row.payload)
    }
    query = select(PinRow).where(col(PinRow.access_code_id).in_({code_id for code_id, _ in wanted}))
    found: dict[UUID | None, dict[int, str]] = {}
    for pin in (await session.exec(query)).all() if wanted else ():
        workspace_id = wanted.get((pin.access_code_id, pin.generation))
        if workspace_id is not None:
            aad = pin_aad(workspace_id, pin.access_code_id)
            found.setdefault(pin.access_code_id, {})[pin.generation] = keyring.decrypt(pin.ciphertext, aad).decode()
    return found
