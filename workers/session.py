"""What one short command works with: settings, keys, database and, where it needs one, a Temporal client.

A command that only reads does without Temporal, so that operators can look at codes while Temporal is down.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from api.access_codes import AccessCodeService
from api.accounts import AccountService
from api.keys import KeyRefusedError
from api.webhooks import WebhookService
from domain.refusals import RefusedError
from providers.registry import CredentialsError, UnknownDriverError
from store.accounts import AccountInUseError, default_workspace
from store.database import Database
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
    settings = _settings()
    keyring = load_keys(settings)
    client = await connect(settings, keyring)
    async with open_database(settings) as database:
        yield AccessCodeService(client, database, keyring)


@asynccontextmanager
async def account_service() -> AsyncIterator[AccountService]:
    """Open everything for a command that acts on accounts."""
    settings = _settings()
    keyring = load_keys(settings)
    client = await connect(settings, keyring)
    async with open_database(settings) as database:
        yield AccountService(client, database, keyring)


@asynccontextmanager
async def webhook_service() -> AsyncIterator[WebhookService]:
    """Open everything for a command that acts on webhooks."""
    settings = _settings()
    keyring = load_keys(settings)
    client = await connect(settings, keyring)
    async with open_database(settings) as database:
        # The default workspace is made by whoever comes first.
        async with database.write() as session:
            await default_workspace(session, now=datetime.now(UTC))
        yield WebhookService(client, database, keyring, for_development=settings.webhook_private_addresses)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; what can fail in an expected way becomes one line.

    Raises:
        CommandError: with the line.
    """

    async def whole() -> T:
        try:
            return await work
        finally:
            # Without this pause the interpreter may crash on exit while the Temporal SDK's threads still end.
            await asyncio.sleep(0.01)

    with plain_errors():
        try:
            return asyncio.run(whole())
        except RefusedError as error:
            raise CommandError(f"refused: {error} ({error.refusal.type})") from None
        except (AccountInUseError, CredentialsError, KeyRefusedError, UnknownDriverError) as error:
            raise CommandError(str(error)) from None


def _settings() -> Settings:
    return located(load_settings())
