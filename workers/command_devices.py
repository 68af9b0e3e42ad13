"""The commands that look at locks."""

from typing import Annotated, Any

import typer

from store import devices
from store.accounts import DEFAULT_WORKSPACE_ID
from store.devices import AmbiguousDeviceError
from store.tables import DeviceRow
from workers.command_output import print_facts, print_rows
from workers.errors import CommandError
from workers.moments import show_moment
from workers.session import reading, run

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

app = typer.Typer(no_args_is_help=True, help="The locks of the connected accounts.")


@app.command("list")
def list_devices(as_json: AsJson = False) -> None:
    """List the locks as their vendors last described them."""

    async def work() -> list[DeviceRow]:
        async with reading() as database, database.read() as session:
            return await devices.list_devices(session, DEFAULT_WORKSPACE_ID)

    rows = [_brief(row) for row in run(work())]
    print_rows(rows, as_json=as_json, empty="no locks yet; connect an account: latchwork accounts add --help")


@app.command("show")
def show(device: Annotated[str, typer.Argument(help="Id or name.")], as_json: AsJson = False) -> None:
    """Show one lock with everything that is known of it."""
    row = run(find_device(device))
    facts = devices.facts_of(row)
    described: dict[str, Any] = {
        **_brief(row),
        "workspace_id": row.workspace_id,
        "lock_id": row.lock_id,
        "manufacturer": facts.manufacturer,
        "supported_code_lengths": list(facts.supported_code_lengths),
        "max_active_codes_supported": facts.max_active_codes_supported,
        "code_constraints": [rule.model_dump(exclude_none=True) for rule in facts.code_constraints]
        if as_json
        else [rule.constraint_type for rule in facts.code_constraints],
        "capabilities": facts.capabilities.model_dump(mode="json")
        if as_json
        else [name for name, value in facts.capabilities if value is True],
        "seen_at": row.seen_at if as_json else show_moment(row.seen_at, facts.time_zone),
    }
    print_facts(described, as_json=as_json)


async def find_device(id_or_name: str) -> DeviceRow:
    """Give the lock that a person means.

    Raises:
        CommandError: there is none, or several have this name.
    """
    async with reading() as database, database.read() as session:
        try:
            row = await devices.find_device(session, DEFAULT_WORKSPACE_ID, id_or_name)
        except AmbiguousDeviceError as error:
            raise CommandError(str(error)) from None
    if row is None:
        raise CommandError(f"there is no lock {id_or_name!r}; see: latchwork devices list")
    return row


def _brief(row: DeviceRow) -> dict[str, Any]:
    facts = devices.facts_of(row)
    return {
        "device_id": row.id,
        "name": row.name,
        "online": row.online,
        "model": facts.model,
        "battery": None if facts.battery_level is None else f"{facts.battery_level:.0%}",
        "time_zone": facts.time_zone,
    }
