"""Waiting at the command line until the lock itself was read back.

The store is asked, not the workflow: what is written there was proven, and asking costs nothing that is billed.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from api.code_reading import CodeReader
from domain.access_code import Status
from domain.lifecycle import begins_at, status
from domain.refusals import RefusalType, RefusedError
from store.codes import StoredCode
from workers.command_output import progress
from workers.errors import CommandError

_POLL_SECONDS = 0.2


class Waiter:
    """Waits for what becomes of one code, for a bounded time."""

    def __init__(self, reader: CodeReader, timeout_seconds: float) -> None:
        self._reader = reader
        self._timeout_seconds = timeout_seconds

    async def until_set(self, access_code_id: UUID) -> None:
        """Wait until the code is proven on its lock.

        Raises:
            CommandError: it is not within the time, or the code ended before.
        """
        stored = await self._reader.get(access_code_id)
        begins = begins_at(stored.code)
        if begins is not None and (begins - datetime.now(UTC)).total_seconds() > self._timeout_seconds:
            raise CommandError(f"access code {access_code_id} is created but begins only at {begins:%Y-%m-%d %H:%M %Z}")
        with progress(f"waiting until {stored.device.name} has the code …"):
            await self._until(access_code_id, _is_set, "is not proven on its lock")

    async def until_gone(self, access_code_id: UUID) -> None:
        """Wait until the code is proven gone.

        Raises:
            CommandError: it is not within the time.
        """
        with progress("waiting until the code is proven gone …"):
            try:
                await self._until(access_code_id, lambda stored: stored.code.closed, "is not proven gone")
            except RefusedError as refused:
                # A deletion that is complete answers like a code that never was.
                if refused.refusal.type is not RefusalType.ACCESS_CODE_NOT_FOUND:
                    raise

    async def _until(self, access_code_id: UUID, is_done: Callable[[StoredCode], bool], lacking: str) -> None:
        deadline = time.monotonic() + self._timeout_seconds
        while not is_done(stored := await self._reader.get(access_code_id)):
            if time.monotonic() > deadline:
                problems = ", ".join(problem.code for problem in stored.problems) or "none so far"
                raise CommandError(
                    f"access code {access_code_id} {lacking} after {self._timeout_seconds:.0f} s; trying goes on; "
                    f"problems: {problems}"
                )
            await asyncio.sleep(_POLL_SECONDS)


def _is_set(stored: StoredCode) -> bool:
    """Tell whether the wait is over.

    Raises:
        CommandError: the code ended, so that it never will be.
    """
    if stored.code.closed or stored.code.wish.ending is not None:
        raise CommandError(f"access code {stored.row.id} ended before it was set")
    return status(stored.code, datetime.now(UTC), readable=stored.is_readable) is Status.SET
