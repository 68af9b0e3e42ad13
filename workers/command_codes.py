"""The commands on access codes.

Digits never enter by the command line, which other users of the machine and the shell's history can read, and never
leave but by `show --reveal`.
"""

import sys
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

import typer
from pydantic import SecretStr, ValidationError

from api.code_reading import CodeReader
from domain.requests import CodeChange, CodeRequest, CodeWindow
from store.accounts import DEFAULT_WORKSPACE_ID
from workers.code_views import deletion_facts, stored_brief, stored_facts
from workers.code_waiting import Waiter
from workers.command_devices import find_device
from workers.command_output import print_facts, print_rows
from workers.errors import CommandError
from workers.keys import load_keys
from workers.moments import EXPECTED, parse_moment
from workers.session import code_service, reading, run
from workers.settings import load_settings
from workflows.contracts import AccessCodeReceipt

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
CodeId = Annotated[UUID, typer.Argument(help="The access code's id.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it is read back from the lock.")]
Timeout = Annotated[float, typer.Option(min=1, help="How long --wait waits, in seconds.")]
DEFAULT_WAIT_SECONDS = 120.0

app = typer.Typer(no_args_is_help=True, help="Guests' access codes.")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_moment(text, datetime.now(UTC))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


@app.command("create")
def create(
    device: Annotated[str, typer.Argument(help="The lock's id or name.")],
    name: Annotated[str | None, typer.Option(help="What to call the code; do not write digits into it.")] = None,
    starts_at: Annotated[str | None, typer.Option(help=f"From when it works, else from now: {EXPECTED}.")] = None,
    ends_at: Annotated[str | None, typer.Option(help="Until when it works, else until deleted.")] = None,
    arrives_at: Annotated[str | None, typer.Option(help="When the guest is expected, else at the start.")] = None,
    pin_stdin: Annotated[bool, typer.Option("--pin-stdin", help="Read the digits from standard input.")] = False,
    pin_prompt: Annotated[bool, typer.Option("--pin-prompt", help="Ask for the digits, unseen.")] = False,
    access_code_id: Annotated[
        UUID | None, typer.Option("--id", help="The code's id; repeating a call with the same id is harmless.")
    ] = None,
    wait: Wait = False,
    timeout_seconds: Timeout = DEFAULT_WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Create an access code; without --pin-… its digits are chosen."""
    moments = {"starts_at": _moment(starts_at), "ends_at": _moment(ends_at), "arrives_at": _moment(arrives_at)}
    pin = _pin(from_stdin=pin_stdin, prompt=pin_prompt)
    code_id = access_code_id or uuid4()

    async def work() -> None:
        lock = await find_device(device)
        request = CodeRequest(device_id=lock.id, workspace_id=lock.workspace_id, name=name, **moments)
        async with code_service() as service:
            await service.create(request, access_code_id=code_id, pin=pin)
            if wait:
                await Waiter(service, timeout_seconds).until_set(code_id)

    try:
        run(work())
    except ValidationError as error:
        raise typer.BadParameter("; ".join(part["msg"] for part in error.errors(include_input=False))) from None
    _show(code_id, as_json=as_json)


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
def show(
    access_code_id: CodeId,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the digits, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one access code."""
    _show(access_code_id, as_json=as_json, reveal=reveal)


@app.command("extend")
def extend(
    access_code_id: CodeId,
    ends_at: Annotated[str, typer.Option(help=f"The new end; digits and slot stay. Relative to now or: {EXPECTED}.")],
    as_json: AsJson = False,
) -> None:
    """Move the end of an access code; an earlier end than now means: remove it now."""
    end = _moment(ends_at)

    async def work() -> None:
        async with code_service() as service:
            stored = await service.get(access_code_id)
            window = CodeWindow(starts_at=stored.code.wish.starts_at, ends_at=end)
            await service.change(access_code_id, CodeChange(window=window))

    run(work())
    _show(access_code_id, as_json=as_json)


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


def _pin(*, from_stdin: bool, prompt: bool) -> SecretStr | None:
    """Read the caller's digits from where nobody else can."""
    if from_stdin and prompt:
        raise typer.BadParameter("give --pin-stdin or --pin-prompt, not both")
    if not from_stdin and not prompt:
        return None
    text = sys.stdin.readline().strip() if from_stdin else str(typer.prompt("digits", hide_input=True, err=True))
    if not text.isascii() or not text.isdigit():
        raise CommandError(f"digits are expected; what came has {len(text)} characters and not all are digits")
    return SecretStr(text)


def _show(access_code_id: UUID, *, as_json: bool, reveal: bool = False) -> None:
    async def work() -> dict[str, object]:
        async with reading() as database:
            reader = CodeReader(database)
            stored = await reader.get(access_code_id)
            digits = await reader.reveal(access_code_id, load_keys(load_settings())) if reveal else None
        facts = stored_facts(stored, datetime.now(UTC), as_json=as_json)
        return facts if digits is None else {**facts, "code": digits.get_secret_value()}

    print_facts(run(work()), as_json=as_json)
