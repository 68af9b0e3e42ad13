"""The whole service on one machine: the composition root of `latchwork up`.

The children start first and come up while this process imports and prepares the rest.  The worker and
the API run in this process, Temporal and the lock cloud are children.  They end in the opposite order, so that nothing
is asked of a part that is gone.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from workers.command_output import print_json
from workers.embedded import HOST, NAMESPACE, EmbeddedOptions, EmbeddedTemporal, raise_retention
from workers.lifetime import background, first_to_end
from workers.locks import LockCloudProcess
from workers.serving import listen, serve, url_of
from workers.settings import Settings
from workers.stack import Stack, forget_stack, holding, write_stack
from workflows.contracts import SEARCH_ATTRIBUTE_TYPES

if TYPE_CHECKING:
    from api.accounts import AccountService

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


async def up(settings: Settings, options: UpOptions) -> None:
    """Run everything until cancelled; print one line of JSON once it is ready.

    Raises:
        CommandError: it cannot start, or a part stopped by itself.
    """
    with holding(settings.data):
        async with AsyncExitStack() as stack:
            listener = listen(HOST, options.port)
            stack.callback(listener.close)
            starting = await _start_children(stack, settings, options, codec_endpoint=f"{url_of(listener)}/codec")

            # Imported only now: they take seconds on a busy machine, in which the children above are starting.
            from api.app import create_app
            from api.inbound import WebhookIntake
            from api.limits import RateLimits
            from api.services import Services
            from api.sweeps import SweepService
            from console.app import create_console, mount
            from workers.backing import open_database
            from workers.client import connect
            from workers.codec import KeyRingCodec
            from workers.consoles import console_settings
            from workers.first_key import demo_key, demo_user, first_key
            from workers.forgetting import forgetting
            from workers.keys import make_keys
            from workers.relay import relaying
            from workers.worker import running_workers

            keyring = make_keys(settings)
            database = await stack.enter_async_context(open_database(settings))
            temporal = await starting.temporal
            embedded = embedded_settings(settings, temporal.address, demo=options.demo)
            client = await connect(embedded, keyring)
            await stack.enter_async_context(running_workers(client, database, keyring, embedded))
            await stack.enter_async_context(relaying(client, database))
            await SweepService(client).schedule(settings.sweep_every)
            await stack.enter_async_context(forgetting(database))
            limits = RateLimits.OFF if options.demo else settings.rate_limits
            services = Services.of(
                client,
                database,
                keyring,
                limits,
                for_development=embedded.webhook_private_addresses,
                messages_for_development=embedded.message_private_addresses,
            )
            intake = WebhookIntake(client, database, keyring)
            codec = KeyRingCodec(keyring)
            app = create_app(services=services, codec=codec, ui_origin=temporal.ui_url, intake=intake)
            console = create_console(services, console_settings(embedded, temporal_ui=temporal.ui_url))
            mount(app, console)
            watched = {
                "the API": await stack.enter_async_context(background(serve(app, listener, console.live.close))),
                "Temporal": await stack.enter_async_context(background(temporal.process.wait())),
            }
            locks = None if starting.locks is None else await starting.locks
            if locks is not None:
                watched["the lock cloud"] = await stack.enter_async_context(background(locks.process.wait()))
                await _connect_demo(services.accounts, locks)
            key = await (demo_key(stack, services.keys) if options.demo else first_key(services.keys))
            if options.demo and key is not None:
                await demo_user(stack, services.users, key)
            _announce(stack, settings, _stack(url_of(listener), temporal, locks, key))
            await first_to_end(watched)


@dataclass(frozen=True, slots=True)
class _Children:
    """The children on their way; awaiting one gives it, or what it failed with."""

    temporal: asyncio.Task[EmbeddedTemporal]
    locks: asyncio.Task[LockCloudProcess] | None


async def _start_children(
    stack: AsyncExitStack, settings: Settings, options: UpOptions, *, codec_endpoint: str
) -> _Children:
    """Have the children started; each is stopped with the stack, started or half started."""
    embedding = EmbeddedOptions(
        folder=settings.data.absolute(),
        search_attributes=[(name.value, kind) for name, kind in SEARCH_ATTRIBUTE_TYPES.items()],
        port=options.wish(TEMPORAL_PORT),
        ui_port=options.wish(TEMPORAL_UI_PORT),
        codec_endpoint=codec_endpoint,
    )
    children = AsyncExitStack()

    async def temporal() -> EmbeddedTemporal:
        server = await EmbeddedTemporal.start(embedding)
        children.push_async_callback(server.stop)
        await raise_retention(server.address)
        return server

    async def locks() -> LockCloudProcess:
        cloud = await LockCloudProcess.start(port=options.wish(LOCKS_PORT), log=settings.data / "locks.log")
        children.push_async_callback(cloud.process.stop)
        return cloud

    # Left in the opposite order: the tasks are cancelled before what they have started is stopped.
    await stack.enter_async_context(children)
    started = _Children(
        await stack.enter_async_context(background(temporal())),
        await stack.enter_async_context(background(locks())) if options.demo else None,
    )
    # One turn of the loop, so that both are spawned before the imports hold it up.
    await asyncio.sleep(0)
    return started


def embedded_settings(settings: Settings, address: str, *, demo: bool = False) -> Settings:
    """Give the settings for the embedded Temporal, whatever the environment says of another.

    A demo is development: its webhooks and messages may go to the machine that it runs on.
    """
    return settings.model_copy(
        update={
            "temporal_address": address,
            "temporal_namespace": NAMESPACE,
            "temporal_api_key": None,
            "temporal_tls_client_cert_path": None,
            "temporal_tls_client_key_path": None,
            "temporal_tls_server_ca_cert_path": None,
            "webhook_private_addresses": demo or settings.webhook_private_addresses,
            "message_private_addresses": demo or settings.message_private_addresses,
        }
    )


async def _connect_demo(accounts: "AccountService", locks: LockCloudProcess) -> None:
    """Connect the lock cloud as anybody's account is connected, or lead the account of the last run to its new port."""
    credentials = {"base_url": locks.url, "token": locks.token}
    account = await accounts.put(DEMO_DRIVER, DEMO_ACCOUNT, credentials)
    found = await accounts.sync(account.id)
    _LOG.info("the lock cloud is connected", account=str(account.id), devices=found.devices)


def _stack(api: str, temporal: EmbeddedTemporal, locks: LockCloudProcess | None, key: str | None) -> Stack:
    return Stack(
        api=api,
        console=f"{api}/console/",
        api_key=key,
        temporal_ui=temporal.ui_url,
        temporal_address=temporal.address,
        locks=None if locks is None else locks.url,
    )


def _announce(stack: AsyncExitStack, settings: Settings, ready: Stack) -> None:
    """Leave the addresses for other commands and print them: the one line on stdout."""
    write_stack(settings.data, ready)
    stack.callback(forget_stack, settings.data)
    print_json(ready.model_dump())
