"""The routes of webhooks: who is told what happens.  Their secrets are for those who may change them."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.http.parameters import Nothing, Parameters, Text, Words
from api.http.table import Body, Call
from api.resources.base import Resource
from api.webhooks import Webhook
from domain.scopes import Scope
from domain.webhooks import EVERYTHING

LONGEST_URL = 2000


class CreateWebhook(Parameters):
    """Parameters of `/webhooks/create`."""

    url: Annotated[str, Field(max_length=LONGEST_URL, pattern=r"^[^\x00]*$")]
    event_types: Words | None = None


class OfOneWebhook(Parameters):
    """A route about one webhook."""

    webhook_id: UUID


class UpdateWebhook(OfOneWebhook):
    """Parameters of `/webhooks/update`."""

    event_types: list[Text]


class WebhookResource(Resource):
    """A webhook as the API shows it."""

    webhook_id: UUID
    url: str
    event_types: tuple[str, ...]
    secret: str | None = Field(description="Null where the key may not change webhooks.")


async def create(call: Call[CreateWebhook]) -> Body:
    """Have events sent to an address."""
    types = call.asked.event_types or [EVERYTHING]
    made = await call.services.webhooks.create(call.workspace_id, call.asked.url, types)
    return {"webhook": _shown(call, made)}


async def get(call: Call[OfOneWebhook]) -> Body:
    """Show a webhook."""
    return {"webhook": _shown(call, await call.services.webhooks.get(call.workspace_id, call.asked.webhook_id))}


async def list_webhooks(call: Call[Nothing]) -> Body:
    """Show the workspace's webhooks, the oldest first."""
    found = await call.services.webhooks.list(call.workspace_id)
    return {"webhooks": [_shown(call, one) for one in found]}


async def update(call: Call[UpdateWebhook]) -> Body:
    """Choose other event types."""
    await call.services.webhooks.update(call.workspace_id, call.asked.webhook_id, call.asked.event_types)
    return {}


async def delete(call: Call[OfOneWebhook]) -> Body:
    """Tell an address nothing more."""
    await call.services.webhooks.delete(call.workspace_id, call.asked.webhook_id)
    return {}


def _shown(call: Call[Any], webhook: Webhook) -> WebhookResource:
    secret = webhook.secret.get_secret_value() if call.caller.may(Scope.WRITE) else None
    return WebhookResource(
        webhook_id=webhook.webhook_id, url=webhook.url, event_types=webhook.event_types, secret=secret
    )
