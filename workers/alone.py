"""Worker and API as processes of their own: the composition roots for somebody's own Temporal and database.

Neither makes keys: a process with keys of its own would write what no other process can read.
"""

import asyncio

from api.app import create_app
from api.inbound import WebhookIntake
from api.services import Services
from api.sweeps import SweepService
from console.app import create_console, mount
from workers.backing import open_database
from workers.client import connect, ensure_search_attributes
from workers.codec import KeyRingCodec
from workers.command_output import print_json
from workers.consoles import console_settings
from workers.forgetting import forgetting
from workers.keys import load_keys
from workers.relay import relaying
from workers.serving import listen, serve, url_of
from workers.settings import Settings
from workers.stack import located
from workers.worker import running_workers


async def run_worker(settings: Settings) -> None:
    """Run the workers until cancelled.

    Raises:
        CommandError: there are no keys.
        TemporalUnavailableError: Temporal does not answer.
        StoreUnavailableError: the database does not answer.
    """
    settings = located(settings)
    keyring = load_keys(settings)
    client = await connect(settings, keyring)
    await ensure_search_attributes(client)
    async with (
        open_database(settings) as database,
        running_workers(client, database, keyring, settings),
        relaying(client, database),
        forgetting(database),
    ):
        await SweepService(client).schedule(settings.sweep_every)
        print_json({"ready": True, "worker": True})
        await asyncio.Event().wait()


async def run_api(settings: Settings, *, port: int, ui_origin: str | None) -> None:
    """Serve the API until cancelled.

    Raises:
        CommandError: there are no keys, or the port is taken.
        TemporalUnavailableError: Temporal does not answer.
        StoreUnavailableError: the database does not answer.
    """
    settings = located(settings)
    keyring = load_keys(settings)
    listener = listen(settings.api_host, port)
    try:
        client = await connect(settings, keyring)
        async with open_database(settings) as database:
            services = Services.of(
                client,
                database,
                keyring,
                settings.rate_limits,
                for_development=settings.webhook_private_addresses,
                messages_for_development=settings.message_private_addresses,
            )
            intake = WebhookIntake(client, database, keyring)
            codec = KeyRingCodec(keyring)
            app = create_app(services=services, codec=codec, ui_origin=ui_origin, intake=intake)
            console = create_console(services, console_settings(settings, temporal_ui=ui_origin))
            mount(app, console)
            print_json({"ready": True, "api": url_of(listener), "console": f"{url_of(listener)}/console/"})
            await serve(app, listener, console.live.close)
    finally:
        listener.close()
