"""The commands on locks: what is known of them, and what they are used for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError

from api.slots import COMING_DAYS, SlotCalendar, SlotReader
from domain.policy import RECONCILE_EVERY, Policy
from domain.requests import DeviceChange
from store import devices
from store.accounts import DEFAULT_WORKSPACE_ID
from store.devices import AmbiguousDeviceError
from store.tables import DeviceRow, WorkspaceRow
from workers import command_replacements
from workers.command_output import print_facts, print_rows
from workers.device_policy import EXPECTED, laid_over, policy_facts, read_settings, told
from workers.device_views import device_brief, device_facts, slots_of_day
from workers.errors import CommandError
from workers.session import account_service, device_service, reading, run
from workflows.contracts import ReconcileResult

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Device = Annotated[str, typer.Argument(help="Id or name.")]

app = typer.Typer(no_args_is_help=True, help="The locks of the connected accounts.")
command_replacements.register(app)


@app.command("list")
def list_devices(as_json: AsJson = False) -> None:
    """List the locks as their vendors last described them."""

    async def work() -> list[DeviceRow]:
        async with reading() as database, database.read() as session:
            return await devices.list_devices(session, DEFAULT_WORKSPACE_ID)

    rows = [device_brief(row) for row in run(work())]
    print_rows(rows, as_json=as_json, empty="no locks yet; connect an account: latchwork accounts add --help")


@app.command("show")
def show(device: Device, as_json: AsJson = False) -> None:
    """Show one lock with everything that is known of it."""
    _show(device, as_json=as_json)


@app.command("unmanage")
def unmanage(
    device: Device,
    release: Annotated[
        bool, typer.Option("--release", help="Leave guests' codes on the lock for good, instead of until their end.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also while guests' codes are live; see them with: latchwork exposure.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put no more codes on a lock, and take off the backup codes that nobody has; refused while guests' are live."""
    _manage(device, is_managed=False, releases_codes=release, force=force)
    _show(device, as_json=as_json)


@app.command("manage")
def manage(device: Device, as_json: AsJson = False) -> None:
    """Have a lock take codes again; a pool that was enabled fills up again."""
    _manage(device, is_managed=True)
    _show(device, as_json=as_json)


@app.command("slots")
def slots(
    device: Device,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days, today first.")] = COMING_DAYS,
    as_json: AsJson = False,
) -> None:
    """Show how many slots guests need on each coming day, and how many are free."""

    async def work() -> SlotCalendar | None:
        row = await find_device(device)
        async with reading() as database:
            return await SlotReader(database).calendar(row.id, datetime.now(UTC), days=days)

    calendar = run(work())
    rows = [] if calendar is None else [slots_of_day(one, calendar) for one in calendar.days]
    print_rows(rows, as_json=as_json, empty="")


@app.command("reconcile")
def reconcile(device: Device, as_json: AsJson = False) -> None:
    """Read a lock now, and have put right what others did to its codes."""

    async def work() -> ReconcileResult:
        row = await find_device(device)
        async with device_service() as service:
            return await service.reconcile(row.id)

    result = run(work())
    if result.unread:
        raise CommandError(f"{device} could not be read; see: latchwork devices show {device!r}")
    print_facts(result.model_dump(mode="json", exclude={"locks", "unread"}), as_json=as_json)


@app.command("policy")
def policy(
    device: Device,
    settings: Annotated[list[str] | None, typer.Argument(help=EXPECTED)] = None,
    as_json: AsJson = False,
) -> None:
    """Show a lock's policy, or change it for the codes that come."""
    changes = read_settings(settings or [])

    async def work() -> tuple[Policy, DeviceRow]:
        row = await find_device(device)
        if changes:
            await _change_policy(row.id, changes)
        async with reading() as database, database.read() as session:
            row = await session.get_one(DeviceRow, row.id)
            workspace = await session.get_one(WorkspaceRow, row.workspace_id)
            return devices.effective_policy(workspace, row), row

    try:
        effective, row = run(work())
    except ValidationError as error:
        raise CommandError(f"the lock's policy stays as it was: {told(error)}") from None
    print_rows(policy_facts(effective, row.policy, as_json=as_json), as_json=as_json, empty="")


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


async def _change_policy(device_id: UUID, changes: Mapping[str, Any]) -> None:
    """Write a lock's settings down and tell its pools."""
    # The service comes first: without Temporal nothing is written, so nothing is left untold.
    async with device_service() as service, account_service() as accounts, reading() as database:
        async with database.write() as session:
            row = await session.get_one(DeviceRow, device_id, with_for_update=True)
            await devices.set_policy(session, device_id, laid_over(row.policy, changes))
            account_id = row.account_id
        await service.update(DeviceChange(device_id=device_id))
        if RECONCILE_EVERY & changes.keys():
            await accounts.schedule(account_id)


def _show(device: str, *, as_json: bool) -> None:
    print_facts(device_facts(run(find_device(device)), as_json=as_json), as_json=as_json)


def _manage(device: str, *, is_managed: bool, releases_codes: bool = False, force: bool = False) -> None:
    async def work() -> None:
        row = await find_device(device)
        change = DeviceChange(device_id=row.id, is_managed=is_managed, releases_codes=releases_codes, force=force)
        async with device_service() as service:
            await service.update(change)

    run(work())
