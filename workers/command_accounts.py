"""The commands that connect accounts of lock vendors."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import typer

from providers.registry import driver_entry
from store import accounts
from store.accounts import DEFAULT_WORKSPACE_ID
from store.tables import ConnectedAccountRow
from workers.command_output import print_facts, print_json, print_rows, progress
from workers.errors import CommandError
from workers.moments import show_moment
from workers.session import account_service, reading, run
from workflows.contracts import SyncAccountResult

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AccountId = Annotated[UUID, typer.Argument(help="The account's id, from `latchwork accounts list`.")]

app = typer.Typer(no_args_is_help=True, help="Accounts at lock vendors; each brings its locks.")


@app.command("add")
def add(
    driver: Annotated[str, typer.Argument(help="The vendor's driver; a wrong one lists those that exist.")],
    name: Annotated[str, typer.Option(help="What to call the account; the same name again changes its credentials.")],
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="A credential as key=value, or key=@FILE to keep it off the command line."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Connect an account, find its locks, and look at them every quarter of an hour from then on."""
    credentials = _credentials(values or [])

    async def work() -> tuple[ConnectedAccountRow, SyncAccountResult]:
        driver_entry(driver).check(credentials)
        async with account_service() as service:
            account = await service.put(driver, name, credentials)
            return account, await service.sync(account.id)

    with progress("asking the vendor for its locks …"):
        account, found = run(work())
    print_facts({"account_id": account.id, "name": name, **found.model_dump()}, as_json=as_json)


@app.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List the connected accounts, without credentials."""

    async def work() -> Sequence[ConnectedAccountRow]:
        async with reading() as database, database.read() as session:
            return await accounts.list_accounts(session, DEFAULT_WORKSPACE_ID)

    rows = [_brief(row, as_json=as_json) for row in run(work())]
    print_rows(rows, as_json=as_json, empty="no accounts yet: latchwork accounts add --help")


@app.command("sync")
def sync(account_id: AccountId, as_json: AsJson = False) -> None:
    """Look at an account's locks now."""

    async def work() -> SyncAccountResult:
        async with account_service() as service:
            if account_id not in {row.id for row in await service.list()}:
                raise CommandError(f"there is no account {account_id}; see: latchwork accounts list")
            return await service.sync(account_id)

    with progress("asking the vendor for its locks …"):
        found = run(work())
    print_facts(found.model_dump(), as_json=as_json)


@app.command("remove")
def remove(
    account_id: AccountId,
    force: Annotated[
        bool, typer.Option("--force", help="Also while codes are live; see them with: latchwork exposure.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forget an account and its locks; refused while codes on them have not ended."""

    async def work() -> None:
        async with account_service() as service:
            if account_id not in {row.id for row in await service.list()}:
                raise CommandError(f"there is no account {account_id}; see: latchwork accounts list")
            await service.remove(account_id, force=force)

    run(work())
    if as_json:
        print_json({"account_id": account_id, "removed": True})


def _credentials(values: Sequence[str]) -> dict[str, str]:
    """Read `key=value` and `key=@FILE`; no error repeats a value."""
    credentials: dict[str, str] = {}
    for number, entry in enumerate(values, start=1):
        key, separator, value = entry.partition("=")
        if not separator or not key:
            raise typer.BadParameter(f"--set number {number} is not key=value")
        if value.startswith("@"):
            try:
                with open(value[1:], encoding="utf-8") as file:
                    value = file.read().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(f"the file for {key} cannot be read ({type(error).__name__})") from None
        credentials[key] = value
    return credentials


def _brief(row: ConnectedAccountRow, *, as_json: bool) -> dict[str, Any]:
    return {
        "account_id": row.id,
        "name": row.name,
        "driver": row.provider,
        "connected": row.disconnected_at is None,
        "synced_at": row.synced_at if as_json else show_moment(row.synced_at, None),
    }
