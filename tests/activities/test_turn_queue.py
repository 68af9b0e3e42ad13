"""Attempts of one process wait for each other at a lock, in the order in which they came."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError

from activities.failures import AttemptFailure
from activities.turn_queue import BEFORE_THE_SERVER, TurnQueue

LONG, SHORT = timedelta(seconds=30), timedelta(milliseconds=20)


async def test_turns_come_one_at_a_time_in_order() -> None:
    queue, lock, seen = TurnQueue(LONG, LONG), uuid4(), list[str]()

    async def attempt(number: int) -> None:
        async with queue.turn(lock):
            seen.append(f"{number} in")
            await asyncio.sleep(0)
            seen.append(f"{number} out")

    await asyncio.gather(*(attempt(number) for number in range(4)))
    assert seen == [f"{number} {where}" for number in range(4) for where in ("in", "out")]


async def test_another_lock_is_not_waited_for() -> None:
    queue = TurnQueue(LONG, SHORT)
    async with queue.turn(uuid4()), queue.turn(uuid4()):
        pass


async def test_who_waited_too_long_comes_back_later() -> None:
    queue, lock = TurnQueue(LONG, SHORT), uuid4()
    async with queue.turn(lock):
        with pytest.raises(ApplicationError) as caught:
            async with queue.turn(lock):
                raise AssertionError("two have the lock to themselves")
    assert caught.value.type == AttemptFailure.LOCK_BUSY
    assert caught.value.next_retry_delay is not None
    async with queue.turn(lock):
        pass


async def test_a_failed_or_cancelled_attempt_holds_up_nobody() -> None:
    queue, lock = TurnQueue(LONG, LONG), uuid4()
    with pytest.raises(ValueError, match="the call failed"):
        async with queue.turn(lock):
            raise ValueError("the call failed")
    async with queue.turn(lock):
        waiting = asyncio.ensure_future(queue.turn(lock).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with asyncio.timeout(1), queue.turn(lock):
        pass


async def test_an_attempt_that_takes_too_long_ends_and_holds_up_nobody() -> None:
    queue, lock = TurnQueue(BEFORE_THE_SERVER + SHORT, LONG), uuid4()
    with pytest.raises(TimeoutError):
        async with queue.attempt(lock):
            await asyncio.Event().wait()
    async with asyncio.timeout(1), queue.turn(lock):
        pass
