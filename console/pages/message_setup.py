"""Setting messages up: what is sent by itself, by which channels, and how long guests are known."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from pydantic import SecretStr

from api.http.message_settings import LONGEST_KEPT_DAYS, LONGEST_LEAD_HOURS
from console.message_words import CHANNELS, KIND_HINTS, KINDS
from console.table import Page, Redirect, Visit
from console.words import sentence
from domain.audit import AuditAction
from domain.message_channels import ChannelKind
from domain.message_text import MessageKind
from domain.refusals import RefusedError

HERE = "/console/messages/setup"
LONGEST_NAME = 200
EXAMPLES = {
    ChannelKind.EMAIL: "mailtos://user:password@mail.example?from=desk@house.example&to={to}",
    ChannelKind.SMS: "twilio://AccountSid:AuthToken@+4930901820/{to}",
    ChannelKind.CHAT: "whatsapp://token@phone-id/{to}",
}


async def page(visit: Visit) -> Page:
    """Show everything that is set up."""
    return await _page(visit, {}, {})


async def switch(visit: Visit) -> Page | Redirect:
    """Choose what is sent by itself, when, and how long guests are known."""
    refusals: dict[str, str] = {}
    lead = _whole(visit, "lead", LONGEST_LEAD_HOURS, refusals)
    days = _whole(visit, "kept", LONGEST_KEPT_DAYS, refusals)
    if refusals:
        return await _page(visit, dict(visit.form), refusals)
    chosen = [kind for kind in MessageKind if kind.value in visit.form]
    await visit.services.message_settings.update(
        visit.workspace_id, automatic=chosen, ready_lead=timedelta(hours=lead), guests_kept_days=days
    )
    await visit.services.audit.note(visit.user, AuditAction.MESSAGES_SWITCHED)
    return Redirect(f"{HERE}?saved=yes")


async def add_channel(visit: Visit) -> Page | Redirect:
    """Add a way to guests."""
    name, kind, url = visit.filled("name"), visit.form.get("kind"), visit.secret("url").get_secret_value().strip()
    refusals: dict[str, str] = {}
    if name is None or len(name) > LONGEST_NAME:
        refusals["name"] = f"Give it a name of at most {LONGEST_NAME} characters."
    if kind not in set(ChannelKind):
        refusals["kind"] = "Choose what it carries."
    if not refusals:
        try:
            made = await visit.services.message_channels.create(
                visit.workspace_id, _request(visit), str(name), ChannelKind(str(kind)), SecretStr(url)
            )
        except RefusedError as error:
            refusals["url"] = sentence(error.refusal.message.replace("url ", "The address ", 1))
        else:
            subject = str(made.channel_id)
            await visit.services.audit.note(visit.user, AuditAction.CHANNEL_ADDED, subject=subject)
            return Redirect(f"{HERE}?added=yes")
    return await _page(visit, dict(visit.form), refusals)


async def remove_channel(visit: Visit) -> Redirect:
    """Forget a way to guests."""
    channel_id = visit.id("channel_id")
    await visit.services.message_channels.delete(visit.workspace_id, channel_id)
    await visit.services.audit.note(visit.user, AuditAction.CHANNEL_REMOVED, subject=str(channel_id))
    return Redirect(HERE)


async def _page(visit: Visit, values: dict[str, str], refusals: dict[str, str]) -> Page:
    services = visit.services
    settings = await services.message_settings.get(visit.workspace_id)
    lead = int((settings.ready_lead or timedelta(0)) / timedelta(hours=1))
    channels = await services.message_channels.list(visit.workspace_id)
    shown: dict[str, Any] = {
        "kinds": [(kind.value, KINDS[kind], KIND_HINTS[kind], kind in settings.automatic) for kind in KINDS],
        "lead": values.get("lead", str(lead)),
        "kept": values.get("kept", str(settings.guests_kept_days)),
        "channels": [(one.channel_id, one.name, CHANNELS[one.kind]) for one in channels],
        "channel_kinds": [(kind.value, CHANNELS[kind]) for kind in CHANNELS],
        "examples": [(CHANNELS[kind], text) for kind, text in EXAMPLES.items()],
        # The address holds credentials: it is never shown again, whatever else is wrong.
        "values": {"name": values.get("name", ""), "kind": values.get("kind", "")},
        "templates": await services.message_settings.templates(visit.workspace_id),
        "names": KINDS,
        "refusals": refusals,
        "request": uuid4(),
        "saved": "saved" in visit.query,
        "added": "added" in visit.query,
    }
    return Page("message_setup.html", shown, HTTPStatus.UNPROCESSABLE_ENTITY if refusals else HTTPStatus.OK)


def _whole(visit: Visit, name: str, most: int, refusals: dict[str, str]) -> int:
    text = visit.filled(name) or "0"
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= most):
        refusals[name] = f"Give a whole number from 0 to {most}."
        return 0
    return int(text)


def _request(visit: Visit) -> UUID:
    try:
        return UUID(visit.form.get("request", ""))
    except ValueError:
        return uuid4()
