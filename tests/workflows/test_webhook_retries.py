"""When a delivery is tried again, in virtual time; jitter is half of what it can be."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError

from domain.events import EventType
from domain.webhooks import JITTER, RETRY_DELAYS, Delivered, Outcome
from tests.house import House
from tests.receiver import Receiver, Reply, receiver
from tests.waiting import eventually
from tests.webhooks import Endpoint, an_endpoint, an_event, events_of

FAILING = Reply(500)
SLACK = timedelta(seconds=2)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def app() -> AsyncIterator[Receiver]:
    async with receiver() as running:
        yield running


@pytest.fixture
def path() -> str:
    return f"/{uuid4()}"


async def result(house: House, delivery: WorkflowHandle[Any, Delivered]) -> Delivered:
    with house.env.auto_time_skipping_disabled():
        return await delivery.result()


async def attempt_after(house: House, app: Receiver, path: str, number: int, since: datetime, delay: timedelta) -> None:
    """See that attempt `number` is made `delay` after `since`, and not before."""
    await house.pass_time(until=since + delay - SLACK)
    assert len(app.got[path]) == number - 1, f"attempt {number} came early"
    await house.pass_time(until=since + delay + SLACK)
    await app.until(path, number)


async def test_delivery_follows_the_published_schedule_and_then_fails(house: House, app: Receiver, path: str) -> None:
    app.always[path] = FAILING
    endpoint = await an_endpoint(house, app.url + path)
    delivery = await endpoint.start(await an_event(house))
    await app.until(path, 1)
    for number, delay in enumerate(RETRY_DELAYS, start=2):
        await settled(endpoint, number - 1)
        await attempt_after(house, app, path, number, await last_failure(endpoint), delay * (1 + JITTER * 0.5))
    with pytest.raises(WorkflowFailureError) as failed:
        await result(house, delivery)
    assert isinstance(failed.value.cause, ActivityError)
    assert isinstance(failed.value.cause.cause, ApplicationError)
    assert failed.value.cause.cause.message == "answered with status 500"
    await house.pass_time(until=await house.now() + timedelta(days=1))
    assert len(app.got[path]) == 8
    assert await endpoint.disabled_at() is None
    assert len({received.headers["webhook-id"] for received in app.got[path]}) == 1


async def last_failure(endpoint: Endpoint) -> datetime:
    at = (await endpoint.row()).last_failure_at
    assert at is not None
    return at


async def settled(endpoint: Endpoint, failures: int) -> None:
    """Wait until the last attempt's failure stands written."""
    house = endpoint.house

    async def written() -> bool:
        at = (await endpoint.row()).last_failure_at
        return at is not None and await house.now() - at < timedelta(minutes=1)

    await eventually(written, within=10, what=f"failure {failures} is written down")


async def test_retry_after_is_kept_where_it_is_longer(house: House, app: Receiver, path: str) -> None:
    app.replies[path].append(Reply(429, {"Retry-After": "3600"}))
    endpoint = await an_endpoint(house, app.url + path)
    delivery = await endpoint.start(await an_event(house))
    await app.until(path, 1)
    await settled(endpoint, 1)
    await attempt_after(house, app, path, 2, await last_failure(endpoint), timedelta(hours=1))
    assert await result(house, delivery) == Delivered(outcome=Outcome.DELIVERED, status=204)
    assert (await endpoint.row()).failing_since is None


async def test_gone_disables_at_once_and_says_so(house: House, app: Receiver, path: str) -> None:
    app.always[path] = Reply(410)
    endpoint = await an_endpoint(house, app.url + path)
    delivery = await endpoint.start(await an_event(house))
    assert await result(house, delivery) == Delivered(outcome=Outcome.DISABLED, status=410)
    (told,) = await events_of(house, EventType.WEBHOOK_DISABLED, endpoint.webhook.webhook_id)
    assert told.payload["reason"] == "gone"
    later = await endpoint.start(await an_event(house))
    assert await result(house, later) == Delivered(outcome=Outcome.DISABLED)
    assert len(app.got[path]) == 1


async def test_redirect_is_a_failure(house: House, app: Receiver, path: str) -> None:
    app.replies[path].append(Reply(308, {"Location": app.url + path}))
    endpoint = await an_endpoint(house, app.url + path)
    delivery = await endpoint.start(await an_event(house))
    await app.until(path, 1)
    await settled(endpoint, 1)
    await attempt_after(house, app, path, 2, await last_failure(endpoint), timedelta(seconds=5.25))
    assert (await result(house, delivery)).outcome is Outcome.DELIVERED


async def test_five_days_of_failure_disable_and_say_so(house: House, app: Receiver, path: str) -> None:
    """Deliveries that give up within a day and a half, one each day."""
    app.always[path] = FAILING
    endpoint = await an_endpoint(house, app.url + path)
    began = await house.now()
    for _ in range(6):
        await endpoint.start(await an_event(house))
        await house.pass_time(until=await house.now() + timedelta(days=1))
    disabled_at = await endpoint.disabled_at()
    assert disabled_at is not None
    assert timedelta(days=5) <= disabled_at - began < timedelta(days=5.5)
    (told,) = await events_of(house, EventType.WEBHOOK_DISABLED, endpoint.webhook.webhook_id)
    assert told.payload == {"webhook_id": str(endpoint.webhook.webhook_id), "reason": "failing"}


async def test_retries_do_not_grow_the_history(house: House, app: Receiver, path: str) -> None:
    app.replies[path].extend([FAILING] * 3)
    endpoint = await an_endpoint(house, app.url + path)
    delivery = await endpoint.start(await an_event(house))
    await house.pass_time(until=await house.now() + timedelta(hours=1))
    assert (await result(house, delivery)).outcome is Outcome.DELIVERED
    assert len(app.got[path]) == 4
    assert len((await delivery.fetch_history()).events) == 11


async def test_forgotten_endpoint_is_told_nothing(house: House, app: Receiver, path: str) -> None:
    app.always[path] = FAILING
    endpoint = await an_endpoint(house, app.url + path)
    delivery = await endpoint.start(await an_event(house))
    await app.until(path, 1)
    await settled(endpoint, 1)
    async with house.database.write() as session:
        await session.delete(await endpoint.row())
    await house.pass_time(until=await house.now() + timedelta(minutes=1))
    assert await result(house, delivery) == Delivered(outcome=Outcome.UNWANTED)
    assert len(app.got[path]) == 1


@asynccontextmanager
async def endpoints_away(house: House) -> AsyncIterator[None]:
    """Let every query for an endpoint fail."""
    for statement in ("ALTER TABLE webhooks RENAME TO away", "ALTER TABLE away RENAME TO webhooks"):
        async with house.database.write() as session:
            await (await session.connection()).execute(text(statement))
        if "TO away" in statement:
            yield


async def test_an_outage_of_ours_does_not_use_up_the_schedule(house: House, app: Receiver, path: str) -> None:
    """After a failed attempt the store is away for a while; the endpoint's next delay is still its second one."""
    app.replies[path].extend([FAILING] * 2)
    endpoint = await an_endpoint(house, app.url + path)
    delivery = await endpoint.start(await an_event(house))
    await app.until(path, 1)
    await settled(endpoint, 1)
    async with endpoints_away(house):
        await house.pass_time(until=await house.now() + timedelta(seconds=30))
        assert len(app.got[path]) == 1
    await house.pass_time(until=await house.now() + timedelta(seconds=30))
    await app.until(path, 2)
    await settled(endpoint, 2)
    await attempt_after(house, app, path, 3, await last_failure(endpoint), timedelta(minutes=5.25))
    assert (await result(house, delivery)).outcome is Outcome.DELIVERED
    assert json.loads(app.got[path][2].text)["event_type"] == "access_code.created"
