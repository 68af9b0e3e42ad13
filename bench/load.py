"""Callers of an HTTP API: so many per second, or so many at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from workers.processes import ChildProcess

_PATIENCE_SECONDS = 120.0

Call = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Target:
    """An API with codes in it."""

    process: ChildProcess
    url: str
    key: str
    device_id: str
    ids: Sequence[str]
    """Some of its codes, for lists of those."""

    def client(self) -> httpx.AsyncClient:
        """Open connections to it."""
        headers = {"authorization": f"Bearer {self.key}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False, timeout=_PATIENCE_SECONDS)


async def paced(call: Call, *, per_second: float, count: int) -> list[float]:
    """Call at even distances, whatever the answers; give the milliseconds from when each call was due to its answer."""

    async def one(number: int) -> float:
        due = began + number / per_second
        await asyncio.sleep(due - time.perf_counter())
        await call()
        return 1000 * (time.perf_counter() - due)

    began = time.perf_counter()
    return await asyncio.gather(*(one(number) for number in range(count)))


async def together(call: Call, *, callers: int, seconds: float) -> tuple[int, float]:
    """Have each caller call at least once, and again until the time is over; give the number of answers and the seconds until the last one."""
    began = time.perf_counter()

    async def caller() -> int:
        count = 0
        while count == 0 or time.perf_counter() - began < seconds:
            await call()
            count += 1
        return count

    counts = await asyncio.gather(*(caller() for _ in range(callers)))
    return sum(counts), time.perf_counter() - began
