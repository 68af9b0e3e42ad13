"""How a long-lived process of ours ends: at the first SIGINT or SIGTERM, in order, with exit code 0.

The signal cancels the work; everything the work opened is closed by its own `finally`.  A second signal changes
nothing: whatever is closed here is closed within bounds.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from workers.errors import CommandError

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Do the work until it ends or a signal stops it; the latter is no error."""
    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    def stop() -> None:
        if not asked.is_set():
            asked.set()
            task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not asked.is_set():
            raise
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def background(work: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """Do the work beside the block and cancel it, waiting for its end, when the block is left."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def first_to_end(parts: Mapping[str, asyncio.Task[Any]]) -> None:
    """Wait until a part ends that should run for ever, and say which.

    Raises:
        CommandError: it ended by itself.
        Exception: what it failed with.
    """
    names = {task: name for name, task in parts.items()}
    ended, _ = await asyncio.wait(names, return_when=asyncio.FIRST_COMPLETED)
    part = next(iter(ended))
    part.result()
    raise CommandError(f"{names[part]} stopped by itself; the lines above and the logs in the data folder say why")
