"""The routes of what is sent to guests by itself, in which words and by which channels, which Seam does not have."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, SecretStr

from api.http.parameters import Nothing, Parameters, Text
from api.http.table import Body, Call
from api.message_channels import MessageChannel
from api.message_settings import preview
from api.resources.base import Moment, Resource
from domain.guests import Language
from domain.message_channels import LONGEST_URL, ChannelKind
from domain.message_text import LONGEST_BODY, LONGEST_SUBJECT, MessageKind, Template

LONGEST_LEAD_HOURS = 31 * 24
LONGEST_KEPT_DAYS = 10 * 365


class CreateChannel(Parameters):
    """Parameters of `/message_channels/create`."""

    name: Annotated[Text, Field(min_length=1)]
    kind: ChannelKind
    url: Annotated[SecretStr, Field(max_length=LONGEST_URL)]


class OfOneChannel(Parameters):
    """A route about one channel."""

    channel_id: UUID


class OfOneTemplate(Parameters):
    """A route about one template."""

    kind: MessageKind
    language: Language


class PutTemplate(OfOneTemplate):
    """Parameters of `/message_templates/update` and of its preview."""

    subject: Annotated[str, Field(max_length=LONGEST_SUBJECT)]
    body: Annotated[str, Field(max_length=LONGEST_BODY)]


class UpdateSettings(Parameters):
    """Parameters of `/message_settings/update`; a lead of 0 tells codes when they are proven on their locks."""

    automatic: list[MessageKind] | None = Field(default=None, max_length=len(MessageKind))
    ready_lead_hours: float | None = Field(default=None, ge=0, le=LONGEST_LEAD_HOURS)
    guests_kept_days: int | None = Field(default=None, ge=0, le=LONGEST_KEPT_DAYS)


class ChannelResource(Resource):
    """A channel as the API shows it; its URL is shown to nobody."""

    channel_id: UUID
    name: str
    kind: ChannelKind
    created_at: Moment


class TemplateResource(Resource):
    """A template as it holds."""

    kind: MessageKind
    language: str
    subject: str
    body: str
    is_own: bool


class SettingsResource(Resource):
    """A workspace's settings."""

    automatic: list[MessageKind]
    ready_lead_hours: float
    guests_kept_days: int


async def create_channel(call: Call[CreateChannel]) -> Body:
    """Add a way to guests."""
    asked = call.asked
    made = await call.services.message_channels.create(
        call.workspace_id, call.id_of("message_channel"), asked.name, asked.kind, asked.url
    )
    return {"message_channel": _channel(made)}


async def list_channels(call: Call[Nothing]) -> Body:
    """Show the channels in the order in which they are chosen."""
    return {"message_channels": [_channel(one) for one in await call.services.message_channels.list(call.workspace_id)]}


async def delete_channel(call: Call[OfOneChannel]) -> Body:
    """Forget a channel."""
    await call.services.message_channels.delete(call.workspace_id, call.asked.channel_id)
    return {}


async def list_templates(call: Call[Nothing]) -> Body:
    """Show the templates that hold."""
    found = await call.services.message_settings.templates(call.workspace_id)
    shown = [
        TemplateResource(kind=one.kind, language=one.language, is_own=one.is_own, **one.template.model_dump())
        for one in found
    ]
    return {"message_templates": shown}


async def put_template(call: Call[PutTemplate]) -> Body:
    """Have the workspace's own words used."""
    asked = call.asked
    await call.services.message_settings.put_template(call.workspace_id, asked.kind, asked.language, _template(asked))
    return {}


async def reset_template(call: Call[OfOneTemplate]) -> Body:
    """Have the default used again."""
    await call.services.message_settings.reset_template(call.workspace_id, call.asked.kind, call.asked.language)
    return {}


async def preview_template(call: Call[PutTemplate]) -> Body:
    """Show what a guest would read, with made-up facts and no digits."""
    return {"preview": preview(_template(call.asked), call.asked.language)}


async def get_settings(call: Call[Nothing]) -> Body:
    """Show what is sent by itself, and how long guests are known."""
    found = await call.services.message_settings.get(call.workspace_id)
    lead = found.ready_lead or timedelta(0)
    shown = SettingsResource(
        automatic=list(found.automatic),
        ready_lead_hours=lead / timedelta(hours=1),
        guests_kept_days=found.guests_kept_days,
    )
    return {"message_settings": shown}


async def update_settings(call: Call[UpdateSettings]) -> Body:
    """Choose what is sent by itself, and how long guests are known."""
    asked = call.asked
    changes: dict[str, Any] = {"automatic": asked.automatic, "guests_kept_days": asked.guests_kept_days}
    if asked.ready_lead_hours is not None:
        changes["ready_lead"] = timedelta(hours=asked.ready_lead_hours)
    await call.services.message_settings.update(call.workspace_id, **changes)
    return {}


def _template(asked: PutTemplate) -> Template:
    return Template(subject=asked.subject, body=asked.body)


def _channel(channel: MessageChannel) -> ChannelResource:
    return ChannelResource.model_validate(channel, from_attributes=True)
