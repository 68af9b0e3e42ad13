"""A lock cloud with many plain locks, in a process of its own: `python -m bench.cloud COUNT`.

One lock for each code of a round, as one guest has one door.  Codes on one lock take turns, which is a promise and not
a cost to be measured here.
"""

import asyncio
import json
import sys

from providers.simulated.cloud import LockCloud
from providers.simulated.seeds import DEMO_TOKEN, plain_lock
from providers.simulated.server import serve
from workers.lifetime import until_signal


def lock_name(number: int) -> str:
    """Name a lock; its id is the same in small letters with a hyphen."""
    return f"Door {number}"


async def run(count: int) -> None:
    """Serve the locks until cancelled; one line of JSON says where."""
    async with serve(LockCloud([plain_lock(lock_name(number)) for number in range(count)])) as url:
        print(json.dumps({"base_url": url, "token": DEMO_TOKEN}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(until_signal(run(int(sys.argv[1]))))
