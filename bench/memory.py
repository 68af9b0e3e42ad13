"""What a code costs a worker while it sleeps in its cache, sandbox included."""

import asyncio
from uuid import uuid4

from bench.figures import Figure
from bench.scale import Scale
from bench.sleepers import sleeping_request
from bench.stack import Stack
from bench.usage import resident_kb

_WARM_UP = 50
"""Codes after which a fresh worker has loaded what it loads once."""
_SETTLE_SECONDS = 1.0


async def measure(stack: Stack, scale: Scale) -> list[Figure]:
    """Fill a fresh worker's cache with sleeping codes and divide its growth by their number."""
    await stack.restart_worker()
    await _fill(stack, scale, min(_WARM_UP, scale.sleepers))
    before = resident_kb(stack.worker.pid)
    await _fill(stack, scale, scale.sleepers)
    growth = (resident_kb(stack.worker.pid) - before) / scale.sleepers
    return [
        Figure("worker's memory per sleeping code", growth, "KB", at_most=100),
        Figure("worker's memory before", before / 1024, "MB"),
    ]


async def _fill(stack: Stack, scale: Scale, count: int) -> None:
    gate = asyncio.Semaphore(scale.starters)

    async def sleep(number: int) -> None:
        async with gate:
            await stack.service.create(sleeping_request(stack, number), access_code_id=uuid4(), pin=None)

    await asyncio.gather(*(sleep(number) for number in range(count)))
    await asyncio.sleep(_SETTLE_SECONDS)
