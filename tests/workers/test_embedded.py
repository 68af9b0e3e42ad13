"""The embedded Temporal starts, is what it should be, and leaves nothing behind: not even when its parent is killed."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from workers.client import ensure_search_attributes
from workers.embedded import NAMESPACE, RETENTION, EmbeddedOptions, EmbeddedTemporal, raise_retention
from workers.processes import ChildProcess
from workflows.contracts import SEARCH_ATTRIBUTE_TYPES

ROOT = Path(__file__).parents[2]


async def gone(pid: int) -> bool:
    """Wait up to five seconds until no such process runs; one that nobody has reaped yet does not run."""
    for _ in range(250):
        if not runs(pid):
            return True
        await asyncio.sleep(0.02)
    return False


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def test_server_serves_then_leaves_no_process(tmp_path: Path) -> None:
    server = await EmbeddedTemporal.start(EmbeddedOptions(tmp_path))
    try:
        await raise_retention(server.address)
        client = await Client.connect(server.address)
        namespace = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=NAMESPACE))
        assert namespace.config.workflow_execution_retention_ttl.ToTimedelta() == RETENTION
        names = sorted(name.value for name in SEARCH_ATTRIBUTE_TYPES)
        assert await ensure_search_attributes(client) == names
    finally:
        await server.stop()
    assert await gone(server.process.pid)
    assert (tmp_path / "temporal.sqlite").exists()


PARENT = """
import asyncio, sys
from workers.processes import ChildProcess
async def main():
    child = await ChildProcess.start("sleeper", ["/bin/sleep", "60"])
    print(child.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
async def test_child_dies_with_a_killed_parent() -> None:
    parent = await ChildProcess.start(
        "parent", [sys.executable, "-c", PARENT], capture=True, environment={"PYTHONPATH": str(ROOT)}
    )
    child_pid = int(await parent.read_line())
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    assert await gone(child_pid)


async def test_child_that_ignores_the_polite_stop_is_killed() -> None:
    child = await ChildProcess.start("stubborn", ["/bin/sh", "-c", "trap '' TERM; echo on; while :; do sleep 1; done"])
    await asyncio.sleep(0.3)
    await child.stop(grace_seconds=0.2)
    assert not child.is_running
