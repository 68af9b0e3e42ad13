"""Kill after kill at moments that nobody chose, while codes come and go: every one still ends right."""

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from tests.house import House, Life
from tests.processes import Processes, processes, span_of, states_of
from tests.waiting import eventually
from workflows.contracts import DeleteRequest, UpdateName

ROUNDS, CODES = 6, 12
SETTLING_SECONDS = 60.0


async def started(house: House, dice: Random) -> Life:
    """Start a code that begins, and is slow to be written, at some moment of the storm."""
    lock = await house.new_lock(f"Stormy {uuid4()}")
    await house.fault(lock, "slow", delay_seconds=0.7, probability=0.5)
    return await house.start(await house.request(lock, starts_in=timedelta(seconds=dice.uniform(0, 40))))


async def strike(running: Processes, dice: Random) -> None:
    """Let it run for a moment, then kill a part and start it again."""
    # The moment is the point: nothing is waited for here.
    await asyncio.sleep(dice.uniform(0.2, 5))
    kill, restart = dice.choice(
        [(Processes.kill_worker, Processes.start_worker), (Processes.kill_temporal, Processes.start_temporal)]
    )
    await kill(running)
    await restart(running)


async def opens(house: House, life: Life) -> bool:
    lock = await house.device(life.receipt.device_name)
    return "set_on_device" in await life.events() and await house.opens(lock, await life.pin())


async def is_closed(life: Life) -> bool:
    return (await life.stored()).code.closed


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
async def test_codes_weather_a_storm_of_kills(tmp_path: Path, seed: int) -> None:
    dice = Random(seed)
    async with processes(tmp_path, provider_timeout=1.5) as running:
        house = running.house
        lives = await asyncio.gather(*(started(house, dice) for _ in range(CODES)))
        for _ in range(ROUNDS):
            await strike(running, dice)
        settled = (eventually(partial(opens, house, life), within=SETTLING_SECONDS, what="set") for life in lives)
        print(f"\nlast code set {max(await asyncio.gather(*settled)):.1f} s after the last restart")

        await asyncio.gather(*(life.update(UpdateName.DELETE, DeleteRequest()) for life in lives[::2]))
        await strike(running, dice)
        await asyncio.gather(*(life.update(UpdateName.DELETE, DeleteRequest()) for life in lives[1::2]))
        closed = (eventually(partial(is_closed, life), within=SETTLING_SECONDS, what="gone") for life in lives)
        print(f"last code gone after {max(await asyncio.gather(*closed)):.1f} s")

        for life in lives:
            device = await house.device(life.receipt.device_name)
            lock = house.cloud.locks[device.lock_id]
            assert await house.truth(device) == []
            assert all(len(held) <= 1 for held in states_of(lock))
            assert span_of(lock).first >= life.starts_at.timestamp()
            assert (await life.events()) == ["created", "set_on_device", "removed_from_device", "deleted"]
