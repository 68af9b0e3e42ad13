"""The composition of a worker: which workflows and activities run, on which queues, with which ports.

One worker serves the queue `latchwork` (workflows and work on the store); one more per driver serves that vendor's
activities alone, so that a rate limit on its queue holds and Temporal cannot hand an activity past it; and one serves
webhooks, and one messages to guests, so that slow endpoints and mail servers hold up no lock.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version

from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.worker import Worker, WorkerDeploymentConfig

from activities.accounts import AccountActivities
from activities.backup_pools import BackupPoolActivities
from activities.backups import BackupActivities
from activities.courier import ANSWER_WITHIN as CHANNEL_WITHIN
from activities.courier import Courier
from activities.device_codes import DeviceCodeActivities
from activities.device_use import DeviceUseActivities
from activities.doors import DoorActivities
from activities.drivers import Drivers, MakeDriver
from activities.lock_news import LockNewsActivities
from activities.messages import MessageActivities
from activities.outbound import GuardedTransport, Sender
from activities.reconciling import ReconcileActivities
from activities.registration import RegistrationActivities
from activities.replacing import ReplacementActivities
from activities.sweeping import SweepActivities
from activities.turn_queue import TurnQueue
from activities.unmanaged_codes import UnmanagedCodeActivities
from activities.webhooks import AT_RANDOM, WebhookActivities
from domain.webhooks import ANSWER_WITHIN
from providers.base import Credentials, Driver
from providers.registry import DRIVERS, driver_factory
from store.database import Database
from store.keyring import KeyRing
from workers.neighbours import TemporalNeighbours
from workers.sandbox import WORKFLOW_RUNNER
from workers.settings import Settings
from workflows.access_code import AccessCodeWorkflow
from workflows.backup_pool import BackupPoolWorkflow
from workflows.contracts import MESSAGE_QUEUE, QUEUE, WEBHOOK_QUEUE, provider_queue
from workflows.lock_news import LockNewsWorkflow
from workflows.message import MessageWorkflow
from workflows.move_door import MoveDoorWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.replace_device import ReplaceDeviceWorkflow
from workflows.sweep import SweepWorkflow
from workflows.sync_account import SyncAccountWorkflow
from workflows.unmanaged_code import UnmanagedCodeWorkflow
from workflows.update_device import UpdateDeviceWorkflow
from workflows.webhook_delivery import WebhookDeliveryWorkflow

WORKFLOWS: tuple[type, ...] = (
    AccessCodeWorkflow,
    BackupPoolWorkflow,
    LockNewsWorkflow,
    MessageWorkflow,
    MoveDoorWorkflow,
    SweepWorkflow,
    ReconcileWorkflow,
    ReplaceDeviceWorkflow,
    SyncAccountWorkflow,
    UnmanagedCodeWorkflow,
    UpdateDeviceWorkflow,
    WebhookDeliveryWorkflow,
)

CALLS_PER_ATTEMPT = 3
"""An attempt looks, writes and looks again."""

_BOOKKEEPING = timedelta(seconds=5)
"""What an attempt may spend on the store, beside its calls."""

_CONCURRENT_LOCK_CALLS = 100
_CONCURRENT_DELIVERIES = 100
"""A delivery waits for its endpoint and costs next to nothing meanwhile."""

_CONCURRENT_MESSAGES = 10
"""Each has a thread of its own while its channel answers."""

_BUILD = WorkerDeploymentConfig(
    # Named, so that the SDK need not hash every module to find a name (0.3 s at each start).  Unversioned: a code that
    # sleeps for months is always woken by the newest worker, and `workflow.patched` keeps its history valid.
    version=WorkerDeploymentVersion(deployment_name="latchwork", build_id=version("latchwork")),
    use_worker_versioning=False,
)
_WORKFLOW_THREADS = 4
"""Workflows take turns on the interpreter lock: with more threads (the SDK would begin up to 500) they only hold up each
other and everything else.  Several, so that one that is stuck holds up no other."""

_STICKY_QUEUE = timedelta(seconds=5)
"""How long a dead worker's cache keeps a code waiting: a part of the recovery time after a crash."""


def attempt_timeout(provider_timeout: timedelta) -> timedelta:
    """Bound one attempt on a lock by what its calls may take."""
    return CALLS_PER_ATTEMPT * provider_timeout + _BOOKKEEPING


def driver_maker(provider_timeout: timedelta) -> MakeDriver:
    """Open drivers whose calls are bounded by the given time."""

    def make(provider: str, credentials: Credentials) -> Driver:
        return driver_factory(provider)(credentials, timeout_seconds=provider_timeout.total_seconds())

    return make


@asynccontextmanager
async def running_workers(
    client: Client,
    database: Database,
    keyring: KeyRing,
    settings: Settings,
    *,
    make_driver: MakeDriver | None = None,
    chance: Callable[[], float] = AT_RANDOM,
) -> AsyncIterator[None]:
    """Run every worker of this process until the block ends; attempts in flight are then let finish.

    `chance` gives numbers between 0 and 1, for the jitter of webhooks' retries.
    """
    drivers = Drivers(keyring, make_driver or driver_maker(settings.provider_timeout))
    limit = attempt_timeout(settings.provider_timeout)
    neighbours = TemporalNeighbours(client)
    queue = TurnQueue(limit)
    registration = RegistrationActivities(database, keyring, neighbours, limit)
    device_codes = DeviceCodeActivities(database, keyring, drivers, neighbours, limit, queue)
    reconciling = ReconcileActivities(database, keyring, drivers, neighbours, limit, queue)
    unmanaged = UnmanagedCodeActivities(database, keyring, drivers, neighbours, limit, queue)
    doors = DoorActivities(database, drivers, limit)
    accounts = AccountActivities(database, drivers, neighbours)
    pools = BackupPoolActivities(database, neighbours)
    device_use = DeviceUseActivities(database, neighbours)
    backups = BackupActivities(database, neighbours)
    replacing = ReplacementActivities(database, neighbours)
    news = LockNewsActivities(database, keyring)
    sweeping = SweepActivities(database, neighbours)
    sender = Sender(GuardedTransport(for_development=settings.webhook_private_addresses))
    threads = ThreadPoolExecutor(_WORKFLOW_THREADS, thread_name_prefix="workflow")
    main = Worker(
        client,
        task_queue=QUEUE,
        workflows=WORKFLOWS,
        workflow_runner=WORKFLOW_RUNNER,
        workflow_task_executor=threads,
        activities=[
            *registration.all(),
            *accounts.all(),
            *pools.all(),
            *backups.all(),
            *device_use.all(),
            *replacing.all(),
            *news.all(),
            *sweeping.all(),
            reconciling.plan,
            unmanaged.give_up,
            doors.give_up,
        ],
        deployment_config=_BUILD,
        max_cached_workflows=settings.max_cached_workflows,
        sticky_queue_schedule_to_start_timeout=_STICKY_QUEUE,
        graceful_shutdown_timeout=limit,
    )
    providers = [
        Worker(
            client,
            task_queue=provider_queue(name),
            activities=[*device_codes.all(), *doors.all(), *unmanaged.all(), reconciling.reconcile],
            deployment_config=_BUILD,
            max_concurrent_activities=_CONCURRENT_LOCK_CALLS,
            graceful_shutdown_timeout=limit,
        )
        for name in DRIVERS
    ]
    deliveries = Worker(
        client,
        task_queue=WEBHOOK_QUEUE,
        activities=WebhookActivities(database, keyring, sender, chance).all(),
        deployment_config=_BUILD,
        max_concurrent_activities=_CONCURRENT_DELIVERIES,
        graceful_shutdown_timeout=ANSWER_WITHIN,
    )
    courier = Courier(for_development=settings.message_private_addresses)
    letters = Worker(
        client,
        task_queue=MESSAGE_QUEUE,
        activities=MessageActivities(database, keyring, courier).all(),
        deployment_config=_BUILD,
        max_concurrent_activities=_CONCURRENT_MESSAGES,
        graceful_shutdown_timeout=CHANNEL_WITHIN,
    )
    try:
        async with _all(main, deliveries, letters, *providers):
            yield
    finally:
        threads.shutdown(wait=False)
        await sender.aclose()
        await drivers.aclose()


@asynccontextmanager
async def _all(*workers: Worker) -> AsyncIterator[None]:
    """Run workers side by side; they stop side by side, too."""
    running = [asyncio.create_task(worker.run()) for worker in workers]
    body = asyncio.current_task()
    assert body is not None  # noqa: S101  # a coroutine always runs in a task
    for task in running:
        task.add_done_callback(lambda ended: body.cancel() if not ended.cancelled() and ended.exception() else None)
    try:
        yield
    finally:
        await asyncio.gather(*(worker.shutdown() for worker in workers))
        await asyncio.gather(*running)
