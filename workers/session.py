"""What one short command works with: settings, keys, database and, where it needs one, a Temporal client.

A command that only reads does without Temporal, so that operators can look at codes while Temporal is down.
"""

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from temporalio.client import Client

from api.access_codes import AccessCodeService
from api.accounts import AccountService
from api.common_codes import CommonCodeService
from api.devices import DeviceService
from api.keys import KeyRefusedError
from api.messages import MessageService
from api.replacements import ReplacementService
from api.sweeps import SweepService
from api.unmanaged_codes import UnmanagedCodeService
from api.webhooks import WebhookService
from domain.refusals import RefusedError
from providers.registry import CredentialsError, UnknownDriverError
from store.accounts import AccountInUseError, default_workspace
from store.database import Database
from store.keyring import KeyRing
from workers import loop
from workers.backing import open_database
from workers.client import connect
from workers.errors import CommandError, plain_errors
from workers.keys import load_keys
from workers.settings import Settings, load_settings
from workers.stack import located

T = TypeVar("T")


@asynccontextmanager
async def reading() -> AsyncIterator[Database]:
    """Open the database for a command that only looks."""
    async with open_database(_settings()) as database:
        yield database


@asynccontextmanager
async def code_service() -> AsyncIterator[AccessCodeService]:
    """Open everything for a command that acts on access codes."""
    async with _acting() as parts:
        yield AccessCodeService(parts.client, parts.database, parts.keyring)


@asynccontextmanager
async def common_code_service() -> AsyncIterator[CommonCodeService]:
    """Open everything for a command that acts on several access codes at once."""
    async with _acting() as parts:
        yield CommonCodeService(AccessCodeService(parts.client, parts.database, parts.keyring), parts.database)


@asynccontextmanager
async def device_service() -> AsyncIterator[DeviceService]:
    """Open everything for a command that changes what locks are used for."""
    async with _acting() as parts:
        yield DeviceService(parts.client, parts.database)


@asynccontextmanager
async def replacement_service() -> AsyncIterator[ReplacementService]:
    """Open everything for a command on new locks."""
    async with _acting() as parts:
        yield ReplacementService(parts.client, parts.database)


@asynccontextmanager
async def unmanaged_code_service() -> AsyncIterator[UnmanagedCodeService]:
    """Open everything for a command that acts on codes of others."""
    async with _acting() as parts:
        yield UnmanagedCodeService(parts.client, parts.database, parts.keyring)


@asynccontextmanager
async def account_service() -> AsyncIterator[AccountService]:
    """Open everything for a command that acts on accounts."""
    async with _acting() as parts:
        yield AccountService(parts.client, parts.database, parts.keyring)


@asynccontextmanager
async def sweep_service() -> AsyncIterator[SweepService]:
    """Open everything for a command that looks for codes without a workflow."""
    async with _acting() as parts:
        yield SweepService(parts.client)


@asynccontextmanager
async def webhook_service() -> AsyncIterator[WebhookService]:
    """Open everything for a command that acts on webhooks."""
    async with _acting() as parts:
        # The default workspace is made by whoever comes first.
        async with parts.database.write() as session:
            await default_workspace(session, now=datetime.now(UTC))
        development = parts.settings.webhook_private_addresses
        yield WebhookService(parts.client, parts.database, parts.keyring, for_development=development)


@asynccontextmanager
async def message_service() -> AsyncIterator[MessageService]:
    """Open everything for a command that acts on messages to guests."""
    async with _acting() as parts:
        yield MessageService(parts.client, parts.database, parts.keyring)


@dataclass(frozen=True, slots=True)
class _Parts:
    settings: Settings
    client: Client
    database: Database
    keyring: KeyRing


@asynccontextmanager
async def _acting() -> AsyncIterator[_Parts]:
    settings = _settings()
    keyring = load_keys(settings)
    client = await connect(settings, keyring)
    async with open_database(settings) as database:
        yield _Parts(settings, client, database, keyring)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; what can fail in an expected way becomes one line.

    Raises:
        CommandError: with the line.
    """

    with plain_errors():
        try:
            return loop.run(work)
        except RefusedError as error:
            raise CommandError(f"refused: {error} ({error.refusal.type})") from None
        except (AccountInUseError, CredentialsError, KeyRefusedError, UnknownDriverError) as error:
            raise CommandError(str(error)) from None


def _settings() -> Settings:
    return located(load_settings())
