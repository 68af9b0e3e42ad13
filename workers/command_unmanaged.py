"""The commands on codes that somebody else put on a lock."""

from typing import Any
from uuid import UUID

import typer

from store.accounts import DEFAULT_WORKSPACE_ID
from store.database import Database
from store.tables import DeviceRow
from store.unmanaged import unmanaged_on
from store.unmanaged_tables import UnmanagedCodeRow
from workers.code_words import AsJson, CodeId, Reveal
from workers.command_devices import Device, find_device
from workers.command_output import print_facts, print_rows
from workers.errors import CommandError
from workers.moments import show_moment
from workers.session import reading, run, unmanaged_code_service
from workflows.contracts import UnmanagedCodeResult

app = typer.Typer(no_args_is_help=True, help="Codes that somebody else put on a lock.")


@app.command("list")
def list_unmanaged(device: Device, as_json: AsJson = False) -> None:
    """List the codes of others on a lock, as it was last read; `devices reconcile` reads it now."""

    async def work() -> list[dict[str, Any]]:
        lock = await find_device(device)
        async with reading() as database:
            return [_brief(row, as_json=as_json) for row in await _rows(database, lock)]

    print_rows(run(work()), as_json=as_json, empty="nobody else has a code on this lock, as far as it was read")


@app.command("show")
def show(access_code_id: CodeId, reveal: Reveal = False, as_json: AsJson = False) -> None:
    """Show one."""

    async def work() -> dict[str, Any]:
        async with unmanaged_code_service() as service:
            row = await service.get(DEFAULT_WORKSPACE_ID, access_code_id)
            pin = service.reveal(row) if reveal else None
        return _brief(row, as_json=as_json) | ({"code": pin and pin.get_secret_value()} if reveal else {})

    print_facts(run(work()), as_json=as_json)


@app.command("convert")
def convert(access_code_id: CodeId, as_json: AsJson = False) -> None:
    """Make one a code of ours, without an end, if its lock shows exactly the digits that are listed."""
    _settle(access_code_id, "adopt", as_json=as_json)


@app.command("delete")
def delete(access_code_id: CodeId, as_json: AsJson = False) -> None:
    """Take one off its lock, if the lock shows exactly the digits that are listed, and see that it is gone."""
    _settle(access_code_id, "remove", as_json=as_json)


def _settle(access_code_id: UUID, operation: str, *, as_json: bool) -> None:
    async def work() -> UnmanagedCodeResult:
        async with unmanaged_code_service() as service:
            row = await service.get(DEFAULT_WORKSPACE_ID, access_code_id)
            await (service.adopt(row) if operation == "adopt" else service.remove(row))
            return await service.settled(operation, access_code_id)

    result = run(work())
    if result.failure is not None:
        raise CommandError(f"nothing was done: {result.failure}")
    print_facts({"access_code_id": str(access_code_id), "is_managed": operation == "adopt"}, as_json=as_json)


async def _rows(database: Database, lock: DeviceRow) -> list[UnmanagedCodeRow]:
    async with database.read() as session:
        return list(await unmanaged_on(session, lock.id))


def _brief(row: UnmanagedCodeRow, *, as_json: bool) -> dict[str, Any]:
    seen = row.seen_at.isoformat() if as_json else show_moment(row.seen_at, None)
    return {
        "access_code_id": str(row.id),
        "name": row.name,
        "slot": row.slot,
        "seen_at": seen,
        "can_be_managed": row.pin_index is not None,
    }
