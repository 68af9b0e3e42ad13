"""The whole service on one machine: the composition root of `latchwork up`.

What can start at the same time does: keys, tables, Temporal and the lock cloud do not need each other.  The worker and
the API run in this process, Temporal and the lock cloud are children.  They end in the opposite order, so that nothing
is asked of a part that is gone.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog

from api.accounts import AccountService
from store.database import Database
from store.keyring import KeyRing
from workers.backing import open_database
from workers.command_output import print_json
from workers.embedded import HOST, NAMESPACE, EmbeddedOptions, EmbeddedTemporal, raise_retention
from workers.keys import make_keys
from workers.lifetime import background, first_to_end
from workers.locks import LockCloudProcess
from workers.serving import listen, serve, url_of
from workers.settings import Settings
from workers.stack import Stack, forget_stack, holding, write_stack
from workflows.contracts import SEARCH_ATTRIBUTE_TYPES

TEMPORAL_PORT, TEMPORAL_UI_PORT, LOCKS_PORT = 7233, 8233, 8090
"""Where people look for Temporal first, and a neighbour for the lock cloud; taken where they are free."""
DEMO_DRIVER, DEMO_ACCOUNT = "lock_cloud", "Demo lock cloud"

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What `up` was asked for.  Port 0 picks free ports for everything."""

    port: int
    demo: bool

    def wish(self, port: int) -> int:
        """Give the port to try first for another part."""
        return port if self.port else 0


@dataclass(frozen=True, slots=True)
class _Parts:
    """What runs before worker and API do."""

    database: Database
    keyring: KeyRing
    temporal: EmbeddedTemporal
    locks: LockCloudProcess | None


async def up(settings: Settings, options: UpOptions) -> None:
    """Run everything until cancelled; print one line of JSON once it is ready.

    Raises:
        CommandError: it cannot start, or a part stopped by itself.
    """
    with holding(settings.data):
        async with AsyncExitStack() as stack:
            listener = listen(HOST, options.port)
            stack.callback(listener.close)
            parts = await _start_parts(stack, settings, options, codec_endpoint=f"{url_of(listener)}/codec")
            embedded = _embedded_settings(settings, parts.temporal.address)

            # Imported only now: they take most of a second, in which the children above were already starting.
            from api.app import create_app
            from workers.client import connect
            from workers.codec import KeyRingCodec
            from workers.worker import running_workers

            client = await connect(embedded, parts.keyring)
            app = create_app(codec=KeyRingCodec(parts.keyring), ui_origin=parts.temporal.ui_url)
            await stack.enter_async_context(running_workers(client, parts.database, parts.keyring, embedded))
            watched = {
                "the API": await stack.enter_async_context(background(serve(app, listener))),
                "Temporal": await stack.enter_async_context(background(parts.temporal.process.wait())),
            }
            if parts.locks is not None:
                watched["the lock cloud"] = await stack.enter_async_context(background(parts.locks.process.wait()))
                await _connect_demo(AccountService(client, parts.database, parts.keyring), parts.locks)
            _announce(stack, settings, parts, url_of(listener))
            await first_to_end(watched)


async def _start_parts(stack: AsyncExitStack, settings: Settings, options: UpOptions, *, codec_endpoint: str) -> _Parts:
    """Start what does not need anything else, all at once; each is closed with the stack, started or half started."""
    keyring = make_keys(settings)
    embedding = EmbeddedOptions(
        folder=settings.data.absolute(),
        search_attributes=[(name.value, kind) for name, kind in SEARCH_ATTRIBUTE_TYPES.items()],
        port=options.wish(TEMPORAL_PORT),
        ui_port=options.wish(TEMPORAL_UI_PORT),
        codec_endpoint=codec_endpoint,
    )

    async def temporal() -> EmbeddedTemporal:
        server = await EmbeddedTemporal.start(embedding)
        stack.push_async_callback(server.stop)
        await raise_retention(server.address)
        return server

    async def locks() -> LockCloudProcess | None:
        if not options.demo:
            return None
        cloud = await LockCloudProcess.start(port=options.wish(LOCKS_PORT), log=settings.data / "locks.log")
        stack.push_async_callback(cloud.process.stop)
        return cloud

    try:
        async with asyncio.TaskGroup() as starting:
            database = starting.create_task(stack.enter_async_context(open_database(settings)))
            server = starting.create_task(temporal())
            cloud = starting.create_task(locks())
    except BaseExceptionGroup as failures:
        # The first failure is the cause; the others were cancelled because of it.
        raise failures.exceptions[0] from None
    return _Parts(database.result(), keyring, server.result(), cloud.result())


def _embedded_settings(settings: Settings, address: str) -> Settings:
    """Give the settings for the embedded Temporal, whatever the environment says of another."""
    return settings.model_copy(
        update={
            "temporal_address": address,
            "temporal_namespace": NAMESPACE,
            "temporal_api_key": None,
            "temporal_tls_client_cert_path": None,
            "temporal_tls_client_key_path": None,
            "temporal_tls_server_ca_cert_path": None,
        }
    )


async def _connect_demo(accounts: AccountService, locks: LockCloudProcess) -> None:
    """Connect the lock cloud as anybody's account is connected, or lead the account of the last run to its new port."""
    credentials = {"base_url": locks.url, "token": locks.token}
    account = await accounts.put(DEMO_DRIVER, DEMO_ACCOUNT, credentials)
    found = await accounts.sync(account.id)
    _LOG.info("the lock cloud is connected", account=str(account.id), devices=found.devices)


def _announce(stack: AsyncExitStack, settings: Settings, parts: _Parts, api: str) -> None:
    """Leave the addresses for other commands and print them: the one line on stdout."""
    ready = Stack(
        api=api,
        temporal_ui=parts.temporal.ui_url,
        temporal_address=parts.temporal.address,
        locks=None if parts.locks is None else parts.locks.url,
    )
    write_stack(settings.data, ready)
    stack.callback(forget_stack, settings.data)
    print_json(ready.model_dump())
