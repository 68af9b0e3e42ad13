"""How long a caller waits for a code: from the call to the answer that it is registered, one call after the other."""

import time
from collections.abc import Awaitable
from typing import Any
from uuid import uuid4

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from bench.bare import QUEUE, BareRegistration
from bench.figures import Figure, percentile
from bench.scale import Scale
from bench.sleepers import sleeping_request
from bench.stack import Stack

_WARM_UP = 5
"""Calls that are not counted: the first ones open connections and fill caches."""


async def measure(stack: Stack, scale: Scale) -> list[Figure]:
    """Register codes that begin next week, one at a time on an idle stack, in turns with the yardstick."""
    ours, bare = list[float](), list[float]()
    for number in range(_WARM_UP + scale.registrations):
        request = sleeping_request(stack, number)
        ours.append(await _milliseconds(stack.service.create(request, access_code_id=uuid4(), pin=None)))
        bare.append(await _milliseconds(bare_update_with_start(stack)))
    counted = ours[_WARM_UP:]
    return [
        Figure("from call to registered, p50", percentile(counted, 0.5), "ms", at_most=30),
        Figure("from call to registered, p99", percentile(counted, 0.99), "ms"),
        Figure("a bare update-with-start, p50", percentile(bare[_WARM_UP:], 0.5), "ms"),
    ]


async def _milliseconds(call: Awaitable[object]) -> float:
    began = time.perf_counter()
    await call
    return 1000 * (time.perf_counter() - began)


async def bare_update_with_start(stack: Stack) -> None:
    """Start the yardstick and wait until it answers."""
    start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        BareRegistration.run,
        id=f"bare-registration/{uuid4()}",
        task_queue=QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    await stack.bare_client.execute_update_with_start_workflow(
        BareRegistration.registered, start_workflow_operation=start
    )
