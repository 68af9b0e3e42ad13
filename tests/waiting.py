"""Waiting for a condition with a deadline; no test sleeps for a fixed time."""

import asyncio
import time
from collections.abc import Awaitable, Callable

POLL_SECONDS = 0.02


async def eventually(condition: Callable[[], Awaitable[bool]], *, within: float, what: str) -> float:
    """Wait until the condition holds and give the seconds that it took.

    Raises:
        AssertionError: it does not hold within so many seconds; `what` says what was waited for.
    """
    begun = time.monotonic()
    while not await condition():
        waited = time.monotonic() - begun
        assert waited < within, f"not within {within:g} s: {what}"
        await asyncio.sleep(POLL_SECONDS)
    return time.monotonic() - begun
