"""What it costs to know that codes are still as they should be, counted at the lock cloud.

At rest the account's own workflow is run as often as its schedule would, and between runs the books are put back by
one tick, so that hours go by in seconds and each lock is due by its own interval.  A drift is a code that somebody
deletes at the keypad; its calls are counted from there until the door opens again.
"""

import asyncio
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
from sqlmodel import col, select

from bench.figures import Figure
from bench.scale import Scale
from bench.stack import Stack
from domain.policy import Policy
from domain.requests import CodeRequest
from store import devices
from store.accounts import DEFAULT_WORKSPACE_ID
from store.tables import DeviceRow
from workflows.contracts import QUEUE, RECONCILE_WORKFLOW, ReconcileInput, ReconcileResult

LOCKS = 10
"""Locks of its own, with a code on each: what is counted does not depend on how many there are."""

_TICK = Policy().reconcile_mains_every
_TICKS = 8
_STAY = timedelta(days=1)
_PATIENCE_SECONDS = 60.0


async def measure(stack: Stack, scale: Scale) -> list[Figure]:
    """Have locks lie at rest, half of them as if on mains, and then have somebody delete their codes."""
    chosen = stack.device_ids[-LOCKS:]
    names = await _with_codes(stack, chosen)
    on_mains = set(chosen[::2])
    async with stack.database.write() as session:
        for device_id in on_mains:
            every = {"reconcile_battery_every": _TICK.total_seconds()}
            await devices.set_policy(session, device_id, every)
    async with httpx.AsyncClient(base_url=stack.locks_url, trust_env=False) as http:
        await _all_open(http, names.values())
        await _look(stack)
        reads = await _reads_at_rest(stack, http, names)
        calls = await _calls_per_repair(stack, http, names.values())
    hours = _TICKS * _TICK / timedelta(hours=1)
    mains = sum(reads[names[device_id]] for device_id in on_mains) / len(on_mains) / hours
    battery_ids = [device_id for device_id in chosen if device_id not in on_mains]
    battery = sum(reads[names[device_id]] for device_id in battery_ids) / len(battery_ids) / hours
    return [
        Figure("reads per lock per hour at rest, on mains", mains, "reads", at_most=4),
        Figure("reads per lock per hour at rest, on battery", battery, "reads", at_most=1),
        Figure("calls per drift repaired", calls, "calls", at_most=4),
    ]


async def _with_codes(stack: Stack, chosen: Collection[UUID]) -> dict[UUID, str]:
    """Put a code on each lock; give the locks' ids at the cloud."""
    for device_id in chosen:
        request = CodeRequest(device_id=device_id, workspace_id=DEFAULT_WORKSPACE_ID, ends_at=datetime.now(UTC) + _STAY)
        await stack.service.create(request, access_code_id=uuid4(), pin=None)
    async with stack.database.read() as session:
        rows = (await session.exec(select(DeviceRow).where(col(DeviceRow.id).in_(chosen)))).all()
    return {row.id: row.lock_id for row in rows}


async def _reads_at_rest(stack: Stack, http: httpx.AsyncClient, names: dict[UUID, str]) -> Counter[str]:
    await http.delete("/_calls")
    for _ in range(_TICKS):
        async with stack.database.write() as session:
            for row in (await session.exec(select(DeviceRow))).all():
                row.reconciled_at = None if row.reconciled_at is None else row.reconciled_at - _TICK
                session.add(row)
        await _look(stack)
    return Counter(call["lock"] for call in await _calls(http, names.values()) if call["operation"] == "read")


async def _calls_per_repair(stack: Stack, http: httpx.AsyncClient, lock_ids: Collection[str]) -> float:
    for lock_id in lock_ids:
        (slot,) = await _slots(http, lock_id)
        await http.post(f"/_truth/{lock_id}/keypad", json={"slot": slot, "pin": None})
    async with stack.database.write() as session:
        for row in (await session.exec(select(DeviceRow))).all():
            row.reconciled_at = None
            session.add(row)
    await http.delete("/_calls")
    await _look(stack)
    await _all_open(http, lock_ids)
    await _quiet(http)
    return len(await _calls(http, lock_ids)) / len(lock_ids)


async def _look(stack: Stack) -> None:
    """Run what the schedule starts, for every account."""
    async with stack.database.read() as session:
        accounts = {row.account_id for row in (await session.exec(select(DeviceRow))).all()}
    for account_id in accounts:
        result: ReconcileResult = await stack.client.execute_workflow(
            RECONCILE_WORKFLOW,
            ReconcileInput(account_id=account_id),
            id=f"reconcile/{account_id}/{uuid4()}",
            task_queue=QUEUE,
            result_type=ReconcileResult,
        )
        assert result.unread == 0, "a lock could not be read"


async def _slots(http: httpx.AsyncClient, lock_id: str) -> list[int]:
    truth = (await http.get(f"/_truth/{lock_id}")).raise_for_status().json()
    return [slot["slot"] for slot in truth["slots"]]


async def _all_open(http: httpx.AsyncClient, lock_ids: Collection[str]) -> None:
    """Wait until every lock holds its code."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        for lock_id in lock_ids:
            # The lock is another process: there is no event to wait for.
            while not await _slots(http, lock_id):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def _quiet(http: httpx.AsyncClient) -> None:
    """Wait until nobody has called the cloud for a second: the last proofs are in."""
    before = -1
    while before != (now := len((await http.get("/_calls")).json()["calls"])):
        before = now
        await asyncio.sleep(1)


async def _calls(http: httpx.AsyncClient, lock_ids: Collection[str]) -> list[dict[str, str]]:
    wanted = set(lock_ids)
    calls: list[dict[str, str]] = (await http.get("/_calls")).raise_for_status().json()["calls"]
    return [call for call in calls if call["lock"] in wanted]
