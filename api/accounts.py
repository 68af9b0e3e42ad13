"""The application service of connected accounts: signing in with a lock vendor, and keeping its locks known.

Credentials are encrypted before they are written.  Each account has a Temporal Schedule that looks at its locks, by
default every quarter of an hour: facts (online, battery, new locks) and what others did to codes never depend on
somebody's remembering to ask.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    WorkflowFailureError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import FailureError
from temporalio.service import RPCError, RPCStatusCode

from api.errors import SyncFailedError
from api.temporal import answered, put_schedule, translated
from domain.policy import Policy
from domain.reconciliation import tick_every
from store import accounts, devices
from store.credentials import seal_credentials
from store.database import Database
from store.device_lists import page_of_accounts
from store.keyring import KeyRing
from store.pages import Page
from store.tables import ConnectedAccountRow, WorkspaceRow
from workflows.contracts import (
    POOL_WAKE_SIGNAL,
    QUEUE,
    RECONCILE_WORKFLOW,
    SYNC_ACCOUNT_WORKFLOW,
    ReconcileInput,
    SyncAccountInput,
    SyncAccountResult,
    backup_pool_workflow_id,
    reconcile_workflow_id,
    sync_account_workflow_id,
)

SYNC_SECONDS = 60.0
"""How long somebody waits for one look at an account: several calls to the vendor with their timeouts."""


class AccountService:
    """What operators can do with accounts.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, client: Client, database: Database, keyring: KeyRing) -> None:
        self._client = client
        self._database = database
        self._keyring = keyring

    async def put(self, provider: str, name: str, credentials: Mapping[str, str]) -> ConnectedAccountRow:
        """Connect an account; one of the same provider and name gets the new credentials instead of a double.

        Nothing is asked of the vendor yet: `sync` does.

        Raises:
            TemporalUnavailableError: the account is written, its schedule is not; call again.
        """
        now = datetime.now(UTC)
        async with self._database.write() as session:
            workspace = await accounts.default_workspace(session, now=now)
            present = await accounts.list_accounts(session, workspace.id)
            account = next((row for row in present if (row.provider, row.name) == (provider, name)), None)
            if account is not None:
                account.credentials = seal_credentials(self._keyring, account.id, credentials)
            else:
                account_id = uuid4()
                account = await accounts.add_account(
                    session,
                    id=account_id,
                    workspace_id=workspace.id,
                    provider=provider,
                    name=name,
                    credentials=seal_credentials(self._keyring, account_id, credentials),
                    now=now,
                )
        await self.schedule(account.id)
        return account

    async def list(self) -> Sequence[ConnectedAccountRow]:
        """List the accounts that are not removed."""
        async with self._database.read() as session:
            return await accounts.list_accounts(session, accounts.DEFAULT_WORKSPACE_ID)

    async def of_workspace(self, workspace_id: UUID) -> Sequence[ConnectedAccountRow]:
        """List a workspace's accounts that are not removed."""
        async with self._database.read() as session:
            return await accounts.list_accounts(session, workspace_id)

    async def page(
        self, workspace_id: UUID, page: Page, *, search: str | None, metadata: Mapping[str, Any]
    ) -> Sequence[ConnectedAccountRow]:
        """List accounts, newest first; one more than the page holds when there are more."""
        async with self._database.read() as session:
            return await page_of_accounts(session, workspace_id, page, search=search, metadata=metadata)

    async def get(self, account_id: UUID) -> ConnectedAccountRow | None:
        """Give an account that is not removed; None when there is none."""
        async with self._database.read() as session:
            row = await accounts.get_account(session, account_id)
        return None if row is None or row.removed_at is not None else row

    async def describe(self, account_id: UUID, *, name: str | None, metadata: Mapping[str, Any] | None) -> None:
        """Keep what a caller says of an account; None changes nothing."""
        async with self._database.write() as session:
            row = await session.get_one(ConnectedAccountRow, account_id, with_for_update=True)
            if name is not None:
                row.nickname = name or None
            if metadata is not None:
                row.custom_metadata = dict(metadata)

    async def workspace(self, workspace_id: UUID) -> WorkspaceRow:
        """Give a workspace, which must exist."""
        async with self._database.read() as session:
            return await session.get_one(WorkspaceRow, workspace_id)

    async def sync(self, account_id: UUID) -> SyncAccountResult:
        """Look at the account's locks now; a look that is under way already is waited for instead.

        Raises:
            SyncFailedError: the vendor cannot be asked; the message says why.
            TemporalUnavailableError: Temporal or its worker does not answer.
        """
        look = self._client.execute_workflow(
            SYNC_ACCOUNT_WORKFLOW,
            SyncAccountInput(account_id=account_id),
            id=sync_account_workflow_id(account_id),
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            result_type=SyncAccountResult,
        )
        try:
            found: SyncAccountResult = await answered(
                look,
                within=SYNC_SECONDS,
                otherwise=f"the account was not read within {SYNC_SECONDS:.0f} s; "
                "see that a worker runs and the vendor answers",
            )
        except WorkflowFailureError as error:
            raise SyncFailedError(f"the account cannot be read: {_innermost(error)}") from None
        return found

    async def remove(self, account_id: UUID, *, force: bool = False) -> None:
        """Forget an account and stop looking at its locks.  Repeating it is no matter.

        With `force` also while codes are live; they are on the exposure report until they are proven gone.

        Raises:
            AccountInUseError: codes on its locks have not ended.
        """
        async with self._database.write() as session:
            pools = await accounts.remove_account(session, account_id, now=datetime.now(UTC), new_id=uuid4, force=force)
        for pool_id in pools:
            await self._tell_pool(pool_id)
        with translated(), _where_there_is_one():
            await self._client.get_schedule_handle(reconcile_workflow_id(account_id)).delete()

    async def _tell_pool(self, pool_id: str) -> None:
        """Have a pool look at its rows; one that does not run has nothing on its locks."""
        with translated(), _where_there_is_one():
            await self._client.get_workflow_handle(backup_pool_workflow_id(pool_id)).signal(POOL_WAKE_SIGNAL)

    async def schedule(self, account_id: UUID) -> None:
        """See that the account is looked at regularly: as often as the most impatient of its locks asks for.

        Raises:
            TemporalUnavailableError: Temporal does not answer; call again.
        """
        schedule = Schedule(
            action=ScheduleActionStartWorkflow(
                RECONCILE_WORKFLOW,
                ReconcileInput(account_id=account_id),
                id=reconcile_workflow_id(account_id),
                task_queue=QUEUE,
            ),
            # By its place in the interval each account has moments of its own, so that not all look at once.
            spec=ScheduleSpec(intervals=[_interval(account_id, await self._tick_of(account_id))]),
            # A slow vendor must not collect a queue of looks that are all out of date.
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
        )
        await put_schedule(self._client, reconcile_workflow_id(account_id), schedule)

    async def _tick_of(self, account_id: UUID) -> timedelta:
        async with self._database.read() as session:
            account = await session.get_one(ConnectedAccountRow, account_id)
            workspace = await session.get_one(WorkspaceRow, account.workspace_id)
            locks = await devices.list_devices(session, workspace.id, account_id=account_id)
        overridden = [devices.effective_policy(workspace, lock) for lock in locks]
        return tick_every([Policy().overridden(workspace.policy), *overridden])


def _interval(account_id: UUID, every: timedelta) -> ScheduleIntervalSpec:
    return ScheduleIntervalSpec(every=every, offset=timedelta(seconds=account_id.int % int(every.total_seconds())))


def _innermost(error: BaseException) -> str:
    """Give the words of the failure that caused all the others: those above only name activity and workflow."""
    while isinstance(error.__cause__, FailureError):
        error = error.__cause__
    return str(error)


@contextmanager
def _where_there_is_one() -> Iterator[None]:
    """Pass over that there is none."""
    try:
        yield
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
