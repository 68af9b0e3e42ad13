"""How punctual a code is: from its `starts_at` to the instant at which the lock itself has it.

The instant is the lock cloud's own, when the order took effect on the lock's truth; both clocks are the machine's.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx

from bench.figures import Figure, percentile
from bench.scale import Scale
from bench.stack import Stack
from domain.requests import CodeRequest
from store.accounts import DEFAULT_WORKSPACE_ID

_REGISTERED_AHEAD = timedelta(seconds=4)
"""All codes are registered and asleep before the first is due."""
_STAY = timedelta(days=1)
_PATIENCE_SECONDS = 30.0


async def measure(stack: Stack, scale: Scale) -> list[Figure]:
    """Have codes become due one after the other, each on a lock of its own."""
    first = datetime.now(UTC) + _REGISTERED_AHEAD
    due = {}
    for number in range(scale.due):
        device_id, starts_at = stack.device_ids[number], first + number * scale.due_apart
        request = CodeRequest(
            device_id=device_id, workspace_id=DEFAULT_WORKSPACE_ID, starts_at=starts_at, ends_at=starts_at + _STAY
        )
        receipt = await stack.service.create(request, access_code_id=uuid4(), pin=None)
        due[_lock_id(receipt.device_name)] = starts_at
    await asyncio.sleep((max(due.values()) - datetime.now(UTC)).total_seconds())
    async with httpx.AsyncClient(base_url=stack.locks_url, trust_env=False) as http:
        landed = {lock_id: await _landed_at(http, lock_id) for lock_id in due}
    late = [1000 * (landed[lock_id] - starts_at).total_seconds() for lock_id, starts_at in due.items()]
    return [
        Figure("from starts_at to on the lock, p50", percentile(late, 0.5), "ms"),
        Figure("from starts_at to on the lock, p99", percentile(late, 0.99), "ms"),
    ]


def _lock_id(name: str) -> str:
    return name.lower().replace(" ", "-")


async def _landed_at(http: httpx.AsyncClient, lock_id: str) -> datetime:
    """Give when the lock's one code came there, once its truth shows it."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        # The lock is another process: there is no event to wait for.
        while not await _holds_a_code(http, lock_id):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    calls = (await http.get(f"/_calls/{lock_id}")).raise_for_status().json()["calls"]
    return max(datetime.fromisoformat(call["when"]) for call in calls if call["operation"] == "program")


async def _holds_a_code(http: httpx.AsyncClient, lock_id: str) -> bool:
    return bool((await http.get(f"/_truth/{lock_id}")).raise_for_status().json()["slots"])
