"""The event loop of every process of ours: libuv's, which does with less what asyncio's own does in Python."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

_LAST_PAUSE_SECONDS = 0.01


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do a process's whole work on a loop of its own."""
    return uvloop.run(_whole(work))


async def _whole(work: Coroutine[Any, Any, T]) -> T:
    try:
        return await work
    finally:
        # Without this pause the interpreter may crash on exit while the Temporal SDK's threads still end.
        await asyncio.sleep(_LAST_PAUSE_SECONDS)
