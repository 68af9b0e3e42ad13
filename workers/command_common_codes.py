"""The commands on several access codes at once: one PIN for a guest, on every lock of a home."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

import typer

from api.code_reading import CodeReader
from api.common_codes import WhenNotShared
from domain.requests import CodeChange, CodeRequest, CodeWindow
from store.accounts import DEFAULT_WORKSPACE_ID
from workers.code_views import stored_brief
from workers.code_words import (
    ArrivesAt,
    AsJson,
    CommonCodeKey,
    EndsAt,
    Name,
    PinFromPrompt,
    PinFromStdin,
    StartsAt,
    UseBackupPool,
    asked,
    read_moment,
    read_pin,
)
from workers.command_devices import find_device
from workers.command_output import print_facts, print_rows
from workers.session import common_code_service, reading, run


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("create-multiple")(create_multiple)
    app.command("update-multiple")(update_multiple)


def create_multiple(
    devices: Annotated[list[str], typer.Argument(help="The locks' ids or names.")],
    name: Name = None,
    starts_at: StartsAt = None,
    ends_at: EndsAt = None,
    arrives_at: ArrivesAt = None,
    common_code_key: CommonCodeKey = None,
    use_backup_pool: UseBackupPool = False,
    when_not_shared: Annotated[
        WhenNotShared, typer.Option(help="What to do where a lock cannot take the digits of the others.")
    ] = WhenNotShared.THROW,
    pin_stdin: PinFromStdin = False,
    pin_prompt: PinFromPrompt = False,
    batch_id: Annotated[
        UUID | None, typer.Option("--id", help="The call's id; repeating it with the same id is harmless.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create one access code on each of several locks, all with the same digits: all of them, or none."""
    wanted = {
        "name": name,
        "starts_at": read_moment(starts_at),
        "ends_at": read_moment(ends_at),
        "arrives_at": read_moment(arrives_at),
        "common_code_key": common_code_key,
        "use_backup_access_code_pool": use_backup_pool,
    }
    pin = read_pin(from_stdin=pin_stdin, prompt=pin_prompt)
    batch = batch_id or uuid4()

    async def work() -> list[UUID]:
        locks = [await find_device(device) for device in devices]
        first = locks[0]
        request = CodeRequest.model_validate({**wanted, "device_id": first.id, "workspace_id": first.workspace_id})
        async with common_code_service() as service:
            ids = [lock.id for lock in locks]
            return await service.create(request, ids, batch_id=batch, pin=pin, when_not_shared=when_not_shared)

    with asked():
        made = run(work())
    print_rows(run(_briefs(made, as_json=as_json)), as_json=as_json, empty="")


def update_multiple(
    common_code_key: Annotated[str, typer.Argument(help="The codes' common key.")],
    name: Name = None,
    starts_at: StartsAt = None,
    ends_at: EndsAt = None,
    as_json: AsJson = False,
) -> None:
    """Change the name, or the whole window, of every code that lives under a key."""
    begin, end = read_moment(starts_at), read_moment(ends_at)
    if (begin is None) != (end is None):
        raise typer.BadParameter(
            "give --starts-at and --ends-at together: what is left out would be no start or no end"
        )
    if name is None and begin is None:
        raise typer.BadParameter("give --name, or --starts-at and --ends-at")
    window = None if begin is None else CodeWindow(starts_at=begin, ends_at=end)

    async def work() -> int:
        async with common_code_service() as service:
            return await service.update(DEFAULT_WORKSPACE_ID, common_code_key, CodeChange(name=name, window=window))

    with asked():
        count = run(work())
    print_facts({"common_code_key": common_code_key, "changed": count}, as_json=as_json)


async def _briefs(code_ids: list[UUID], *, as_json: bool) -> list[dict[str, object]]:
    async with reading() as database:
        stored = [await CodeReader(database).get(code_id) for code_id in code_ids]
    return [stored_brief(one, datetime.now(UTC), as_json=as_json) for one in stored]
