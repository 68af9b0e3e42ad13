"""Asking Temporal for something, with its failures as callers can act upon them."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from temporalio.client import Client, Schedule, ScheduleAlreadyRunningError, ScheduleUpdate, ScheduleUpdateInput
from temporalio.service import RPCError

from api.errors import TemporalUnavailableError

T = TypeVar("T")


@contextmanager
def translated() -> Iterator[None]:
    """Turn a refusal of Temporal's into one that says to repeat.

    Raises:
        TemporalUnavailableError: Temporal does not take what the block asked of it.
    """
    try:
        yield
    except RPCError as error:
        raise TemporalUnavailableError(f"Temporal cannot take this now: {error.message}") from None


async def answered(asked: Awaitable[T], *, within: float, otherwise: str) -> T:
    """Wait so many seconds for what Temporal was asked; `otherwise` says what did not happen by then.

    Raises:
        TemporalUnavailableError: Temporal does not take it, or nothing came in time.
    """
    with translated():
        try:
            return await asyncio.wait_for(asked, within)
        except TimeoutError:
            raise TemporalUnavailableError(otherwise) from None


async def put_schedule(client: Client, id: str, schedule: Schedule, *, triggers_first: bool = False) -> None:
    """See that there is this schedule; one that an operator paused stays paused.

    `triggers_first`: where there was none, its action starts at once.

    Raises:
        TemporalUnavailableError: Temporal does not answer; call again.
    """

    async def change(found: ScheduleUpdateInput) -> ScheduleUpdate:
        kept = found.description.schedule
        kept.action, kept.spec, kept.policy = schedule.action, schedule.spec, schedule.policy
        return ScheduleUpdate(schedule=kept)

    with translated():
        try:
            await client.create_schedule(id, schedule, trigger_immediately=triggers_first)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(id).update(change)
