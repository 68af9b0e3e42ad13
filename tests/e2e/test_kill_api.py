"""Processes killed at each step of a create over HTTP: the client repeats its request and has one code, never two.

One kill strikes several orders at once, each on its own lock and at its own step.  The worker and Temporal are made to
stand still so that an order can be caught between two steps.  What came of it is read from rows and from the locks.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from temporalio.service import RPCError, RPCStatusCode

from api.answers import BUSY
from api.keys import KeyService
from tests.e2e.orders import Order
from tests.processes import Processes, processes, states_of
from tests.waiting import eventually
from workflows.contracts import access_code_workflow_id

PROVIDER_TIMEOUT_SECONDS = 1.5
RECOVERY_SECONDS = 40.0
"""An attempt's time-out, a lease, a dead worker's sticky queue."""
SLOW_SECONDS = 4.0
CALLER_TIMEOUT_SECONDS = 35.0
"""Beyond what the API waits for a registration: it is the server that gives up."""

BEFORE_TEMPORAL = "taken by the API, unknown to Temporal"
BEING_REGISTERED = "started, not registered"
BEING_SET = "answered, being set"
ANSWERED = "answered, at rest"
STEPS = [BEFORE_TEMPORAL, BEING_REGISTERED, BEING_SET, ANSWERED]

Strike = Callable[[Processes], Awaitable[None]]
VICTIMS: dict[str, tuple[Strike, Strike]] = {
    "API": (Processes.kill_api, Processes.start_api),
    "Temporal": (Processes.kill_temporal, Processes.start_temporal),
    "worker": (Processes.kill_worker, Processes.start_worker),
}


@dataclass
class Desk:
    """The running processes, and a client with a key."""

    running: Processes
    http: httpx.AsyncClient

    async def order(self, *, starts_in: timedelta | None = None, slow: bool = False) -> Order:
        """Prepare an order on a lock of its own."""
        house = self.running.house
        lock = await house.new_lock(f"Ordered {uuid4()}")
        if slow:
            await house.fault(lock, "slow", delay_seconds=SLOW_SECONDS, on="program", count=1)
        return Order(house, self.http, lock, None if starts_in is None else await house.now() + starts_in)


@asynccontextmanager
async def open_desk(folder: Path) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(processes(folder, provider_timeout=PROVIDER_TIMEOUT_SECONDS))
        key = await KeyService(running.house.database, running.house.keyring).mint("tests")
        await running.start_api()
        headers = {"authorization": f"Bearer {key.token.get_secret_value()}"}
        client = httpx.AsyncClient(
            base_url=running.api_url, headers=headers, trust_env=False, timeout=CALLER_TIMEOUT_SECONDS
        )
        yield Desk(running, await stack.enter_async_context(client))


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path_factory.mktemp("kill-api")) as opened:
        yield opened


@dataclass
class Scene:
    """An order that the kill struck, and what its client heard."""

    order: Order
    heard: dict[str, Any] | None = None
    """Before the kill, or from the sending that the kill struck."""
    codes_after_kill: list[Any] = field(default_factory=list)
    repeated: dict[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> dict[str, Any]:
        """The code that the client was told of in the end."""
        code: dict[str, Any] = self.repeated["access_code"]
        return code


async def is_started(order: Order) -> bool:
    """Tell whether Temporal knows the order's workflow."""
    operation_id = await order.operation_id()
    if operation_id is None:
        return False
    try:
        await order.house.client.get_workflow_handle(access_code_workflow_id(operation_id)).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def is_taken(order: Order) -> bool:
    return await order.operation_id() is not None


async def is_being_set(order: Order) -> bool:
    return "program" in [call["operation"] for call in await order.house.calls(order.lock)]


async def is_set(order: Order) -> bool:
    return await order.times_set() > 0


async def struck(desk: Desk, kill: Strike, restart: Strike) -> dict[str, Scene]:
    """Bring an order to each step, kill, start again, and repeat every order."""
    running = desk.running
    scenes = {
        BEFORE_TEMPORAL: Scene(await desk.order()),
        BEING_REGISTERED: Scene(await desk.order()),
        BEING_SET: Scene(await desk.order(slow=True)),
        ANSWERED: Scene(await desk.order(starts_in=timedelta(seconds=6))),
    }
    orders = {step: scene.order for step, scene in scenes.items()}
    for step in (ANSWERED, BEING_SET):
        scenes[step].heard = await orders[step].send()
        assert scenes[step].heard is not None
    await eventually(partial(is_being_set, orders[BEING_SET]), within=10, what="the lock is told")
    sendings = {}
    running.signal_worker(signal.SIGSTOP)
    sendings[BEING_REGISTERED] = asyncio.create_task(orders[BEING_REGISTERED].send())
    await eventually(partial(is_started, orders[BEING_REGISTERED]), within=10, what="Temporal has the order")
    running.signal_temporal(signal.SIGSTOP)
    sendings[BEFORE_TEMPORAL] = asyncio.create_task(orders[BEFORE_TEMPORAL].send())
    await eventually(partial(is_taken, orders[BEFORE_TEMPORAL]), within=10, what="the API has the order")

    assert not any(sending.done() for sending in sendings.values())
    await kill(running)
    if kill is not Processes.kill_temporal:
        running.signal_temporal(signal.SIGCONT)
    if kill is not Processes.kill_worker:
        running.signal_worker(signal.SIGCONT)
    await restart(running)
    for step, sending in sendings.items():
        scenes[step].heard = await sending
        if kill is Processes.kill_api:
            assert scenes[step].heard is None
            await orders[step].let_age()
    for scene in scenes.values():
        scene.codes_after_kill = await scene.order.codes()
    answers = await asyncio.gather(*(order.insist(RECOVERY_SECONDS) for order in orders.values()))
    for scene, answer in zip(scenes.values(), answers, strict=True):
        scene.repeated = answer
    for step, order in orders.items():
        await eventually(partial(is_set, order), within=RECOVERY_SECONDS, what=f"killed when {step}, set")
    return scenes


@pytest_asyncio.fixture(loop_scope="session", scope="module", params=VICTIMS)
async def scenes(request: pytest.FixtureRequest, desk: Desk) -> dict[str, Scene]:
    return await struck(desk, *VICTIMS[request.param])


@pytest.mark.parametrize("step", STEPS)
async def test_repeated_order_makes_one_code(scenes: dict[str, Scene], step: str) -> None:
    scene = scenes[step]
    assert len(scene.codes_after_kill) <= 1
    if scene.heard is not None:
        # What was answered once is never lost and never told otherwise.
        assert [str(code_id) for code_id in scene.codes_after_kill] == [scene.heard["access_code"]["access_code_id"]]
        assert scene.repeated == scene.heard
    await stands_once(scene.order, scene.code)


async def stands_once(order: Order, code: dict[str, Any]) -> None:
    """See that the order made this code and no other, by its rows and by its lock."""
    house = order.house
    assert [str(code_id) for code_id in await order.codes()] == [code["access_code_id"]]
    assert await order.times_set() == 1
    assert len(await house.truth(order.lock)) == 1
    assert await house.opens(order.lock, code["code"])
    assert all(len(held) <= 1 for held in states_of(house.cloud.locks[order.lock.lock_id]))


ORDERS, ROUNDS = 24, 6


async def insisting(desk: Desk, order: Order, dice: Random) -> dict[str, Any]:
    """Order at some moment of the storm, and again until there is an answer."""
    await asyncio.sleep(dice.uniform(0, 20))
    return await order.insist(BUSY.total_seconds() + RECOVERY_SECONDS)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
async def test_orders_weather_a_storm_of_kills(tmp_path: Path, seed: int) -> None:
    dice = Random(seed)
    async with open_desk(tmp_path) as desk:
        orders = [await desk.order() for _ in range(ORDERS)]
        sendings = [asyncio.create_task(insisting(desk, order, dice)) for order in orders]
        for _ in range(ROUNDS):
            # The moment is the point: nothing is waited for here.
            await asyncio.sleep(dice.uniform(0.2, 3))
            kill, restart = dice.choice(list(VICTIMS.values()))
            await kill(desk.running)
            await restart(desk.running)
        answers = await asyncio.gather(*sendings)
        for order, answer in zip(orders, answers, strict=True):
            await eventually(partial(is_set, order), within=RECOVERY_SECONDS, what="set")
            assert await order.insist(RECOVERY_SECONDS) == answer
            await stands_once(order, answer["access_code"])
