"""Everything that runs while figures are taken, each part in a process of its own, all in a folder that goes away."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from temporalio.client import Client

from api.access_codes import AccessCodeService
from api.accounts import AccountService
from api.devices import DeviceService
from store import devices
from store.accounts import DEFAULT_WORKSPACE_ID
from store.database import Database
from workers.backing import open_database
from workers.client import connect
from workers.embedded import EmbeddedOptions, EmbeddedTemporal, raise_retention
from workers.keys import make_keys
from workers.processes import ChildProcess
from workers.settings import Settings
from workflows.contracts import SEARCH_ATTRIBUTE_TYPES

PROVIDER_TIMEOUT_SECONDS = 1.0
"""Short, so that an attempt fits several times into the short windows of a benchmark, as it does into a guest's stay."""

_START_SECONDS = 60.0
_ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Stack:
    """The running parts, and what a measurement needs of them."""

    settings: Settings
    temporal: ChildProcess
    locks: ChildProcess
    locks_url: str
    worker: ChildProcess
    bare_worker: ChildProcess
    client: Client
    """Encrypts, as every client of ours does."""
    bare_client: Client
    database: Database
    service: AccessCodeService
    device_service: DeviceService
    device_ids: list[UUID]
    """Locks that every measurement may use."""
    pool_device_ids: list[UUID]
    """Locks on which nothing but backup codes lies: others' codes would take room from them."""

    async def restart_worker(self, *, max_cached_workflows: int | None = None) -> None:
        """Put a fresh worker in the place of the one that has worked."""
        if max_cached_workflows is not None:
            self.settings = self.settings.model_copy(update={"max_cached_workflows": max_cached_workflows})
        await self.worker.stop()
        self.worker = await _start_worker(self.settings)


@asynccontextmanager
async def running_stack(folder: Path, *, locks: int, pool_locks: int) -> AsyncIterator[Stack]:
    """Run everything, with as many locks of either kind, until the block ends."""
    embedding = EmbeddedOptions(folder, [(name.value, kind) for name, kind in SEARCH_ATTRIBUTE_TYPES.items()])
    running: list[ChildProcess] = []
    stack: Stack | None = None
    try:
        temporal = await EmbeddedTemporal.start(embedding)
        running.append(temporal.process)
        await raise_retention(temporal.address)
        settings = Settings(data=folder, provider_timeout_seconds=PROVIDER_TIMEOUT_SECONDS).model_copy(
            update={"temporal_address": temporal.address}
        )
        keyring = make_keys(settings)
        cloud, said = await start_module(
            "the lock cloud", folder / "cloud.log", ["bench.cloud", str(locks + pool_locks)]
        )
        running.append(cloud)
        bare_worker, _ = await start_module(
            "the bare worker", folder / "bare_worker.log", ["bench.bare_worker", temporal.address]
        )
        running.append(bare_worker)
        client = await connect(settings, keyring)
        async with open_database(settings) as database:
            worker = await _start_worker(settings)
            running.append(worker)
            accounts = AccountService(client, database, keyring)
            account = await accounts.put("lock_cloud", "Locks of the benchmark", said)
            await accounts.sync(account.id)
            async with database.read() as session:
                rows = await devices.list_devices(session, DEFAULT_WORKSPACE_ID)
            stack = Stack(
                settings=settings,
                temporal=temporal.process,
                locks=cloud,
                locks_url=said["base_url"],
                worker=worker,
                bare_worker=bare_worker,
                client=client,
                bare_client=await Client.connect(temporal.address),
                database=database,
                service=AccessCodeService(client, database, keyring),
                device_service=DeviceService(client, database),
                device_ids=[row.id for row in rows[:locks]],
                pool_device_ids=[row.id for row in rows[locks:]],
            )
            yield stack
    finally:
        if stack is not None:
            running.append(stack.worker)
        for process in reversed(running):
            await process.stop()


async def _start_worker(settings: Settings) -> ChildProcess:
    environment = {
        "LATCHWORK_DATA": str(settings.data),
        "LATCHWORK_PROVIDER_TIMEOUT_SECONDS": str(settings.provider_timeout_seconds),
        "LATCHWORK_MAX_CACHED_WORKFLOWS": str(settings.max_cached_workflows),
        "TEMPORAL_ADDRESS": str(settings.temporal_address),
    }
    log = settings.data / "worker.log"
    worker, _ = await start_module("the worker", log, ["workers.command", "worker"], environment)
    return worker


async def start_module(
    name: str, log: Path, module: list[str], environment: Mapping[str, str] | None = None
) -> tuple[ChildProcess, dict[str, Any]]:
    """Start one of our modules and wait until it is ready.

    Raises:
        RuntimeError: it did not start; its log says why.
    """
    argv = [sys.executable, "-m", *module]
    return await start_program(name, log, argv, {"PYTHONPATH": str(_ROOT), **(environment or {})})


async def start_program(
    name: str, log: Path, argv: list[str], environment: Mapping[str, str] | None = None
) -> tuple[ChildProcess, dict[str, Any]]:
    """Start a program and wait for the line of JSON by which it says that it is ready.

    Raises:
        RuntimeError: it did not start; its log says why.
    """
    process = await ChildProcess.start(name, argv, log=log, capture=True, environment=environment)
    try:
        said: dict[str, Any] = json.loads(await asyncio.wait_for(process.read_line(), _START_SECONDS))
    except (TimeoutError, ValueError):
        await process.stop()
        raise RuntimeError(f"{name} does not start:\n{_end_of(log)}") from None
    return process, said


def _end_of(log: Path) -> str:
    return log.read_text()[-2000:]
