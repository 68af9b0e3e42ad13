"""The commands that keep running: `up`, `worker`, `api` and `locks`."""

import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from workers import loop
from workers.command_output import print_json
from workers.errors import CommandError, plain_errors
from workers.lifetime import until_signal
from workers.logs import set_up_logs
from workers.settings import Settings, load_settings

API_PORT = 8080

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the API; 0 picks free ports for everything.")]
Data = Annotated[Path | None, typer.Option(help="Data folder; LATCHWORK_DATA, else .latchwork, when it is not given.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("up")(up)
    app.command("worker")(worker)
    app.command("api")(api)
    app.command("locks")(locks)


def up(data: Data = None, port: Port = API_PORT, demo: bool = typer.Option(False, help="Add simulated locks.")) -> None:
    """Run everything on this machine; one line of JSON on stdout says when it is ready and where."""
    settings = _prepared().at(data)
    # Databases and logs in the folder are the owner's alone, also those that children make.
    os.umask(0o077)
    from workers.up import UpOptions
    from workers.up import up as run_up

    _keep_running(run_up(settings, UpOptions(port=port, demo=demo)))


def worker(data: Data = None) -> None:
    """Run the workers alone, on the Temporal and the database of the settings."""
    settings = _prepared().at(data)
    from workers.alone import run_worker

    _keep_running(run_worker(settings))


def api(
    data: Data = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 picks a free one.")] = API_PORT,
    ui_origin: Annotated[
        str | None, typer.Option(help="Origin of the Temporal UI that may have payloads decoded; without it, none.")
    ] = None,
) -> None:
    """Run the HTTP API alone; one line of JSON on stdout says where."""
    settings = _prepared().at(data)
    from workers.alone import run_api

    _keep_running(run_api(settings, port=port, ui_origin=ui_origin))


def locks(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 picks a free one.")] = 8090,
    seed: Annotated[int, typer.Option(help="The same seed gives the same locks and the same faults.")] = 0,
) -> None:
    """Run the simulated lock cloud alone; one line of JSON on stdout gives its address and token."""
    _prepared()
    from providers.simulated import DEMO_TOKEN, run

    async def cloud() -> None:
        try:
            await run("127.0.0.1", port, seed, lambda url: print_json({"url": url, "token": DEMO_TOKEN}))
        except OSError as error:
            raise CommandError(f"port {port} cannot be used ({error.strerror}); choose another with --port") from None

    _keep_running(cloud())


def _prepared() -> Settings:
    settings = load_settings()
    set_up_logs(settings.log_format, settings.log_level)
    return settings


def _keep_running(work: Coroutine[Any, Any, None]) -> None:
    """Run until a signal comes."""
    loop.look_for_garbage_in_short_moments()
    with plain_errors():
        loop.run(until_signal(work))
