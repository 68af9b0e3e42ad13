"""The worker of the yardstick, in a process of its own: `python -m bench.bare_worker HOST:PORT`."""

import asyncio
import json
import sys

from temporalio.client import Client
from temporalio.worker import Worker

from bench.bare import QUEUE, BareRegistration, BareWorkflow, do_nothing
from workers.lifetime import until_signal
from workers.loop import with_last_pause


async def run(address: str) -> None:
    """Work until cancelled; one line of JSON says that it does.  No data converter, no codec, SDK defaults."""
    client = await Client.connect(address)
    async with Worker(client, task_queue=QUEUE, workflows=[BareRegistration, BareWorkflow], activities=[do_nothing]):
        print(json.dumps({"ready": True}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(with_last_pause(until_signal(run(sys.argv[1]))))
