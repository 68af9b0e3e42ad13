"""The application service of channels: the ways to a workspace's guests, whose credentials nobody sees again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pydantic import SecretStr

from domain.message_channels import ChannelKind, check_channel_url
from domain.refusals import RefusalType, refuse
from store import messages
from store.database import Database
from store.guest_secrets import seal_url
from store.guest_tables import MessageChannelRow
from store.keyring import KeyRing


@dataclass(frozen=True, slots=True)
class MessageChannel:
    """A channel without its URL."""

    channel_id: UUID
    name: str
    kind: ChannelKind
    created_at: datetime


class MessageChannelService:
    """What a workspace can do with its channels.  Every method may raise `StoreUnavailableError`.

    `for_development` lets channels do without TLS.
    """

    def __init__(self, database: Database, keyring: KeyRing, *, for_development: bool = False) -> None:
        self._database = database
        self._keyring = keyring
        self._for_development = for_development

    async def create(
        self, workspace_id: UUID, channel_id: UUID, name: str, kind: ChannelKind, url: SecretStr
    ) -> MessageChannel:
        """Add a channel: an apprise URL with `{to}` where the guest's address belongs.

        Raises:
            RefusedError: the URL cannot be a channel's.
        """
        check_channel_url(kind, url.get_secret_value(), for_development=self._for_development)
        row = MessageChannelRow(
            id=channel_id,
            workspace_id=workspace_id,
            name=name,
            kind=kind.value,
            url=seal_url(self._keyring, channel_id, url),
            created_at=datetime.now(UTC),
        )
        async with self._database.write() as session:
            session.add(row)
        return _shown(row)

    async def list(self, workspace_id: UUID) -> Sequence[MessageChannel]:
        """List the channels in the order in which they are chosen: the oldest first."""
        async with self._database.read() as session:
            return [_shown(row) for row in await messages.list_channels(session, workspace_id)]

    async def delete(self, workspace_id: UUID, channel_id: UUID) -> None:
        """Forget a channel; messages that wait take another one.

        Raises:
            RefusedError: there is none.
        """
        async with self._database.write() as session:
            row = await session.get(MessageChannelRow, channel_id)
            if row is None or row.workspace_id != workspace_id:
                raise refuse(RefusalType.MESSAGE_CHANNEL_NOT_FOUND, f"there is no channel {channel_id}")
            await session.delete(row)


def _shown(row: MessageChannelRow) -> MessageChannel:
    return MessageChannel(row.id, row.name, ChannelKind(row.kind), row.created_at)
