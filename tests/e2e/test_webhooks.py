"""From a committed event to a customer's receiver, on a real server: signed, once, and whatever dies on the way."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr
from seam.resources.seam_event import AccessCodeSetOnDeviceEvent
from seam.seam_webhook import SeamWebhook
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from api.access_codes import AccessCodeService
from api.deliveries import start_delivery
from domain.refusals import RefusedError
from domain.webhooks import JITTER, RETRY_DELAYS
from store.accounts import DEFAULT_WORKSPACE_ID
from store.events import get_event
from store.tables import WorkspaceRow
from store.webhooks import Pending
from tests.histories.payloads import decoded_text
from tests.house import House
from tests.processes import processes
from tests.receiver import Received, Receiver, Reply, receiver
from tests.waiting import eventually
from tests.webhooks import Endpoint, an_endpoint, an_event, service_of
from workers.codec import KeyRingCodec
from workers.command import build
from workers.errors import CommandError
from workers.relay import Deliveries, Relay, relaying
from workflows.contracts import webhook_delivery_workflow_id

FAMILIES = ("svix", "webhook")


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def app() -> AsyncIterator[Receiver]:
    async with receiver() as running:
        yield running


@pytest.fixture
def path() -> str:
    return f"/{uuid4()}"


@asynccontextmanager
async def told(house: House, app: Receiver, path: str, *event_types: str) -> AsyncIterator[Endpoint]:
    """Make an endpoint and run a relay; the endpoint goes with the block, so that other tests are not slowed."""
    endpoint = await an_endpoint(house, app.url + path, *event_types)
    async with relaying(house.client, house.database):
        yield endpoint
    await service_of(house).delete(DEFAULT_WORKSPACE_ID, endpoint.webhook.webhook_id)


def of_family(received: Received, family: str) -> dict[str, str]:
    """Give the headers of one family alone."""
    return {name: value for name, value in received.headers.items() if name.startswith(f"{family}-")}


def as_standard(received: Received, family: str) -> dict[str, str]:
    """Give a family's headers under the names that Standard Webhooks has."""
    return {name.replace(family, "webhook"): value for name, value in of_family(received, family).items()}


async def test_event_arrives_at_once_and_verifies(house: House, app: Receiver, path: str) -> None:
    async with told(house, app, path) as endpoint:
        secret = endpoint.webhook.secret.get_secret_value()
        began = time.monotonic()
        event_id = await an_event(house)
        (received,) = await app.until(path, 1)
        assert time.monotonic() - began < 3.0, "the relay is woken, and does not wait for its next look after 5 s"
    assert received.event["event_id"] == received.headers["webhook-id"] == str(event_id)
    assert received.headers["content-type"] == "application/json"
    for family in FAMILIES:
        assert Webhook(secret).verify(received.text, as_standard(received, family)) == received.event
        assert SeamWebhook(secret).verify(received.text, of_family(received, family)).event_id == str(event_id)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(received.text + " ", as_standard(received, family))


async def test_life_of_a_code_is_told_with_its_digits(house: House, app: Receiver, path: str) -> None:
    lock = await house.new_lock(f"Told {uuid4()}")
    async with told(house, app, path, "access_code.created", "access_code.set_on_device") as endpoint:
        life = await house.start(await house.request(lock, starts_in=None))
        await app.until(path, 2)
        helper = SeamWebhook(endpoint.webhook.secret.get_secret_value())
        events = [helper.verify(received.text, received.headers) for received in app.got[path]]
    (confirmed,) = [event for event in events if isinstance(event, AccessCodeSetOnDeviceEvent)]
    assert (confirmed.access_code_id, confirmed.device_id) == (str(life.id), str(lock.id))
    assert confirmed.code == await life.pin()


async def test_digits_are_in_no_history_and_may_be_left_out(house: House, app: Receiver, path: str) -> None:
    lock, code_id = await house.new_lock(f"Quiet {uuid4()}"), uuid4()
    service, digits = service_of(house), "73918406"
    request = await house.request(lock, starts_in=None)
    codes = AccessCodeService(house.client, house.database, house.keyring)
    async with told(house, app, path, "access_code.set_on_device") as endpoint:
        await codes.create(request, access_code_id=code_id, pin=SecretStr(digits))
        (received,) = await app.until(path, 1)
        await service.put_digits_in_events(DEFAULT_WORKSPACE_ID, enabled=False)
        try:
            event_id = UUID(received.event["event_id"])
            await service.replay(DEFAULT_WORKSPACE_ID, endpoint.webhook.webhook_id, event_id)
            _, again = await app.until(path, 2)
        finally:
            await service.put_digits_in_events(DEFAULT_WORKSPACE_ID, enabled=True)
    assert received.event["code"] == digits
    assert "code" not in again.event
    assert digits not in again.text
    delivery = webhook_delivery_workflow_id(event_id, endpoint.webhook.webhook_id)
    history = await house.client.get_workflow_handle(delivery).fetch_history()
    shown = await decoded_text([*history.events], KeyRingCodec(house.keyring))
    assert str(event_id) in shown
    assert digits not in shown
    assert endpoint.webhook.secret.get_secret_value() not in shown
    async with house.database.read() as session:
        row = await get_event(session, event_id)
    assert row is not None
    assert digits not in str(row.payload)


async def test_both_secrets_sign_while_they_overlap(house: House, app: Receiver, path: str) -> None:
    async with told(house, app, path) as endpoint:
        old = endpoint.webhook.secret.get_secret_value()
        rotated = await service_of(house).rotate_secret(DEFAULT_WORKSPACE_ID, endpoint.webhook.webhook_id)
        new = rotated.secret.get_secret_value()
        assert new != old
        assert new.startswith("whsec_")
        await an_event(house)
        (during,) = await app.until(path, 1)
        async with house.database.write() as session:
            row = await session.merge(await endpoint.row())
            row.previous_secret_until = datetime.now(UTC) - timedelta(seconds=1)
        await an_event(house)
        _, after = await app.until(path, 2)
    for family in FAMILIES:
        for secret in (old, new):
            assert SeamWebhook(secret).verify(during.text, of_family(during, family))
        assert SeamWebhook(new).verify(after.text, of_family(after, family))
        with pytest.raises(Exception, match="No matching signature"):
            SeamWebhook(old).verify(after.text, of_family(after, family))


class Power:
    """Where a relay is to die: it stops there, as with the power cut, and does nothing any more."""

    def __init__(self, house: House, *, before_the_start: bool) -> None:
        self._house = house
        self._before = before_the_start
        self.cut = asyncio.Event()

    async def start(self, one: Pending) -> None:
        if not self._before:
            await start_delivery(self._house.client, one.event_id, one.webhook_id, summary="")
            delivery = webhook_delivery_workflow_id(one.event_id, one.webhook_id)
            await self._house.client.get_workflow_handle(delivery).result()
        self.cut.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("before_the_start", [True, False], ids=["before the start", "after the start"])
async def test_relay_that_dies_between_commit_and_position_loses_and_doubles_nothing(
    house: House, app: Receiver, path: str, before_the_start: bool
) -> None:
    endpoint = await an_endpoint(house, app.url + path)
    power = Power(house, before_the_start=before_the_start)
    dying = asyncio.create_task(Relay(house.database, Deliveries(power.start)).run())
    event_id = await an_event(house)
    await asyncio.wait_for(power.cut.wait(), 5)
    dying.cancel()
    await asyncio.wait([dying])
    assert (await endpoint.row()).relayed_through < await sequence_of(house, event_id)
    async with relaying(house.client, house.database):
        await has_passed(endpoint, event_id)
        await app.until(path, 1)
        await has_ended(house, endpoint, event_id)
    assert [received.event["event_id"] for received in app.got[path]] == [str(event_id)]
    await service_of(house).delete(DEFAULT_WORKSPACE_ID, endpoint.webhook.webhook_id)


async def test_several_relays_deliver_each_event_once(house: House, app: Receiver, path: str) -> None:
    endpoint = await an_endpoint(house, app.url + path)
    events = [await an_event(house) for _ in range(12)]
    async with (
        relaying(house.client, house.database),
        relaying(house.client, house.database),
        relaying(house.client, house.database),
    ):
        await asyncio.gather(*(has_ended(house, endpoint, event_id) for event_id in events))
        await has_passed(endpoint, events[-1])
    assert sorted(received.event["event_id"] for received in app.got[path]) == sorted(map(str, events))
    await service_of(house).delete(DEFAULT_WORKSPACE_ID, endpoint.webhook.webhook_id)


async def sequence_of(house: House, event_id: UUID) -> int:
    async with house.database.read() as session:
        event = await get_event(session, event_id)
    assert event is not None
    assert event.sequence is not None
    return event.sequence


async def has_passed(endpoint: Endpoint, event_id: UUID) -> None:
    sequence = await sequence_of(endpoint.house, event_id)

    async def passed() -> bool:
        return (await endpoint.row()).relayed_through >= sequence

    await eventually(passed, within=10, what="the relay has passed the event")


async def has_ended(house: House, endpoint: Endpoint, event_id: UUID) -> None:
    delivery = webhook_delivery_workflow_id(event_id, endpoint.webhook.webhook_id)

    async def started() -> bool:
        return bool([one async for one in house.client.list_workflows(f"WorkflowId = '{delivery}'")])

    await eventually(started, within=10, what="the delivery is started")
    await asyncio.wait_for(house.client.get_workflow_handle(delivery).result(), 10)


async def test_failures_are_counted_from_attempt_to_attempt(house: House, app: Receiver, path: str) -> None:
    """The real server keeps the count, too: the delay after the second failure is the second one."""
    app.always[path] = Reply(503)
    endpoint = await an_endpoint(house, app.url + path)
    event_id = await an_event(house)
    delivery = await endpoint.start(event_id)
    await app.until(path, 2)

    async def waits() -> bool:
        (pending,) = (await delivery.describe()).raw_description.pending_activities
        return pending.attempt == 3

    await eventually(waits, within=10, what="the second failure is known")
    (pending,) = (await delivery.describe()).raw_description.pending_activities
    delay = pending.next_attempt_schedule_time.ToDatetime() - pending.last_attempt_complete_time.ToDatetime()
    assert abs(delay - RETRY_DELAYS[1] * (1 + JITTER * 0.5)) < timedelta(seconds=1)

    app.always[path] = Reply(200)
    await service_of(house).replay(DEFAULT_WORKSPACE_ID, endpoint.webhook.webhook_id, event_id)
    await app.until(path, 3)
    await service_of(house).delete(DEFAULT_WORKSPACE_ID, endpoint.webhook.webhook_id)


async def test_test_event_reaches_its_endpoint_alone(house: House, app: Receiver, path: str) -> None:
    service = service_of(house)
    async with told(house, app, path, "device.removed") as endpoint, told(house, app, f"{path}-other") as other:
        tested = await service.test(DEFAULT_WORKSPACE_ID, endpoint.webhook.webhook_id)
        assert tested.problem is None
        await has_passed(other, tested.event_id)
        app.always[path] = Reply(404)
        refused = await service.test(DEFAULT_WORKSPACE_ID, endpoint.webhook.webhook_id)
    assert refused.problem == "answered with status 404"
    assert [received.event["event_type"] for received in app.got[path]] == ["webhook.test"] * 2
    assert app.got[f"{path}-other"] == []


async def test_nobody_elses_webhooks_and_events_are_there(house: House, app: Receiver, path: str) -> None:
    service, stranger, event_id = service_of(house), uuid4(), await an_event(house)
    webhook_id = (await an_endpoint(house, app.url + path)).webhook.webhook_id
    for attempt in (
        service.get(stranger, webhook_id),
        service.update(stranger, webhook_id, ["*"]),
        service.delete(stranger, webhook_id),
        service.enable(stranger, webhook_id),
        service.rotate_secret(stranger, webhook_id),
        service.test(stranger, webhook_id),
        service.replay(stranger, webhook_id, event_id),
        service.get(DEFAULT_WORKSPACE_ID, uuid4()),
    ):
        with pytest.raises(RefusedError) as refused:
            await attempt
        assert refused.value.refusal.type == "webhook_not_found"
    with pytest.raises(RefusedError, match="no event"):
        await service.replay(DEFAULT_WORKSPACE_ID, webhook_id, uuid4())
    assert webhook_id in {one.webhook_id for one in await service.list(DEFAULT_WORKSPACE_ID)}
    await service.delete(DEFAULT_WORKSPACE_ID, webhook_id)
    assert webhook_id not in {one.webhook_id for one in await service.list(DEFAULT_WORKSPACE_ID)}


class Prompt:
    """An operator's command line, on the house's own parts."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    async def __call__(self, *words: str) -> Any:
        """Run `latchwork webhooks …` and give what it printed."""
        argv = ["webhooks", *words]
        # In a thread, because a command runs a loop of its own.
        await asyncio.to_thread(build(argv), argv, standalone_mode=False)
        out = self._capsys.readouterr().out
        return json.loads(out) if out else None


@pytest.fixture
def prompt(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Prompt:
    house.keyring.save(tmp_path / "keyring.json")
    for name, value in {
        "LATCHWORK_DATA": str(house.settings.data),
        "LATCHWORK_DATABASE_URL": f"sqlite:///{house.settings.data}/house.sqlite",
        "LATCHWORK_KEYRING_PATH": str(tmp_path / "keyring.json"),
        "LATCHWORK_WEBHOOK_PRIVATE_ADDRESSES": "true",
        "TEMPORAL_ADDRESS": house.client.service_client.config.target_host,
    }.items():
        monkeypatch.setenv(name, value)
    return Prompt(capsys)


async def test_commands_see_a_webhook_through_its_life(app: Receiver, path: str, prompt: Prompt) -> None:
    created = await prompt("create", app.url + path, "--event-type", "device.added", "--json")
    webhook_id, secret = created["webhook_id"], created["secret"]
    tested = await prompt("test", webhook_id, "--json")
    (received,) = app.got[path]
    assert SeamWebhook(secret).verify(received.text, received.headers).event_id == tested["event_id"]
    (listed,) = [row for row in await prompt("list", "--json") if row["webhook_id"] == webhook_id]
    assert (listed["url"], listed["event_types"], listed["disabled_at"]) == (app.url + path, ["device.added"], None)
    assert secret not in json.dumps(listed)

    app.replies[path].append(Reply(410))
    with pytest.raises(CommandError, match="it answered with status 410"):
        await prompt("test", webhook_id)
    with pytest.raises(CommandError, match="webhook_disabled"):
        await prompt("replay", webhook_id, tested["event_id"])
    assert (await prompt("enable", webhook_id, "--json"))["enabled"]
    rotated = await prompt("rotate", webhook_id, "--json")
    assert rotated["secret"] != secret
    await prompt("replay", webhook_id, tested["event_id"])
    again = (await app.until(path, 3))[-1]
    assert SeamWebhook(rotated["secret"]).verify(again.text, again.headers).event_id == tested["event_id"]

    assert (await prompt("delete", webhook_id, "--json"))["deleted"]
    assert webhook_id not in {row["webhook_id"] for row in await prompt("list", "--json")}


async def test_command_turns_digits_off_and_on(house: House, prompt: Prompt) -> None:
    async def carried() -> bool:
        async with house.database.read() as session:
            return (await session.get_one(WorkspaceRow, DEFAULT_WORKSPACE_ID)).digits_in_events

    await prompt("digits", "off")
    assert not await carried()
    await prompt("digits", "on")
    assert await carried()


async def test_worker_that_is_killed_loses_no_event(tmp_path: Path, app: Receiver, path: str) -> None:
    """Written while no process runs that could start its delivery: the next worker does, once."""
    async with processes(tmp_path, provider_timeout=1.5) as running:
        house = running.house
        endpoint = await an_endpoint(house, app.url + path)
        await running.kill_worker()
        event_id = await an_event(house)
        await running.start_worker()
        await app.until(path, 1)
        await has_passed(endpoint, event_id)
        await has_ended(house, endpoint, event_id)
    assert [received.event["event_id"] for received in app.got[path]] == [str(event_id)]
