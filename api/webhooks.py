"""The application service of webhooks: endpoints of one workspace, their secrets, tests and replays.

Every method takes the workspace that the caller speaks for; an endpoint or event of another one is not there.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client
from temporalio.service import RPCError

from api.deliveries import deliver_once, restart_delivery
from api.errors import TemporalUnavailableError
from domain.events import Event, EventType
from domain.refusals import RefusalType, RefusedError, refuse
from domain.webhooks import ANSWER_WITHIN, EVERYTHING, SECRETS_OVERLAP, check_event_types, check_url
from store import events, webhooks
from store.database import Database
from store.keyring import KeyRing
from store.positions import last_sequence
from store.tables import WorkspaceRow
from store.webhook_secrets import SECRET_BYTES, new_secret, open_secret, seal_secret
from store.webhook_tables import WebhookRow

TEST_SECONDS = 2 * ANSWER_WITHIN.total_seconds()
"""How long a test is waited for: what an endpoint may take, and as much again for ourselves."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An endpoint as its workspace sees it, with the newer of its secrets."""

    webhook_id: UUID
    workspace_id: UUID
    url: str
    event_types: tuple[str, ...]
    secret: SecretStr
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None


@dataclass(frozen=True, slots=True)
class Tested:
    """What a test event came to.  `problem` is None when it was delivered."""

    event_id: UUID
    problem: str | None


class WebhookService:
    """What a workspace can do with its webhooks.  Every method may raise `StoreUnavailableError`.

    `for_development` lets addresses do without TLS.
    """

    def __init__(self, client: Client, database: Database, keyring: KeyRing, *, for_development: bool = False) -> None:
        self._client = client
        self._database = database
        self._keyring = keyring
        self._for_development = for_development

    async def create(self, workspace_id: UUID, url: str, event_types: Sequence[str] = (EVERYTHING,)) -> Webhook:
        """Have events sent to an address: those that are written from now on.

        Raises:
            RefusedError: the address or an event type cannot be.
        """
        webhook_id = uuid4()
        row = WebhookRow(
            id=webhook_id,
            workspace_id=workspace_id,
            url=check_url(url, for_development=self._for_development),
            event_types=list(check_event_types(event_types)),
            secret=self._new_secret(webhook_id),
            created_at=datetime.now(UTC),
        )
        async with self._database.write() as session:
            row.relayed_through = await last_sequence(session, workspace_id)
            session.add(row)
        return self._shown(row)

    async def get(self, workspace_id: UUID, webhook_id: UUID) -> Webhook:
        """Give an endpoint.

        Raises:
            RefusedError: there is none.
        """
        async with self._database.read() as session:
            return self._shown(await _owned(session, workspace_id, webhook_id))

    async def list(self, workspace_id: UUID) -> Sequence[Webhook]:
        """List a workspace's endpoints, the oldest first."""
        async with self._database.read() as session:
            return [self._shown(row) for row in await webhooks.list_webhooks(session, workspace_id)]

    async def update(self, workspace_id: UUID, webhook_id: UUID, event_types: Sequence[str]) -> Webhook:
        """Choose other event types.

        Raises:
            RefusedError: there is no such endpoint, or an event type cannot be.
        """
        checked = list(check_event_types(event_types))
        async with self._database.write() as session:
            row = await _owned(session, workspace_id, webhook_id, for_update=True)
            row.event_types = checked
        return self._shown(row)

    async def enable(self, workspace_id: UUID, webhook_id: UUID) -> Webhook:
        """Have a disabled endpoint told events again: those that are written from now on.

        Raises:
            RefusedError: there is no such endpoint.
        """
        async with self._database.write() as session:
            row = await _owned(session, workspace_id, webhook_id, for_update=True)
            if row.disabled_at is not None:
                await webhooks.enable(session, row)
        return self._shown(row)

    async def delete(self, workspace_id: UUID, webhook_id: UUID) -> None:
        """Forget an endpoint; deliveries that wait to be tried again end at their next attempt.

        Raises:
            RefusedError: there is none.
        """
        async with self._database.write() as session:
            await session.delete(await _owned(session, workspace_id, webhook_id, for_update=True))

    async def rotate_secret(self, workspace_id: UUID, webhook_id: UUID) -> Webhook:
        """Give an endpoint a new secret; the one before it signs, too, for as long as `SECRETS_OVERLAP`.

        Raises:
            RefusedError: there is no such endpoint.
        """
        async with self._database.write() as session:
            row = await _owned(session, workspace_id, webhook_id, for_update=True)
            row.previous_secret, row.secret = row.secret, self._new_secret(webhook_id)
            row.previous_secret_until = datetime.now(UTC) + SECRETS_OVERLAP
        return self._shown(row)

    async def replay(self, workspace_id: UUID, webhook_id: UUID, event_id: UUID) -> None:
        """Send an event again, from the first attempt, whatever types the endpoint asked for.

        Raises:
            RefusedError: there is no such endpoint or event, or the endpoint is disabled.
            TemporalUnavailableError: Temporal does not take it; call again.
        """
        async with self._database.read() as session:
            await _enabled(session, workspace_id, webhook_id)
            event = await events.get_event(session, event_id)
        if event is None or event.hidden or event.workspace_id != workspace_id:
            raise refuse(RefusalType.EVENT_NOT_FOUND, f"there is no event {event_id}")
        with _temporal():
            await restart_delivery(self._client, event_id, webhook_id, summary=event.event_type)

    async def test(self, workspace_id: UUID, webhook_id: UUID) -> Tested:
        """Send an endpoint, and no other, an event of type `webhook.test`, once, and wait for the answer.

        Raises:
            RefusedError: there is no such endpoint, or it is disabled.
            TemporalUnavailableError: Temporal or its worker does not answer.
        """
        async with self._database.write() as session:
            await _enabled(session, workspace_id, webhook_id)
            now = datetime.now(UTC)
            test = Event(event_type=EventType.WEBHOOK_TEST, occurred_at=now, payload={"webhook_id": str(webhook_id)})
            (event_id,) = await events.append(session, [test], workspace_id=workspace_id, now=now, new_id=uuid4)
        with _temporal():
            return Tested(event_id, await deliver_once(self._client, event_id, webhook_id, within_seconds=TEST_SECONDS))

    async def put_digits_in_events(self, workspace_id: UUID, *, enabled: bool) -> None:
        """Choose whether a workspace's events carry digits, to endpoints and in listings."""
        async with self._database.write() as session:
            workspace = await session.get_one(WorkspaceRow, workspace_id, with_for_update=True)
            workspace.digits_in_events = enabled

    def _new_secret(self, webhook_id: UUID) -> bytes:
        return seal_secret(self._keyring, webhook_id, new_secret(secrets.token_bytes(SECRET_BYTES)))

    def _shown(self, row: WebhookRow) -> Webhook:
        return Webhook(
            webhook_id=row.id,
            workspace_id=row.workspace_id,
            url=row.url,
            event_types=tuple(row.event_types),
            secret=open_secret(self._keyring, row.id, row.secret),
            created_at=row.created_at,
            failing_since=row.failing_since,
            disabled_at=row.disabled_at,
            disabled_reason=row.disabled_reason,
        )


async def _owned(
    session: AsyncSession, workspace_id: UUID, webhook_id: UUID, *, for_update: bool = False
) -> WebhookRow:
    row = await webhooks.get_webhook(session, webhook_id, for_update=for_update)
    if row is None or row.workspace_id != workspace_id:
        raise _not_found(webhook_id)
    return row


async def _enabled(session: AsyncSession, workspace_id: UUID, webhook_id: UUID) -> WebhookRow:
    row = await _owned(session, workspace_id, webhook_id)
    if row.disabled_at is not None:
        raise refuse(RefusalType.WEBHOOK_DISABLED, f"the webhook {webhook_id} is disabled; enable it first")
    return row


def _not_found(webhook_id: UUID) -> RefusedError:
    return refuse(RefusalType.WEBHOOK_NOT_FOUND, f"there is no webhook {webhook_id}")


@contextmanager
def _temporal() -> Iterator[None]:
    try:
        yield
    except RPCError as error:
        raise TemporalUnavailableError(f"Temporal cannot take this now: {error.message}") from None
    except TimeoutError:
        raise TemporalUnavailableError(f"no worker answered within {TEST_SECONDS:.0f} s; see that one runs") from None
