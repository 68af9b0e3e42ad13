"""What backup pools cost while nothing happens: each pool, and each code that lies ready in it, sleeps.

The first pool is enabled as an operator does it and fills itself through the lock cloud; the others are its copies
(`bench/pool_seeds.py`).  What is measured begins when all have looked at their rows and found nothing to do.  Figures
at rest stand beside those of the same stack with that first pool alone, over the same time.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import func, select

from bench.figures import Figure
from bench.pool_seeds import copy_pool, template_of
from bench.scale import Scale
from bench.stack import Stack
from bench.usage import cpu_ms, resident_kb
from domain.backup_pool import DEFAULT_SIZE
from domain.requests import DeviceChange
from store.backup_pools import backup_codes_on
from store.tables import BackupPoolRow
from workflows.contracts import access_code_workflow_id, backup_pool_workflow_id

WORKFLOWS_PER_POOL = 1 + DEFAULT_SIZE

_AT_ONCE = 10
"""Pools that are copied at the same time."""
_PATIENCE_SECONDS = 1200.0
"""A shared machine may give little of itself; what is measured is not how long this takes."""
_POLL_SECONDS = 0.5
_HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class _Use:
    """What a rest has cost and what is held at its end, by process."""

    worker_ms: float
    temporal_ms: float
    worker_kb: float
    temporal_kb: float


async def measure(stack: Stack, scale: Scale) -> list[Figure]:
    """Fill pools, let them rest, and compare with the same stack before it had any."""
    # Room in the cache for all of them: what is not cached costs a worker nothing while it rests.
    await stack.restart_worker(max_cached_workflows=2 * WORKFLOWS_PER_POOL * scale.pools)
    first, *others = stack.pool_device_ids
    await _fill(stack, first)
    empty = await _rest(stack, scale)
    await _copy(stack, first, others)
    await asyncio.sleep(scale.settle_seconds)
    before = await _histories(stack, others)
    full = await _rest(stack, scale)
    woken = sum(length > before[name] for name, length in (await _histories(stack, others)).items())
    await stack.restart_worker()
    fresh = resident_kb(stack.worker.pid)
    return [
        Figure("pools at rest", len(others), "pools"),
        Figure("codes that lie ready in them", len(before) - len(others), "codes", at_least=DEFAULT_SIZE * len(others)),
        Figure("workflows of pools woken while at rest", woken, "workflows", at_most=0),
        Figure("worker's memory per pool, all in its cache", (full.worker_kb - empty.worker_kb) / len(others), "KB"),
        Figure("worker's memory, restarted beside the pools", fresh / 1024, "MB"),
        Figure("Temporal's memory per pool", (full.temporal_kb - empty.temporal_kb) / len(others), "KB"),
        *_per_hour("worker's CPU at rest", full.worker_ms, empty.worker_ms, scale),
        *_per_hour("Temporal's CPU at rest", full.temporal_ms, empty.temporal_ms, scale),
    ]


async def _fill(stack: Stack, device_id: UUID) -> None:
    """Have a lock keep backup codes, and wait until its pool is full.

    Raises:
        TimeoutError: it is not full within the patience of the benchmark.
    """
    await stack.device_service.update(DeviceChange(device_id=device_id, backup_access_code_pool_enabled=True))
    async with asyncio.timeout(_PATIENCE_SECONDS):
        # The worker is another process: there is no event to wait for.
        while len(await _ready_on(stack, device_id)) < DEFAULT_SIZE:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)


async def _copy(stack: Stack, first: UUID, others: list[UUID]) -> None:
    """Give other locks the pool of the first, and wait until each has looked at its rows.

    Raises:
        TimeoutError: one has not within the patience of the benchmark.
    """
    template = await template_of(stack, first)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def copy(device_id: UUID) -> None:
        async with gate:
            await copy_pool(stack, template, device_id)

    await asyncio.gather(*(copy(device_id) for device_id in others))
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while await _pools_that_looked(stack) < 1 + len(others):  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)


async def _pools_that_looked(stack: Stack) -> int:
    query = select(func.count()).select_from(BackupPoolRow).where(BackupPoolRow.target == DEFAULT_SIZE)
    async with stack.database.read() as session:
        return (await session.exec(query)).one()


async def _ready_on(stack: Stack, device_id: UUID) -> list[UUID]:
    async with stack.database.read() as session:
        return [code.row.id for code in await backup_codes_on(session, device_id) if code.is_ready]


async def _rest(stack: Stack, scale: Scale) -> _Use:
    """Do nothing for a while and see what that costs."""
    worker, temporal = stack.worker.pid, stack.temporal.pid
    worker_ms, temporal_ms = cpu_ms(worker), cpu_ms(temporal)
    await asyncio.sleep(scale.rest_seconds)
    return _Use(
        worker_ms=cpu_ms(worker) - worker_ms,
        temporal_ms=cpu_ms(temporal) - temporal_ms,
        worker_kb=resident_kb(worker),
        temporal_kb=resident_kb(temporal),
    )


async def _histories(stack: Stack, device_ids: list[UUID]) -> dict[str, int]:
    """Give the length of the history of every pool and of every code that lies ready, by workflow id."""
    lengths = dict[str, int]()
    for device_id in device_ids:
        codes = await _ready_on(stack, device_id)
        names = [backup_pool_workflow_id(str(device_id)), *map(access_code_workflow_id, codes)]
        described = await asyncio.gather(*(stack.client.get_workflow_handle(name).describe() for name in names))
        lengths |= {name: one.history_length for name, one in zip(names, described, strict=True)}
    return lengths


def _per_hour(name: str, with_pools_ms: float, without_ms: float, scale: Scale) -> list[Figure]:
    hours = scale.rest_seconds / _HOUR_SECONDS
    return [
        Figure(f"{name}, with the pools", with_pools_ms / 1000 / hours, "s per hour"),
        Figure(f"{name}, without", without_ms / 1000 / hours, "s per hour"),
    ]
