"""The commands on one access code.  Its digits never leave but by `--reveal`."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

import typer

from api.code_reading import CodeReader
from domain.requests import CodeChange, CodeRequest, CodeWindow
from store.accounts import DEFAULT_WORKSPACE_ID
from workers import command_common_codes, command_unmanaged
from workers.code_views import deletion_facts, show_code, stored_brief
from workers.code_waiting import Waiter
from workers.code_words import (
    ArrivesAt,
    AsJson,
    CodeId,
    CommonCodeKey,
    Device,
    EndsAt,
    Name,
    PinFromPrompt,
    PinFromStdin,
    Reveal,
    StartsAt,
    UseBackupPool,
    asked,
    read_moment,
    read_pin,
)
from workers.command_devices import find_device
from workers.command_output import print_facts, print_rows
from workers.errors import CommandError
from workers.moments import EXPECTED
from workers.session import code_service, reading, run
from workflows.contracts import AccessCodeReceipt

Wait = Annotated[bool, typer.Option("--wait", help="Wait until it is read back from the lock.")]
Timeout = Annotated[float, typer.Option(min=1, help="How long --wait waits, in seconds.")]
DEFAULT_WAIT_SECONDS = 120.0

app = typer.Typer(no_args_is_help=True, help="Guests' access codes.")


@app.command("create")
def create(
    device: Device,
    name: Name = None,
    starts_at: StartsAt = None,
    ends_at: EndsAt = None,
    arrives_at: ArrivesAt = None,
    common_code_key: CommonCodeKey = None,
    use_backup_pool: UseBackupPool = False,
    pin_stdin: PinFromStdin = False,
    pin_prompt: PinFromPrompt = False,
    access_code_id: Annotated[
        UUID | None, typer.Option("--id", help="The code's id; repeating a call with the same id is harmless.")
    ] = None,
    wait: Wait = False,
    timeout_seconds: Timeout = DEFAULT_WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Create an access code; without --pin-… its digits are chosen."""
    wanted = {
        "name": name,
        "starts_at": read_moment(starts_at),
        "ends_at": read_moment(ends_at),
        "arrives_at": read_moment(arrives_at),
        "common_code_key": common_code_key,
        "use_backup_access_code_pool": use_backup_pool,
    }
    pin = read_pin(from_stdin=pin_stdin, prompt=pin_prompt)
    code_id = access_code_id or uuid4()

    async def work() -> None:
        lock = await find_device(device)
        request = CodeRequest.model_validate({**wanted, "device_id": lock.id, "workspace_id": lock.workspace_id})
        async with code_service() as service:
            await service.create(request, access_code_id=code_id, pin=pin)
            if wait:
                await Waiter(service, timeout_seconds).until_set(code_id)

    with asked():
        run(work())
    show_code(code_id, as_json=as_json)


@app.command("list")
def list_codes(
    device: Annotated[str | None, typer.Option(help="Only those of this lock (id or name).")] = None,
    as_json: AsJson = False,
) -> None:
    """List access codes, newest first, without digits."""

    async def work() -> list[dict[str, object]]:
        lock = None if device is None else await find_device(device)
        async with reading() as database:
            stored = await CodeReader(database).list(DEFAULT_WORKSPACE_ID, None if lock is None else lock.id)
        return [stored_brief(one, datetime.now(UTC), as_json=as_json) for one in stored]

    print_rows(run(work()), as_json=as_json, empty="no access codes: latchwork codes create --help")


@app.command("show")
def show(access_code_id: CodeId, reveal: Reveal = False, as_json: AsJson = False) -> None:
    """Show one access code."""
    show_code(access_code_id, as_json=as_json, reveal=reveal)


@app.command("extend")
def extend(
    access_code_id: CodeId,
    ends_at: Annotated[str, typer.Option(help=f"The new end; digits and slot stay. Relative to now or: {EXPECTED}.")],
    as_json: AsJson = False,
) -> None:
    """Move the end of an access code; an earlier end than now means: remove it now."""
    end = read_moment(ends_at)

    async def work() -> None:
        async with code_service() as service:
            stored = await service.get(access_code_id)
            window = CodeWindow(starts_at=stored.code.wish.starts_at, ends_at=end)
            await service.change(access_code_id, CodeChange(window=window))

    run(work())
    show_code(access_code_id, as_json=as_json)


@app.command("pull-backup")
def pull_backup(access_code_id: CodeId, reveal: Reveal = False, as_json: AsJson = False) -> None:
    """Have a backup code stand in for an access code, and show it; repeated, it is the same one."""

    async def work() -> UUID:
        async with code_service() as service:
            receipt = await service.pull_backup(access_code_id)
        if receipt.pulled_backup_access_code_id is None:
            raise CommandError(f"no backup code stands in for access code {access_code_id}; try again")
        return receipt.pulled_backup_access_code_id

    show_code(run(work()), as_json=as_json, reveal=reveal)


@app.command("delete")
def delete(
    access_code_id: CodeId,
    wait: Wait = False,
    timeout_seconds: Timeout = DEFAULT_WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Have an access code removed from its lock; it is gone from here once that is proven."""

    async def work() -> AccessCodeReceipt:
        async with code_service() as service:
            receipt = await service.delete(access_code_id)
            if wait:
                await Waiter(service, timeout_seconds).until_gone(access_code_id)
            return receipt

    receipt = run(work())
    print_facts(deletion_facts(receipt, is_gone=wait or receipt.is_ended), as_json=as_json)


command_common_codes.register(app)
app.add_typer(command_unmanaged.app, name="unmanaged")
