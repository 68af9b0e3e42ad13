"""Rows that tests begin with."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.devices import DeviceFacts
from store.accounts import DEFAULT_WORKSPACE_ID, add_account, default_workspace
from store.devices import upsert_devices
from store.tables import AccessCodeRow, ConnectedAccountRow, PinRow

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ACCOUNT_ID = UUID(int=7)


async def an_account(session: AsyncSession) -> ConnectedAccountRow:
    """Add the default workspace and an account."""
    await default_workspace(session, now=NOW)
    return await add_account(
        session,
        id=ACCOUNT_ID,
        workspace_id=DEFAULT_WORKSPACE_ID,
        provider="lock_cloud",
        name="Main house",
        credentials=b"sealed",
        now=NOW,
    )


async def a_device(session: AsyncSession) -> UUID:
    """Add an account with one lock."""
    account = await an_account(session)
    found = await upsert_devices(session, account, [DeviceFacts(lock_id="1", name="Door")], NOW, uuid4)
    return found.added[0]


def a_code(device_id: UUID, *, closed: bool = False) -> AccessCodeRow:
    """Make a code's row with as little as the tables ask for."""
    return AccessCodeRow(
        id=uuid4(), workspace_id=DEFAULT_WORKSPACE_ID, device_id=device_id, code={}, closed=closed, created_at=NOW
    )


def a_pin(code: AccessCodeRow, pin_index: str, *, loaded: bool) -> PinRow:
    """Make the row of a code's digits."""
    return PinRow(
        access_code_id=code.id,
        generation=1,
        device_id=code.device_id,
        pin_index=pin_index,
        ciphertext=b"sealed",
        held_from=NOW,
        loaded=loaded,
    )
