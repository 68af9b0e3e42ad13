"""Processes killed at each step of a code's life: once they are back, every code ends right.

One kill strikes many codes at once, each on its own lock and at its own step.  What must hold afterwards is read from
the locks: never two codes at once, nothing before the start, and nothing left at the end.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from store.tables import DeviceRow
from tests.house import House, Life
from tests.processes import Processes, processes, span_of, states_of
from tests.waiting import eventually
from workflows.contracts import DeleteRequest, UpdateName

PROVIDER_TIMEOUT_SECONDS = 1.5
"""A kill must come while a slow call is waited for, and recovery waits for attempts of dead workers to time out."""
SLOW = {"kind": "slow", "delay_seconds": 4.0, "count": 1}
FAILING = {"kind": "http_500", "count": 1}
"""Beside `slow`: the call is under way and will never reach the lock."""
RECOVERY_SECONDS = 40.0
"""Everything must be right again within an attempt's time-out, a lease and the dead worker's sticky queue."""


@dataclass(frozen=True)
class Step:
    """Where in its life a code is when the kill comes."""

    name: str
    faults: list[dict[str, Any]] = field(default_factory=list)
    call: str | None = None
    """The call that is under way; None: the code rests."""
    times: int = 1
    starts_in: timedelta | None = None

    def __str__(self) -> str:
        return self.name


REGISTERED = Step("registered", starts_in=timedelta(seconds=8))
SET = Step("set")
WRITING = [
    Step("before a write reaches the lock", [{**SLOW, "on": "program"}, FAILING], "program"),
    Step("after a write reached the lock", [{**SLOW, "on": "program"}], "program"),
    Step("while a write is read back", [{**SLOW, "on": "read"}], "read"),
]
REMOVING = [
    Step("before a removal reaches the lock", [{**SLOW, "on": "remove"}, FAILING], "remove"),
    Step("after a removal reached the lock", [{**SLOW, "on": "remove"}], "remove"),
    Step("while a removal is read back", [{**SLOW, "on": "read"}], "read", times=2),
]
STEPS = [REGISTERED, *WRITING, SET, *REMOVING]


@dataclass
class Scene:
    """One code at its step."""

    step: Step
    lock: DeviceRow
    life: Life
    attempts_before: int = 0
    attempts_at_kill: int = 0
    seconds_to_right: float = 0

    async def under_way(self, house: House) -> None:
        """Wait until the call of the step has reached the cloud."""

        async def has_come() -> bool:
            calls = [call["operation"] for call in await house.calls(self.lock)]
            return self.step.call is None or calls.count(self.step.call) >= self.step.times

        await eventually(has_come, within=5, what=f"the call of the step: {self.step}")


async def has_been_set(life: Life) -> bool:
    return "set_on_device" in await life.events()


async def is_closed(life: Life) -> bool:
    return (await life.stored()).code.closed


async def on_its_lock(house: House, step: Step) -> Scene:
    """Bring a code to the eve of a step that a set code takes."""
    lock = await house.new_lock(f"{step.name} {uuid4()}")
    life = await house.start(await house.request(lock, starts_in=None))
    await eventually(lambda: has_been_set(life), within=20, what="the code is set")
    for fault in step.faults:
        await house.fault(lock, **fault)
    return Scene(step, lock, life, attempts_before=len(await life.attempts()))


async def still_to_come(house: House, step: Step) -> Scene:
    """Start a code that is not on its lock yet."""
    lock = await house.new_lock(f"{step.name} {uuid4()}")
    for fault in step.faults:
        await house.fault(lock, **fault)
    return Scene(step, lock, await house.start(await house.request(lock, starts_in=step.starts_in)))


async def delete(scene: Scene) -> None:
    await scene.life.update(UpdateName.DELETE, DeleteRequest())


@dataclass
class Aftermath:
    """What became of the codes that one kill struck."""

    house: House
    scenes: dict[str, Scene]


Kill = Callable[[Processes], Awaitable[None]]
Restart = Callable[[Processes], Awaitable[None]]


async def kill_both(running: Processes) -> None:
    await running.kill_temporal()
    await running.kill_worker()


async def restart_both(running: Processes) -> None:
    await running.start_temporal()
    await running.start_worker()


KILLS: dict[str, tuple[Kill, Restart]] = {
    "worker": (Processes.kill_worker, Processes.start_worker),
    "Temporal": (Processes.kill_temporal, Processes.start_temporal),
    "both": (kill_both, restart_both),
}


async def await_right(scene: Scene, since: float) -> None:
    """Wait until the code stands as it should, and keep the seconds since the restart."""
    right = is_closed if scene.step in REMOVING else has_been_set
    await eventually(lambda: right(scene.life), within=RECOVERY_SECONDS, what=f"killed {scene.step}, right again")
    scene.seconds_to_right = time.monotonic() - since


async def gone(scene: Scene) -> None:
    await eventually(lambda: is_closed(scene.life), within=RECOVERY_SECONDS, what=f"killed {scene.step}, gone")


@pytest_asyncio.fixture(
    loop_scope="session",
    scope="module",
    params=["worker", "Temporal", pytest.param("both", marks=pytest.mark.long)],
)
async def aftermath(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Aftermath]:
    """Kill while codes are at every step, start again, and see every code out."""
    kill, restart = KILLS[request.param]
    async with AsyncExitStack() as stack:
        folder = tmp_path_factory.mktemp("kill")
        running = await stack.enter_async_context(processes(folder, provider_timeout=PROVIDER_TIMEOUT_SECONDS))
        house = running.house
        resting, *removing = await asyncio.gather(*(on_its_lock(house, step) for step in [SET, *REMOVING]))
        coming = asyncio.gather(*(still_to_come(house, step) for step in [REGISTERED, *WRITING]))
        await asyncio.gather(*map(delete, removing))
        living = [resting, *await coming]
        scenes = [*living, *removing]
        for scene in scenes:
            await scene.under_way(house)
        await kill(running)
        for scene in scenes:
            scene.attempts_at_kill = len(await scene.life.attempts())

        restarted = time.monotonic()
        await restart(running)
        ready_seconds = time.monotonic() - restarted
        await asyncio.gather(*(await_right(scene, restarted) for scene in scenes))
        await asyncio.gather(*map(delete, living))
        await asyncio.gather(*map(gone, scenes))
        print_recovery(request.param, ready_seconds, scenes)
        yield Aftermath(house, {scene.step.name: scene for scene in scenes})


def print_recovery(killed: str, ready_seconds: float, scenes: list[Scene]) -> None:
    print(f"\nkilled: {killed}; running again {ready_seconds:.1f} s after the restart began")
    print(f"{'a code that was':40} right again after")
    for scene in scenes:
        print(f"{scene.step.name:40} {scene.seconds_to_right:6.1f} s")


@pytest.mark.parametrize("step", STEPS, ids=str)
async def test_a_code_ends_right_after_a_kill(aftermath: Aftermath, step: Step) -> None:
    house, scene = aftermath.house, aftermath.scenes[step.name]
    lock = house.cloud.locks[scene.lock.lock_id]

    # The kill struck at the step: whatever was under way left no record.
    assert scene.attempts_at_kill == scene.attempts_before
    assert all(len(held) <= 1 for held in states_of(lock))
    assert span_of(lock).first >= scene.life.starts_at.timestamp()
    assert await house.truth(scene.lock) == []
    assert [call["operation"] for call in await house.calls(scene.lock)][-1] == "read"
    assert (await scene.life.events()) == ["created", "set_on_device", "removed_from_device", "deleted"]
    assert await scene.life.problems() <= {"being_deleted"}
