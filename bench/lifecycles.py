"""Full lives per second: started, programmed, read, removed, read again, done; beside the bare yardstick.

Both are measured in turns in the same set-up, because the machine may be busy with other things: the ratio stays when
the figures move.  A round ends when the last workflow has ended, waiting times included.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import col, func, select
from temporalio.client import WorkflowHandle

from bench.bare import QUEUE, BareWorkflow
from bench.figures import Figure
from bench.scale import Scale
from bench.sleepers import sleeping_request
from bench.stack import Stack
from bench.usage import cpu_ms
from domain.access_code import AccessCodeType
from domain.events import EventType
from domain.requests import CodeRequest
from store.accounts import DEFAULT_WORKSPACE_ID
from store.tables import EventRow
from workflows.contracts import access_code_workflow_id

Start = Callable[[int], Awaitable[WorkflowHandle[Any, Any]]]
"""Starts one life, by its number in the round."""

_PAUSE_SECONDS = 1.0
"""Of the yardstick, twice: as long as a code waits for its start."""

_WINDOW_PER_REGISTRATION = 2.5
"""With this many times the length of a registration as window, times the codes of a round, all are programmed before
the first ends: none is skipped, and little time is spent on waiting."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round came to; CPU in milliseconds per life, by process."""

    per_second: float
    cpu_ms: Mapping[str, float]


async def measure(stack: Stack, scale: Scale) -> list[Figure]:
    """Measure rounds of lives and of the yardstick in turns."""
    ours, bare, whole, events = list[Round](), list[Round](), 0, list[int]()
    window = await _fitting_window(stack, scale)
    for _ in range(scale.rounds):
        codes = [uuid4() for _ in range(scale.lifecycles)]
        ours.append(await _round(stack, scale, _starts_codes(stack, scale.lead, window, codes), stack.worker.pid))
        whole += await _whole_lives(stack, codes)
        events.append(await _history_length(stack, codes[-1]))
        bare.append(await _round(stack, scale, _starts_bare(stack), stack.bare_worker.pid))
    our_rate, bare_rate = (median(one.per_second for one in rounds) for rounds in (ours, bare))
    return [
        Figure("lifecycles", our_rate, "per s"),
        Figure("bare workflows", bare_rate, "per s"),
        Figure("lifecycles to bare workflows", our_rate / bare_rate, "ratio", at_least=0.6),
        Figure("the same by CPU", _all_cpu(bare) / _all_cpu(ours), "ratio"),
        Figure("lifecycles that were whole", whole / (scale.rounds * scale.lifecycles), "share", at_least=1),
        Figure("history of the last lifecycle", max(events), "events", at_most=34),
        *_cpu("lifecycle", ours),
        *_cpu("bare workflow", bare),
    ]


def _cpu(of: str, rounds: list[Round]) -> list[Figure]:
    means = {part: median(one.cpu_ms[part] for one in rounds) for part in rounds[0].cpu_ms}
    figures = [Figure(f"CPU per {of}: {part}", value, "ms") for part, value in means.items()]
    return [*figures, Figure(f"CPU per {of}: all", _all_cpu(rounds), "ms")]


def _all_cpu(rounds: list[Round]) -> float:
    return median(sum(one.cpu_ms.values()) for one in rounds)


async def _round(stack: Stack, scale: Scale, start: Start, worker: int) -> Round:
    parts = {"worker": worker, "Temporal": stack.temporal.pid, "lock cloud": stack.locks.pid}
    gate = asyncio.Semaphore(scale.starters)

    async def live(number: int) -> None:
        async with gate:
            handle = await start(number)
        await handle.result()

    def used() -> dict[str, float]:
        return {part: cpu_ms(pid) for part, pid in parts.items()} | {"client": 1000 * time.process_time()}

    before, began = used(), time.monotonic()
    await asyncio.gather(*(live(number) for number in range(scale.lifecycles)))
    seconds, after = time.monotonic() - began, used()
    return Round(scale.lifecycles / seconds, {part: (after[part] - before[part]) / scale.lifecycles for part in before})


async def _fitting_window(stack: Stack, scale: Scale) -> timedelta:
    """Register as many sleeping codes as there are starters, and judge by that how fast the machine is today."""
    began = time.monotonic()
    asleep = [sleeping_request(stack, number) for number in range(scale.starters)]
    await asyncio.gather(*(stack.service.create(request, access_code_id=uuid4(), pin=None) for request in asleep))
    each = (time.monotonic() - began) / scale.starters
    return max(scale.shortest_window, timedelta(seconds=_WINDOW_PER_REGISTRATION * scale.lifecycles * each))


def _starts_codes(stack: Stack, lead: timedelta, window: timedelta, codes: list[UUID]) -> Start:
    async def start(number: int) -> WorkflowHandle[Any, Any]:
        starts_at = datetime.now(UTC) + lead
        request = CodeRequest(
            device_id=stack.device_ids[number],
            workspace_id=DEFAULT_WORKSPACE_ID,
            starts_at=starts_at,
            ends_at=starts_at + window,
        )
        receipt = await stack.service.create(request, access_code_id=codes[number], pin=None)
        assert receipt.type is AccessCodeType.TIME_BOUND
        return stack.client.get_workflow_handle(access_code_workflow_id(codes[number]))

    return start


def _starts_bare(stack: Stack) -> Start:
    async def start(number: int) -> WorkflowHandle[Any, Any]:
        return await stack.bare_client.start_workflow(
            BareWorkflow.run, _PAUSE_SECONDS, id=f"bare/{uuid4()}", task_queue=QUEUE
        )

    return start


async def _whole_lives(stack: Stack, codes: list[UUID]) -> int:
    """Count the codes that were proven on their lock and proven gone, each once."""
    milestones = (EventType.CREATED.value, EventType.SET_ON_DEVICE.value, EventType.REMOVED_FROM_DEVICE.value)
    query = (
        select(EventRow.access_code_id)
        .where(col(EventRow.access_code_id).in_(codes), col(EventRow.event_type).in_(milestones))
        .group_by(col(EventRow.access_code_id))
        .having(func.count() == len(milestones))
    )
    async with stack.database.read() as session:
        return len((await session.exec(query)).all())


async def _history_length(stack: Stack, code: UUID) -> int:
    description = await stack.client.get_workflow_handle(access_code_workflow_id(code)).describe()
    return description.history_length
