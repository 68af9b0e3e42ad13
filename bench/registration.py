"""How long a caller waits for a code: from the call to the answer that it is registered, one call after the other."""

import time
from uuid import uuid4

from bench.figures import Figure, percentile
from bench.scale import Scale
from bench.sleepers import sleeping_request
from bench.stack import Stack

_WARM_UP = 5
"""Calls that are not counted: the first ones open connections and fill caches."""


async def measure(stack: Stack, scale: Scale) -> list[Figure]:
    """Register codes that begin next week, one at a time on an idle stack."""
    waits = []
    for number in range(_WARM_UP + scale.registrations):
        request = sleeping_request(stack, number)
        began = time.perf_counter()
        await stack.service.create(request, access_code_id=uuid4(), pin=None)
        waits.append(1000 * (time.perf_counter() - began))
    counted = waits[_WARM_UP:]
    return [
        Figure("from call to registered, p50", percentile(counted, 0.5), "ms", at_most=30),
        Figure("from call to registered, p99", percentile(counted, 0.99), "ms"),
    ]
