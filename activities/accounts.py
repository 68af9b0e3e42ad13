"""Keeping what is known of an account's locks fresh, and telling their codes when a lock is back."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.device_notes import wake_codes_of
from activities.drivers import Drivers
from activities.failures import store_failures
from activities.neighbours import Neighbours
from activities.new_locks import ask_about
from activities.orders import NudgeOrder, Synced, SyncOrder
from providers.base import AccountDisconnectedError
from store import accounts, devices
from store.database import Database
from store.tables import ConnectedAccountRow


class AccountActivities:
    """What an account's workflow does."""

    def __init__(self, database: Database, drivers: Drivers, neighbours: Neighbours) -> None:
        self._database = database
        self._drivers = drivers
        self._neighbours = neighbours

    def all(self) -> list[Callable[..., Any]]:
        """List the activities, for a worker."""
        return [self.sync, self.nudge]

    @activity.defn(name="sync_account")
    async def sync(self, order: SyncOrder) -> Synced:
        """Ask the vendor for the account's locks and write down what is new, with its events."""
        with store_failures():
            async with self._database.read() as session:
                account = await _account(session, order.account_id)
            driver = await self._drivers.of(account)
            try:
                facts = await driver.discover()
            except AccountDisconnectedError:
                async with self._database.write() as session:
                    now = datetime.now(UTC)
                    await accounts.mark_disconnected(session, order.account_id, now=now, new_id=uuid4)
                raise
            now = datetime.now(UTC)
            async with self._database.write() as session:
                is_back = await accounts.mark_connected(session, order.account_id, now=now, new_id=uuid4)
                account = await _account(session, order.account_id)
                is_first_look = account.synced_at is None
                found = await devices.upsert_devices(session, account, facts, now, uuid4)
                await ask_about(session, account, found.added, now, is_first_look=is_first_look)
                back = found.connected
                if is_back:  # then so is every lock of it that answers
                    locks = await devices.list_devices(session, account.workspace_id, account_id=account.id)
                    back = tuple(lock.id for lock in locks if lock.online)
            return Synced(devices=len(facts), added=len(found.added), back=back)

    @activity.defn(name="nudge_access_codes")
    async def nudge(self, order: NudgeOrder) -> int:
        """Tell every open code of these locks, and single codes, that the lock is back."""
        for code_id in order.access_code_ids:
            await self._neighbours.nudge(code_id)
        with store_failures():
            return len(order.access_code_ids) + await wake_codes_of(self._database, self._neighbours, order.device_ids)


async def _account(session: AsyncSession, account_id: UUID) -> ConnectedAccountRow:
    account = await accounts.get_account(session, account_id)
    if account is None or account.removed_at is not None:
        raise ApplicationError(f"there is no account {account_id}", type="account_not_found", non_retryable=True)
    return account
