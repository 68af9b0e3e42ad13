"""The event loop of every process of ours: libuv's, which does with less what asyncio's own does in Python."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

_LAST_PAUSE_SECONDS = 0.01

_COLLECT_AFTER = (5_000, 5, 100)
"""When the interpreter looks for garbage in cycles: objects made, then looks at the young, then at those a bit older."""


def look_for_garbage_in_short_moments() -> None:
    """Have a process that serves others stand still for milliseconds, not tenths of a second; call it before `run`.

    A look takes a microsecond for each object that it goes through, and nothing else happens meanwhile.  What is there by
    now is modules and stays: it is gone through no more.
    """
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do a process's whole work on a loop of its own."""
    return uvloop.run(with_last_pause(work))


async def with_last_pause(work: Coroutine[Any, Any, T]) -> T:
    """Do a process's whole work on whatever loop it has; every process that used a Temporal client ends so.

    Without the pause the interpreter may crash on exit while the Temporal SDK's threads still end.
    """
    try:
        return await work
    finally:
        await asyncio.sleep(_LAST_PAUSE_SECONDS)
