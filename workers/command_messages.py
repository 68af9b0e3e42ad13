"""The commands on messages to guests: by which channels, in which words, what is sent by itself, and what became of it.

A channel's URL holds credentials: it is asked for without being shown, and no command tells it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer
from pydantic import SecretStr

from api.message_channels import MessageChannelService
from api.message_settings import MessageSettings, MessageSettingsService, preview
from domain.message_channels import ChannelKind
from domain.message_text import MessageKind, Template
from store.accounts import DEFAULT_WORKSPACE_ID, default_workspace
from store.pages import Page
from workers.backing import open_database
from workers.command_output import print_facts, print_json, print_rows
from workers.keys import load_keys
from workers.moments import parse_duration, show_moment
from workers.session import message_service, run
from workers.settings import load_settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Language = Annotated[str, typer.Option(help="The language of the words, such as en or de-AT.")]

app = typer.Typer(no_args_is_help=True, help="What guests are told, by which channels, and what became of it.")
channels = typer.Typer(no_args_is_help=True, help="Ways to guests: e-mail, SMS and chat, as apprise URLs.")
templates = typer.Typer(no_args_is_help=True, help="The words of messages, by kind and language.")
app.add_typer(channels, name="channels")
app.add_typer(templates, name="templates")


@dataclass(frozen=True, slots=True)
class _Desk:
    channels: MessageChannelService
    settings: MessageSettingsService


@asynccontextmanager
async def _desk() -> AsyncIterator[_Desk]:
    """Open what needs no Temporal."""
    settings = load_settings()
    keyring = load_keys(settings)
    async with open_database(settings) as database:
        async with database.write() as session:
            await default_workspace(session, now=datetime.now(UTC))
        development = settings.message_private_addresses
        yield _Desk(
            MessageChannelService(database, keyring, for_development=development), MessageSettingsService(database)
        )


@app.command("list")
def list_messages(
    code: Annotated[UUID | None, typer.Option("--code", help="Only those about this access code.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List messages, newest first, and what became of them."""

    async def work() -> list[dict[str, Any]]:
        async with message_service() as service:
            found = await service.list(DEFAULT_WORKSPACE_ID, Page(limit), access_code_id=code)
        return [
            {
                "message_id": one.message_id,
                "access_code_id": one.access_code_id,
                "kind": one.kind,
                "status": one.status,
                "reason": one.reason,
                "to": one.address,
                "attempts": one.attempts,
                "changed_at": one.changed_at.isoformat() if as_json else show_moment(one.changed_at, None),
            }
            for one in found[:limit]
        ]

    print_rows(run(work()), as_json=as_json, empty="no messages yet: latchwork messages send --help")


@app.command("send")
def send(
    code: Annotated[UUID, typer.Argument(help="The access code whose guest is told its digits.")],
    channel: Annotated[UUID | None, typer.Option(help="By this channel; the first that reaches the guest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell a code's guest its digits now."""
    id = uuid4()

    async def work() -> None:
        async with message_service() as service:
            await service.send(DEFAULT_WORKSPACE_ID, code, datetime.now(UTC), id=id, channel_id=channel)

    run(work())
    print_facts({"message_id": id}, as_json=as_json)


@app.command("automatic")
def automatic(
    kinds: Annotated[list[MessageKind] | None, typer.Argument(help="What is sent by itself from now on.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Send nothing by itself.")] = False,
    ahead: Annotated[
        str | None, typer.Option(help="How long before the start a code is told, as 24h; 0s: once it is proven.")
    ] = None,
    guests_kept_days: Annotated[
        int | None, typer.Option(min=0, help="Days after the last code's end until a guest is forgotten.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Choose what is sent by itself and how long guests are known; without arguments, show it."""
    try:
        lead = None if ahead is None else parse_duration(ahead)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    chosen = [] if off else kinds or None

    async def work() -> MessageSettings:
        async with _desk() as desk:
            return await desk.settings.update(
                DEFAULT_WORKSPACE_ID, automatic=chosen, ready_lead=lead, guests_kept_days=guests_kept_days
            )

    found = run(work())
    facts = {
        "automatic": [kind.value for kind in found.automatic],
        "ready_lead_hours": (found.ready_lead or timedelta(0)) / timedelta(hours=1),
        "guests_kept_days": found.guests_kept_days,
    }
    print_facts(facts, as_json=as_json)


@channels.command("add")
def add_channel(
    name: Annotated[str, typer.Argument(help="What operators call it.")],
    kind: Annotated[ChannelKind, typer.Argument(help="What it needs of a guest.")],
    url: Annotated[
        str, typer.Option(prompt=True, hide_input=True, help="The apprise URL, with {to} for the guest's address.")
    ],
    as_json: AsJson = False,
) -> None:
    """Add a way to guests; the first that was added and reaches a guest is taken."""

    async def work() -> UUID:
        async with _desk() as desk:
            made = await desk.channels.create(DEFAULT_WORKSPACE_ID, uuid4(), name, kind, SecretStr(url))
            return made.channel_id

    print_facts({"channel_id": run(work()), "name": name, "kind": kind.value}, as_json=as_json)


@channels.command("list")
def list_channels(as_json: AsJson = False) -> None:
    """List the ways to guests in the order in which they are tried."""

    async def work() -> list[dict[str, Any]]:
        async with _desk() as desk:
            found = await desk.channels.list(DEFAULT_WORKSPACE_ID)
        return [{"channel_id": one.channel_id, "name": one.name, "kind": one.kind.value} for one in found]

    print_rows(run(work()), as_json=as_json, empty="no channels yet: latchwork messages channels add --help")


@channels.command("remove")
def remove_channel(
    channel: Annotated[UUID, typer.Argument(help="The channel's id, from `channels list`.")], as_json: AsJson = False
) -> None:
    """Forget a way to guests."""

    async def work() -> None:
        async with _desk() as desk:
            await desk.channels.delete(DEFAULT_WORKSPACE_ID, channel)

    run(work())
    if as_json:
        print_json({"channel_id": channel, "removed": True})


@templates.command("list")
def list_templates(as_json: AsJson = False) -> None:
    """List the words that hold, by kind and language."""

    async def work() -> list[dict[str, Any]]:
        async with _desk() as desk:
            found = await desk.settings.templates(DEFAULT_WORKSPACE_ID)
        return [
            {"kind": one.kind.value, "language": one.language, "is_own": one.is_own, **one.template.model_dump()}
            for one in found
        ]

    print_rows(run(work()), as_json=as_json, empty="no templates")


@templates.command("set")
def set_template(
    kind: Annotated[MessageKind, typer.Argument(help="Which message.")],
    subject: Annotated[str, typer.Option(help="The subject, without digits.")],
    body: Annotated[str, typer.Option(help="The text, with {code} somewhere.")],
    language: Language = "en",
) -> None:
    """Use words of one's own, and show what a guest would read."""
    template = Template(subject=subject, body=body)

    async def work() -> Template:
        async with _desk() as desk:
            await desk.settings.put_template(DEFAULT_WORKSPACE_ID, kind, language, template)
        return preview(template, language)

    shown = run(work())
    print_facts(shown.model_dump(), as_json=False)


@templates.command("reset")
def reset_template(
    kind: Annotated[MessageKind, typer.Argument(help="Which message.")], language: Language = "en"
) -> None:
    """Use the default words again."""

    async def work() -> None:
        async with _desk() as desk:
            await desk.settings.reset_template(DEFAULT_WORKSPACE_ID, kind, language)

    run(work())
