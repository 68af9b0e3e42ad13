"""Sending the cloud's news: signed by Standard Webhooks, one after the other, and again until they are taken.

A message keeps its id and body over all tries; the signature's time is each try's own, in wall time, because it is
about the connection.
"""

import asyncio
from datetime import UTC, datetime

import httpx

from providers.simulated.cloud import LockCloud
from providers.simulated.news import Outbox, Parcel

TICK_SECONDS = 0.02
"""How often the box is looked into."""
TIMEOUT_SECONDS = 5.0
FIRST_RETRY_SECONDS = 0.25
LONGEST_RETRY_SECONDS = 3600.0
GIVE_UP_SECONDS = 24 * 3600.0
"""Seam asks lock makers to try for a day at least."""


async def deliver_news(cloud: LockCloud) -> None:
    """Deliver until cancelled."""
    async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS) as http, asyncio.TaskGroup() as retries:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            outbox = cloud.outbox
            if outbox.url is None:
                continue
            for parcel in outbox.take(cloud.look_round()):
                if not await _delivered(http, outbox, parcel):
                    retries.create_task(_retry(http, outbox, parcel))


async def _retry(http: httpx.AsyncClient, outbox: Outbox, parcel: Parcel) -> None:
    wait, waited = FIRST_RETRY_SECONDS, 0.0
    while waited < GIVE_UP_SECONDS:
        await asyncio.sleep(wait)
        waited += wait
        if await _delivered(http, outbox, parcel):
            return
        wait = min(2 * wait, LONGEST_RETRY_SECONDS)


async def _delivered(http: httpx.AsyncClient, outbox: Outbox, parcel: Parcel) -> bool:
    """Try once; whoever stopped listening meanwhile counts as told."""
    if outbox.url is None or outbox.signer is None:
        return True
    now = datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": parcel.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": outbox.signer.sign(parcel.id, now, parcel.body),
    }
    try:
        answer = await http.post(outbox.url, content=parcel.body, headers=headers)
    except httpx.HTTPError:
        outbox.failed += 1
        return False
    outbox.delivered += answer.is_success
    outbox.failed += not answer.is_success
    return answer.is_success
