"""A house of real parts: a Temporal server, a database, workers, and a lock cloud over HTTP whose truth can be read.

Only the locks are simulated.  On the time-skipping server the cloud's clock is moved along with the engine's virtual
time before every call to it, so that windows, delays and faults live in the same time as the codes.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from pydantic import SecretStr
from sqlmodel import col, select
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from domain.requests import CodeChange
from providers.base import Credentials, Driver
from providers.registry import driver_factory
from providers.simulated.cloud import LockCloud
from providers.simulated.locks import Lock
from providers.simulated.seeds import DEMO_TOKEN, plain_lock, seeded_locks
from providers.simulated.server import serve
from store import accounts, codes, devices
from store.credentials import seal_credentials
from store.database import Database
from store.keyring import KeyRing, pin_aad
from store.tables import AttemptRow, DeviceRow, EventRow, PinRow
from tests.store.keys import new_ring
from tests.timeskipping import STUCK_AFTER_SECONDS, UnderWay, skip_again, wake
from tests.waiting import eventually
from workers.settings import Settings
from workers.worker import running_workers
from workflows.contracts import (
    ACCESS_CODE_WORKFLOW,
    QUEUE,
    RECONCILE_WORKFLOW,
    AccessCodeInput,
    AccessCodeReceipt,
    DeleteRequest,
    ReconcileInput,
    ReconcileResult,
    UpdateName,
    access_code_workflow_id,
)

PROVIDER_TIMEOUT_SECONDS = 2.0
"""In wall time; a vendor that does not answer costs this much of it."""
AT_REST_SECONDS = 60.0
"""How long whatever is still to be done at one virtual instant may take in wall time."""
STRIDE = timedelta(hours=6)
"""How much virtual time passes in one call: with a retry every 15 minutes its answer never comes near its timeout."""
RUN_TIMEOUT = timedelta(days=60)
"""Bounds how far the time-skipping server's clock can jump past the end of a code."""


@dataclass
class Told:
    """One event as a test compares it: what, and how long after the code's start."""

    event_type: str
    at: datetime


@dataclass
class Life:
    """One code under test."""

    house: "House"
    id: UUID
    handle: WorkflowHandle[Any, Any]
    receipt: AccessCodeReceipt
    starts_at: datetime
    ends_at: datetime | None

    async def end(self, *, within: timedelta = timedelta(minutes=2)) -> AccessCodeReceipt:
        """Let time pass to the code's end and some more, and wait for its workflow's result.

        Time is moved by hand: after a retried activity the test server no longer skips by itself.
        """
        if self.ends_at is not None:
            await self.house.pass_time(until=self.ends_at + within)
        try:
            async with asyncio.timeout(AT_REST_SECONDS):
                with self.house.env.auto_time_skipping_disabled():
                    return AccessCodeReceipt.model_validate(await self.handle.result())
        except TimeoutError:
            story = (await self.attempts())[-5:], await self.problems()
            # A code that lives on would be in the way of the tests that come after in this house.
            await self.handle.terminate("it should have ended")
            raise AssertionError(f"{within} after its end the code lives on: {story}") from None

    async def stored(self) -> codes.StoredCode:
        """Read the row."""
        async with self.house.database.read() as session:
            return await codes.get(session, self.id)

    async def pin(self) -> str:
        """Decrypt the newest digits."""
        async with self.house.database.read() as session:
            stored = await codes.get(session, self.id)
            row = await codes.pin_row(session, self.id, stored.code.wish.pin_generation)
        return self.house.keyring.decrypt(row.ciphertext, pin_aad(stored.row.workspace_id, self.id)).decode()

    async def events(self) -> list[str]:
        """List the events' types in the order of writing, without the prefix."""
        return [told.event_type for told in await self.told()]

    async def told(self) -> list[Told]:
        """List the events with their instants."""
        async with self.house.database.read() as session:
            query = select(EventRow).where(EventRow.access_code_id == self.id).order_by(col(EventRow.sequence))
            rows = (await session.exec(query)).all()
        return [Told(row.event_type.removeprefix("access_code."), row.occurred_at) for row in rows]

    async def seconds_of(self, event_type: str) -> float:
        """Say how long after `starts_at` the only event of that type was, in seconds."""
        (only,) = [told for told in await self.told() if told.event_type == event_type]
        return (only.at - self.starts_at).total_seconds()

    async def attempts(self) -> list[tuple[str, str]]:
        """List the operations and the classes of their answers."""
        async with self.house.database.read() as session:
            query = select(AttemptRow).where(AttemptRow.access_code_id == self.id).order_by(col(AttemptRow.id))
            return [(row.operation, row.answer) for row in (await session.exec(query)).all()]

    async def problems(self) -> set[str]:
        """Name the problems that stand."""
        return {str(problem.code) for problem in (await self.stored()).code.problems}

    async def update(self, name: UpdateName, argument: Any) -> AccessCodeReceipt:
        """Send an update and wait for its answer."""
        receipt: AccessCodeReceipt = await self.handle.execute_update(name, argument, result_type=AccessCodeReceipt)
        return receipt


class Crew:
    """The workers of a house, who can be sent home and called back."""

    def __init__(self, running: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        self._running = running
        self._at_work = AsyncExitStack()

    async def start(self) -> None:
        """Begin to work."""
        await self._at_work.enter_async_context(self._running())

    async def stop(self) -> None:
        """End what is in hand and go."""
        await self._at_work.aclose()

    async def restart(self) -> None:
        """Be replaced by workers who remember nothing."""
        await self.stop()
        await self.start()


@dataclass
class Hold:
    """Calls about one lock that do not get through yet."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody calls."""
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def pass_through(self) -> None:
        """Wait to be let through."""
        self.reached.set()
        await self.released.wait()


@dataclass
class House:
    """Everything that runs, and short words for what tests ask of it."""

    env: WorkflowEnvironment
    client: Client
    database: Database
    keyring: KeyRing
    cloud: LockCloud
    http: httpx.AsyncClient
    account_id: UUID
    settings: Settings
    doubles: list[str] = field(default_factory=list)
    """Locks on which two codes with one mark were seen after some call."""
    crew: Crew | None = None
    """None: the workers are processes of their own."""
    holds: dict[str, Hold] = field(default_factory=dict)
    """By lock, what holds the workers' calls about it back."""

    def hold(self, device: DeviceRow) -> Hold:
        """Let no call about a lock get through until it is released."""
        return self.holds.setdefault(device.lock_id, Hold())

    async def restart_workers(self) -> None:
        """Have the workers replaced by some who remember nothing."""
        assert self.crew is not None
        await self.crew.restart()

    async def now(self) -> datetime:
        """Give the engine's present instant."""
        return (await self.env.get_current_time()).astimezone(UTC)

    async def pass_time(self, *, until: datetime) -> None:
        """Let virtual time pass.

        Where much happens the server's answer comes after its timeout; time goes on passing until then all the same.
        """
        while (left := until - await self.now()) > timedelta(0):
            passing, has_woken = asyncio.create_task(self.env.sleep(min(left, STRIDE))), False
            try:
                while not (await asyncio.wait({passing}, timeout=1.0))[0]:
                    has_woken = await self._see_that_time_is_skipped(has_woken=has_woken)
                await passing
            except RPCError as error:
                if error.status not in (RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED):
                    raise
            finally:
                passing.cancel()

    async def _see_that_time_is_skipped(self, *, has_woken: bool) -> bool:
        """Have the server skip time again where it waits for what is over (`tests.timeskipping`)."""
        for one in self.client.config()["interceptors"]:
            if isinstance(one, UnderWay) and one.idle_seconds >= STUCK_AFTER_SECONDS:
                await (skip_again(self.client) if has_woken else wake(self.client))
                return True
        return has_woken

    async def at_rest(self) -> None:
        """Wait until no attempt is under way, on virtual time."""
        (under_way,) = [one for one in self.client.config()["interceptors"] if isinstance(one, UnderWay)]

        async def is_idle() -> bool:
            return under_way.idle_seconds > 0

        await eventually(is_idle, within=AT_REST_SECONDS, what="nothing is under way")

    async def device(self, name: str) -> DeviceRow:
        """Find a lock by the name its owner gave it."""
        async with self.database.read() as session:
            found = await devices.find_device(session, accounts.DEFAULT_WORKSPACE_ID, name)
        assert found is not None, name
        return found

    async def new_lock(self, name: str, **facts: Any) -> DeviceRow:
        """Put up another lock and have it discovered."""
        (made,) = await self.new_locks([name], **facts)
        return made

    async def new_locks(self, names: Sequence[str], **facts: Any) -> list[DeviceRow]:
        """Put up other locks and have them discovered together."""
        for name in names:
            plain = plain_lock(name)
            self.cloud.locks[plain.facts.lock_id] = Lock(plain.facts.model_copy(update=facts))
        await self.discover()
        return [await self.device(name) for name in names]

    async def discover(self) -> None:
        """Take over what locks there are."""
        async with self.database.write() as session:
            account = await accounts.get_account(session, self.account_id)
            assert account is not None
            every = [lock.facts for lock in self.cloud.locks.values()]
            await devices.upsert_devices(session, account, every, datetime.now(UTC), uuid4)

    async def truth(self, device: DeviceRow) -> list[dict[str, Any]]:
        """Ask what is really on the lock."""
        await self._move_clock()
        answer = await self.http.get(f"/_truth/{device.lock_id}")
        slots: list[dict[str, Any]] = answer.raise_for_status().json()["slots"]
        return slots

    async def opens(self, device: DeviceRow, pin: str) -> bool:
        """Try digits at the door."""
        await self._move_clock()
        answer = await self.http.post(f"/_truth/{device.lock_id}/enter", json={"pin": pin})
        return bool(answer.raise_for_status().json()["opens"])

    async def fault(self, device: DeviceRow | None, kind: str, **parameters: Any) -> None:
        """Put a fault on a lock, or on the whole cloud."""
        await self._move_clock()
        lock = "_" if device is None else device.lock_id
        (await self.http.post(f"/_faults/{lock}", json={"kind": kind, **parameters})).raise_for_status()

    async def heal(self, device: DeviceRow | None) -> None:
        """Lift all faults."""
        (await self.http.delete(f"/_faults/{'_' if device is None else device.lock_id}")).raise_for_status()

    async def calls(self, device: DeviceRow) -> list[dict[str, Any]]:
        """List the API calls about a lock."""
        calls: list[dict[str, Any]] = (
            (await self.http.get(f"/_calls/{device.lock_id}")).raise_for_status().json()["calls"]
        )
        return calls

    async def request(
        self,
        device: DeviceRow,
        *,
        starts_in: timedelta | None = timedelta(hours=1),
        lasts: timedelta | None = timedelta(days=2),
        **more: Any,
    ) -> AccessCodeInput:
        """Make a request relative to now."""
        now = await self.now()
        starts_at = None if starts_in is None else now + starts_in
        ends_at = None if lasts is None else (starts_at or now) + lasts
        return AccessCodeInput(device_id=device.id, starts_at=starts_at, ends_at=ends_at, **more)

    async def start(self, request: Any, *, code_id: UUID | None = None) -> Life:
        """Start a code and wait until it is registered; raises what the caller would get."""
        code_id = code_id or uuid4()
        now = await self.now()
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            ACCESS_CODE_WORKFLOW,
            request,
            id=access_code_workflow_id(code_id),
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            run_timeout=RUN_TIMEOUT,
        )
        receipt = await self.client.execute_update_with_start_workflow(
            UpdateName.REGISTERED,
            start_workflow_operation=operation,
            id=f"registered-{code_id}",
            result_type=AccessCodeReceipt,
        )
        handle = await operation.workflow_handle()
        return Life(self, code_id, handle, receipt, receipt.starts_at or now, receipt.ends_at)

    async def delete_ended(self, life: Life) -> AccessCodeReceipt:
        """Delete a code whose workflow has ended, as the application service does."""
        return await self._ask_ended(life, UpdateName.DELETE, DeleteRequest())

    async def change_ended(self, life: Life, change: CodeChange) -> AccessCodeReceipt:
        """Try to change a code whose workflow has ended."""
        return await self._ask_ended(life, UpdateName.CHANGE, change)

    async def _ask_ended(self, life: Life, update: UpdateName, argument: Any) -> AccessCodeReceipt:
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            ACCESS_CODE_WORKFLOW,
            AccessCodeInput(device_id=life.receipt.device_id),
            id=access_code_workflow_id(life.id),
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            run_timeout=RUN_TIMEOUT,
        )
        receipt: AccessCodeReceipt = await self.client.execute_update_with_start_workflow(
            update, argument, start_workflow_operation=operation, result_type=AccessCodeReceipt
        )
        with self.env.auto_time_skipping_disabled():
            await (await operation.workflow_handle()).result()
        return receipt

    async def keypad(self, device: DeviceRow, slot: int, pin: str | None) -> None:
        """Have somebody edit, or with None delete, what a slot of the lock holds."""
        await self._move_clock()
        edit = await self.http.post(f"/_truth/{device.lock_id}/keypad", json={"slot": slot, "pin": pin})
        edit.raise_for_status()

    async def reset(self, device: DeviceRow) -> None:
        """Have somebody put the lock back to the state of the factory."""
        await self._move_clock()
        (await self.http.post(f"/_truth/{device.lock_id}/reset")).raise_for_status()

    async def reconcile(self, device: DeviceRow | None, *, passes: timedelta = timedelta(0)) -> ReconcileResult:
        """Compare a lock, or with None the account's locks that are due, with the books; meanwhile time passes."""
        request = ReconcileInput(account_id=self.account_id, device_ids=() if device is None else (device.id,))
        handle = await self.client.start_workflow(
            RECONCILE_WORKFLOW,
            request,
            id=f"reconcile/{uuid4()}",
            task_queue=QUEUE,
            run_timeout=RUN_TIMEOUT,
            result_type=ReconcileResult,
        )
        if passes:
            await self.pass_time(until=await self.now() + passes)
        with self.env.auto_time_skipping_disabled():
            result: ReconcileResult = await handle.result()
        return result

    async def pins(self, code_id: UUID) -> list[PinRow]:
        """List the digits' rows of a code."""
        async with self.database.read() as session:
            return list((await session.exec(select(PinRow).where(PinRow.access_code_id == code_id))).all())

    def seal(self, pin: str, code_id: UUID) -> Any:
        """Seal digits as a caller would."""
        return self.keyring.seal_pin(SecretStr(pin), workspace_id=accounts.DEFAULT_WORKSPACE_ID, access_code_id=code_id)

    async def _move_clock(self) -> None:
        if self.env.supports_time_skipping:
            self.cloud.clock.set(await self.now())


async def refusal_of(error: WorkflowUpdateFailedError) -> Mapping[str, Any]:
    """Read the typed refusal out of what a caller catches."""
    cause = error.cause
    assert isinstance(cause, ApplicationError)
    refusal: Mapping[str, Any] = cause.details[0]
    return refusal


@asynccontextmanager
async def open_house(
    env: WorkflowEnvironment,
    client: Client,
    keyring: KeyRing,
    folder: Path,
    *,
    cloud: LockCloud | None = None,
    database_url: str | None = None,
    max_cached_workflows: int | None = None,
) -> AsyncIterator[House]:
    """Run a lock cloud, a fresh database and every worker against a Temporal server."""
    cloud = cloud or LockCloud(seeded_locks())
    settings = Settings(
        data=folder,
        provider_timeout_seconds=PROVIDER_TIMEOUT_SECONDS,
        webhook_private_addresses=True,
        message_private_addresses=True,
    )
    if max_cached_workflows is not None:
        settings = settings.model_copy(update={"max_cached_workflows": max_cached_workflows})
    database = await Database.open(database_url or f"sqlite+aiosqlite:///{folder}/house.sqlite")
    async with AsyncExitStack() as closing:
        closing.push_async_callback(database.close)
        await database.migrate()
        url = await closing.enter_async_context(serve(cloud))
        # The cloud hangs up after five seconds without a word; whoever speaks just then would get no answer.
        limits = httpx.Limits(keepalive_expiry=1.0)
        http = await closing.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False, limits=limits))
        account_id = await _add_account(database, keyring, url)

        doubles: list[str] = []

        async def watch(response: httpx.Response) -> None:
            for lock_id, lock in cloud.locks.items():
                marks = [code.name.split(" ")[0] for code in lock.codes.values()]
                if len(marks) != len(set(marks)):
                    doubles.append(lock_id)

        holds: dict[str, Hold] = {}

        async def be_held(request: httpx.Request) -> None:
            for lock_id, hold in holds.items():
                if f"/locks/{lock_id}/" in request.url.path:
                    await hold.pass_through()

        async def follow_virtual_time(request: httpx.Request) -> None:
            if env.supports_time_skipping:
                cloud.clock.set((await env.get_current_time()).astimezone(UTC))

        def make(provider: str, credentials: Credentials) -> Driver:
            return driver_factory(provider)(
                credentials,
                timeout_seconds=PROVIDER_TIMEOUT_SECONDS,
                event_hooks={"request": [be_held, follow_virtual_time], "response": [watch]},
            )

        crew = Crew(lambda: running_workers(client, database, keyring, settings, make_driver=make, chance=lambda: 0.5))
        closing.push_async_callback(crew.stop)
        await crew.start()
        opened = House(env, client, database, keyring, cloud, http, account_id, settings, doubles, crew, holds)
        await opened.discover()
        yield opened


async def _add_account(database: Database, keyring: KeyRing, url: str) -> UUID:
    account_id, now = uuid4(), datetime.now(UTC)
    async with database.write() as session:
        workspace = await accounts.default_workspace(session, now=now)
        await accounts.add_account(
            session,
            id=account_id,
            workspace_id=workspace.id,
            provider="lock_cloud",
            name="Simulated locks",
            credentials=seal_credentials(keyring, account_id, {"base_url": url, "token": DEMO_TOKEN}),
            now=now,
        )
    return account_id


__all__ = ["House", "Life", "new_ring", "open_house", "refusal_of"]
