"""Our processes as processes, to be killed: a worker and a Temporal server are children, the locks live in the test.

The lock cloud survives everything, as real locks do.  The test looks into the same database as the worker.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
from pydantic import BaseModel

from api.accounts import AccountService
from providers.simulated.cloud import LockCloud
from providers.simulated.locks import Lock, StoredCode
from providers.simulated.seeds import DEMO_TOKEN
from providers.simulated.server import serve
from store.database import Database
from tests.devserver import environment, start_temporal
from tests.house import House
from workers.embedded import HOST, EmbeddedTemporal
from workers.keys import make_keys
from workers.processes import ChildProcess, free_port
from workers.settings import Settings
from workflows.contracts import SyncAccountResult

ROOT = Path(__file__).parents[1]
DRIVER, ACCOUNT = "lock_cloud", "Simulated locks"


async def start_latchwork(
    *words: str, folder: Path, log: Path, environment: Mapping[str, str] | None = None
) -> ChildProcess:
    """Start the command as a process of its own; its lines of JSON are read with `read_line`."""
    return await ChildProcess.start(
        f"latchwork {words[0]}",
        [sys.executable, "-m", "workers.command", *words, "--data", str(folder)],
        log=log,
        capture=True,
        environment={"PYTHONPATH": str(ROOT), "LATCHWORK_LOG_FORMAT": "json", **(environment or {})},
    )


async def kill(process: ChildProcess) -> None:
    """End a process as a power cut does."""
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()


class Processes:
    """A worker and a server, and an API where it was started, that can be killed and started again; and their house."""

    def __init__(self, folder: Path, server: EmbeddedTemporal, house: House, provider_timeout: float) -> None:
        self.house = house
        self._folder = folder
        self._server = server
        self._provider_timeout = provider_timeout
        self._worker: ChildProcess | None = None
        self._api: ChildProcess | None = None
        self._api_port = free_port(HOST)

    @property
    def api_url(self) -> str:
        """Where the API is, now and after each restart."""
        return f"http://{HOST}:{self._api_port}"

    async def start_api(self) -> None:
        """Start the API on its port and wait until it says that it is ready."""
        environment = {"TEMPORAL_ADDRESS": self._server.address, "LATCHWORK_RATE_LIMITS": "off"}
        log = self._folder / "api.log"
        words = ("api", "--port", str(self._api_port))
        self._api = await start_latchwork(*words, folder=self._folder, log=log, environment=environment)
        ready = await self._api.read_line()
        assert "ready" in ready, log.read_text()

    async def kill_api(self) -> None:
        """Kill the API with all requests that it holds."""
        assert self._api is not None
        await kill(self._api)

    async def start_worker(self) -> None:
        """Start the worker and wait until it says that it is ready."""
        environment = {
            "TEMPORAL_ADDRESS": self._server.address,
            "LATCHWORK_PROVIDER_TIMEOUT_SECONDS": str(self._provider_timeout),
            "LATCHWORK_WEBHOOK_PRIVATE_ADDRESSES": "true",
        }
        self._worker = await start_latchwork(
            "worker", folder=self._folder, log=self._folder / "worker.log", environment=environment
        )
        ready = await self._worker.read_line()
        assert "ready" in ready, (self._folder / "worker.log").read_text()

    async def kill_worker(self) -> None:
        """Kill the worker with all that it holds in memory."""
        assert self._worker is not None
        await kill(self._worker)

    async def kill_temporal(self) -> None:
        """Kill the server; its file stays."""
        await kill(self._server.process)

    async def start_temporal(self) -> None:
        """Start the server again on its file and its port."""
        port = int(self._server.address.rsplit(":", 1)[1])
        self._server = await start_temporal(self._folder, port=port)
        assert self._server.address.endswith(f":{port}")

    def signal_worker(self, number: signal.Signals) -> None:
        """Have the worker stand still (SIGSTOP) or go on (SIGCONT)."""
        assert self._worker is not None
        os.kill(self._worker.pid, number)

    def signal_temporal(self, number: signal.Signals) -> None:
        """Have the server stand still (SIGSTOP) or go on (SIGCONT)."""
        os.kill(self._server.process.pid, number)

    async def stop(self) -> None:
        """Stop what runs."""
        running = [process for process in (self._api, self._worker) if process is not None]
        await asyncio.gather(*(process.stop() for process in running))
        await self._server.stop()


@asynccontextmanager
async def processes(folder: Path, *, provider_timeout: float) -> AsyncIterator[Processes]:
    """Run a server and a worker as children, with an account on a lock cloud that lives in this process."""
    settings = Settings(data=folder, provider_timeout_seconds=provider_timeout)
    keyring = make_keys(settings)
    cloud = LockCloud([])
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(cloud))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False))
        server = await start_temporal(folder)
        stack.push_async_callback(server.stop)
        database = await Database.open(settings.store_url.get_secret_value())
        stack.push_async_callback(database.close)
        await database.migrate()
        env = await environment(server, keyring)
        account = await AccountService(env.client, database, keyring).put(
            DRIVER, ACCOUNT, {"base_url": url, "token": DEMO_TOKEN}
        )
        house = House(env, env.client, database, keyring, cloud, http, account.id, settings)
        running = Processes(folder, server, house, provider_timeout)
        stack.push_async_callback(running.stop)
        await running.start_worker()
        yield running


async def synced(house: House) -> SyncAccountResult:
    """Have the account looked at."""
    return await AccountService(house.client, house.database, house.keyring).sync(house.account_id)


def states_of(lock: Lock) -> list[list[StoredCode]]:
    """List everything that the lock ever held at once, from its first state to the present one."""
    return [list(codes.values()) for _, codes in [*lock._history, (None, lock.codes)]]


class Span(BaseModel):
    """When the lock held anything: seconds of the epoch."""

    first: float
    last: float


def span_of(lock: Lock) -> Span:
    """Say when the lock first got a code and when it lost its last one."""
    changes = [at.timestamp() for at, _ in lock._history]
    return Span(first=changes[0], last=changes[-1])
