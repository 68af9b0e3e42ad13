"""The commands on webhooks.  A secret is shown when it is made, and never by `list`."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer

from api.webhooks import Tested, Webhook
from domain.webhooks import EVERYTHING
from store import webhooks
from store.accounts import DEFAULT_WORKSPACE_ID
from store.webhook_tables import WebhookRow
from workers.command_output import print_facts, print_json, print_rows, progress
from workers.errors import CommandError
from workers.moments import show_moment
from workers.session import reading, run, webhook_service

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
WebhookId = Annotated[UUID, typer.Argument(help="The webhook's id, from `latchwork webhooks list`.")]

app = typer.Typer(no_args_is_help=True, help="Addresses that are told what happens.")


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


@app.command("create")
def create(
    url: Annotated[str, typer.Argument(help="Where events are sent: an https address.")],
    event_types: Annotated[
        list[str] | None, typer.Option("--event-type", help="A type to send, repeatable; all without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have events sent to an address, and show the secret that signs them."""

    async def work() -> Webhook:
        async with webhook_service() as service:
            return await service.create(DEFAULT_WORKSPACE_ID, url, event_types or [EVERYTHING])

    _print_with_secret(run(work()), as_json=as_json)


@app.command("list")
def list_webhooks(as_json: AsJson = False) -> None:
    """List the webhooks and how they fare, without secrets."""

    async def work() -> Sequence[WebhookRow]:
        async with reading() as database, database.read() as session:
            return await webhooks.list_webhooks(session, DEFAULT_WORKSPACE_ID)

    rows = [_brief(row, as_json=as_json) for row in run(work())]
    print_rows(rows, as_json=as_json, empty="no webhooks yet: latchwork webhooks create --help")


@app.command("delete")
def delete(webhook_id: WebhookId, as_json: AsJson = False) -> None:
    """Forget a webhook; what it was not told yet, it never will be."""

    async def work() -> None:
        async with webhook_service() as service:
            await service.delete(DEFAULT_WORKSPACE_ID, webhook_id)

    run(work())
    if as_json:
        print_json({"webhook_id": webhook_id, "deleted": True})


@app.command("enable")
def enable(webhook_id: WebhookId, as_json: AsJson = False) -> None:
    """Send a disabled webhook events again: those that happen from now on."""

    async def work() -> None:
        async with webhook_service() as service:
            await service.enable(DEFAULT_WORKSPACE_ID, webhook_id)

    run(work())
    if as_json:
        print_json({"webhook_id": webhook_id, "enabled": True})


@app.command("rotate")
def rotate(webhook_id: WebhookId, as_json: AsJson = False) -> None:
    """Make a new secret and show it; the old one signs, too, for a day."""

    async def work() -> Webhook:
        async with webhook_service() as service:
            return await service.rotate_secret(DEFAULT_WORKSPACE_ID, webhook_id)

    _print_with_secret(run(work()), as_json=as_json)


@app.command("test")
def send_test(webhook_id: WebhookId, as_json: AsJson = False) -> None:
    """Send a webhook an event of type webhook.test, once; exit code 1 when it is not taken."""

    async def work() -> Tested:
        async with webhook_service() as service:
            return await service.test(DEFAULT_WORKSPACE_ID, webhook_id)

    with progress("waiting for the endpoint's answer …"):
        tested = run(work())
    if tested.problem is not None:
        raise CommandError(f"the test event {tested.event_id} was not delivered: {tested.problem}")
    print_facts({"event_id": tested.event_id, "delivered": True}, as_json=as_json)


@app.command("replay")
def replay(
    webhook_id: WebhookId,
    event_id: Annotated[UUID, typer.Argument(help="The event to send again.")],
    as_json: AsJson = False,
) -> None:
    """Send a webhook an event again, and go on trying as for a new one."""

    async def work() -> None:
        async with webhook_service() as service:
            await service.replay(DEFAULT_WORKSPACE_ID, webhook_id, event_id)

    run(work())
    if as_json:
        print_json({"webhook_id": webhook_id, "event_id": event_id, "replayed": True})


@app.command("digits")
def digits(switch: Annotated[Switch, typer.Argument(help="Whether events carry the digits of codes.")]) -> None:
    """Choose whether events carry digits, to webhooks and in listings."""

    async def work() -> None:
        async with webhook_service() as service:
            await service.put_digits_in_events(DEFAULT_WORKSPACE_ID, enabled=switch is Switch.ON)

    run(work())


def _print_with_secret(webhook: Webhook, *, as_json: bool) -> None:
    facts = {
        "webhook_id": webhook.webhook_id,
        "url": webhook.url,
        "event_types": webhook.event_types,
        "secret": webhook.secret.get_secret_value(),
    }
    print_facts(facts, as_json=as_json)


def _brief(row: WebhookRow, *, as_json: bool) -> dict[str, Any]:
    instants = {"created_at": row.created_at, "failing_since": row.failing_since, "disabled_at": row.disabled_at}
    shown = {name: (at and at.isoformat()) if as_json else show_moment(at, None) for name, at in instants.items()}
    return {
        "webhook_id": row.id,
        "url": row.url,
        "event_types": row.event_types,
        **shown,
        "disabled_reason": row.disabled_reason,
    }
