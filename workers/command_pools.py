"""The commands on backup pools: how many codes lie ready on each lock, and whether it keeps any."""

from typing import Annotated, Any

import typer

from api.pool_reading import PoolReader
from domain.requests import DeviceChange
from store.accounts import DEFAULT_WORKSPACE_ID
from workers.command_devices import find_device
from workers.command_output import print_rows
from workers.device_views import pool_brief
from workers.session import device_service, reading, run

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Device = Annotated[str, typer.Argument(help="The lock's id or name.")]

app = typer.Typer(no_args_is_help=True, help="Backup codes that lie ready on locks; which and what is shown nowhere.")


@app.command("list")
def list_pools(
    device: Annotated[str | None, typer.Option(help="Only those on this lock (id or name).")] = None,
    as_json: AsJson = False,
) -> None:
    """List the pools on every lock: counts and the lock's problems."""
    _show(device, as_json=as_json)


@app.command("enable")
def enable(device: Device, as_json: AsJson = False) -> None:
    """Have a lock keep backup codes ready from now on; it fills up in the background."""
    _switch(device, enabled=True)
    _show(device, as_json=as_json)


@app.command("disable")
def disable(device: Device, as_json: AsJson = False) -> None:
    """Have a lock keep none: those that nobody has are taken off; guests keep theirs."""
    _switch(device, enabled=False)
    _show(device, as_json=as_json)


def _switch(device: str, *, enabled: bool) -> None:
    async def work() -> None:
        row = await find_device(device)
        async with device_service() as service:
            await service.update(DeviceChange(device_id=row.id, backup_access_code_pool_enabled=enabled))

    run(work())


def _show(device: str | None, *, as_json: bool) -> None:
    async def work() -> list[dict[str, Any]]:
        row = None if device is None else await find_device(device)
        async with reading() as database:
            health = await PoolReader(database).pools(DEFAULT_WORKSPACE_ID, None if row is None else row.id)
        return [pool_brief(one) for one in health]

    print_rows(run(work()), as_json=as_json, empty="no pools: latchwork pools enable --help")
