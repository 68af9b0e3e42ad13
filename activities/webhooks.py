"""Delivering one event to one endpoint: one attempt, safe to repeat, with nothing of the body in any history.

The event is read by its id and its body built here, digits included, so that neither workflow nor failure ever holds
it.  What raises carries the delay to the next attempt.  How many attempts reached the endpoint goes from attempt to
attempt as heartbeat details: an attempt that failed for reasons of ours does not use up the endpoint's schedule.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from secrets import SystemRandom
from typing import Any

from standardwebhooks.webhooks import Webhook
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.orders import DeliveryOrder
from activities.outbound import Posted, Sender
from domain.webhooks import Answer, Delivered, DisabledReason, Outcome, delay_before_retry, judge
from store import events, webhooks
from store.database import Database, StoreUnavailableError
from store.keyring import KeyRing
from store.published_events import publish
from store.webhook_secrets import open_secret
from store.webhook_tables import WebhookRow

AT_RANDOM = SystemRandom().random
"""Gives numbers between 0 and 1."""

BRIEFLY = timedelta(seconds=5)
"""The delay after a failure of ours."""

_HEADER_FAMILIES = ("svix", "webhook")
"""Seam's receivers look for the first, Standard Webhooks names the second."""


class DeliveryFailure(StrEnum):
    """Why an attempt is repeated, or a delivery given up."""

    NOT_DELIVERED = "webhook_not_delivered"
    STORE_UNAVAILABLE = "store_unavailable"


@dataclass(frozen=True, slots=True)
class _Message:
    """A signed body on its way."""

    url: str
    content: bytes
    headers: dict[str, str]
    was_failing: bool


class WebhookActivities:
    """What a delivery's workflow does.  `chance` gives numbers between 0 and 1, for the jitter of retries."""

    def __init__(
        self, database: Database, keyring: KeyRing, sender: Sender, chance: Callable[[], float] = AT_RANDOM
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._sender = sender
        self._chance = chance

    def all(self) -> list[Callable[..., Any]]:
        """List the activities, for a worker."""
        return [self.deliver]

    @activity.defn(name="deliver_webhook")
    async def deliver(self, order: DeliveryOrder) -> Delivered:
        """Send the event once, signed, and write down how the endpoint fares.

        Raises:
            ApplicationError: the endpoint did not take it: to be tried again, or for good when its time is up.
        """
        failures = _failures_so_far()
        try:
            message = await self._message(order)
            if isinstance(message, Outcome):
                return Delivered(outcome=message)
            posted = await self._sender.post(message.url, message.content, message.headers)
            answer = Answer.FAILED if posted.status is None else judge(posted.status)
            if answer is Answer.DELIVERED:
                await self._note_success(order, message)
                return Delivered(outcome=Outcome.DELIVERED, status=posted.status)
            failures += 1
            if await self._note_failure(order, gone=answer is Answer.GONE):
                return Delivered(outcome=Outcome.DISABLED, status=posted.status)
        except StoreUnavailableError as error:
            raise _again(DeliveryFailure.STORE_UNAVAILABLE, str(error), failures, BRIEFLY) from None
        raise self._failed(posted, failures, order)

    async def _message(self, order: DeliveryOrder) -> _Message | Outcome:
        """Read and sign what is to be sent, or say why nothing is."""
        async with self._database.read() as session:
            webhook = await webhooks.get_webhook(session, order.webhook_id)
            event = await events.get_event(session, order.event_id)
            if webhook is None or event is None or event.hidden or event.workspace_id != webhook.workspace_id:
                return Outcome.UNWANTED
            if webhook.disabled_at is not None:
                return Outcome.DISABLED
            (body,) = await publish(session, [event], self._keyring)
        text = json.dumps(body, separators=(",", ":"))
        return _Message(
            webhook.url, text.encode(), self._headers(webhook, str(event.id), text), webhook.failing_since is not None
        )

    def _headers(self, webhook: WebhookRow, message_id: str, text: str) -> dict[str, str]:
        """Sign the body with every secret that is live.  The receiver's clock is the wall's."""
        now = datetime.now(UTC)
        sealed = [webhook.secret]
        if webhook.previous_secret is not None and (webhook.previous_secret_until or now) > now:
            sealed.append(webhook.previous_secret)
        secrets = [open_secret(self._keyring, webhook.id, one).get_secret_value() for one in sealed]
        signature = " ".join(Webhook(secret).sign(message_id, now, text) for secret in secrets)
        values = {"id": message_id, "timestamp": str(int(now.timestamp())), "signature": signature}
        signed = {f"{family}-{name}": value for family in _HEADER_FAMILIES for name, value in values.items()}
        return {"Content-Type": "application/json", "User-Agent": "Latchwork", **signed}

    async def _note_success(self, order: DeliveryOrder, message: _Message) -> None:
        if message.was_failing:
            # What was delivered is never sent again for the sake of a note; the next success writes it, too.
            with suppress(StoreUnavailableError):
                async with self._database.write() as session:
                    await webhooks.note_success(session, order.webhook_id)

    async def _note_failure(self, order: DeliveryOrder, *, gone: bool) -> bool:
        now = activity.info().started_time
        async with self._database.write() as session:
            if gone:
                await webhooks.disable(session, order.webhook_id, DisabledReason.GONE, now)
                return True
            return await webhooks.note_failure(session, order.webhook_id, now)

    def _failed(self, posted: Posted, failures: int, order: DeliveryOrder) -> ApplicationError:
        delay = delay_before_retry(failures, chance=self._chance(), retry_after=posted.retry_after)
        if delay is None or order.once:
            return ApplicationError(posted.problem, type=DeliveryFailure.NOT_DELIVERED, non_retryable=True)
        return _again(DeliveryFailure.NOT_DELIVERED, posted.problem, failures, delay)


def _failures_so_far() -> int:
    details = activity.info().heartbeat_details
    return int(details[0]) if details else 0


def _again(failure: DeliveryFailure, message: str, failures: int, delay: timedelta) -> ApplicationError:
    """Make the error that has the delivery tried again, and hand the count on."""
    activity.heartbeat(failures)
    return ApplicationError(message, type=failure, next_retry_delay=delay, category=ApplicationErrorCategory.BENIGN)
