"""The commands on the console's users: who may sign in, and as what."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from api.limits import Limiter, RateLimits
from api.passwords import WeakPasswordError
from api.users import UserRefusedError, UserService
from domain.roles import Role
from store.user_tables import UserRow
from workers.backing import open_database
from workers.command_output import print_facts, print_json, print_rows
from workers.errors import CommandError
from workers.keys import load_keys
from workers.moments import show_moment
from workers.session import run
from workers.settings import load_settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
UserName = Annotated[str, typer.Argument(help="The name to sign in with.")]

app = typer.Typer(no_args_is_help=True, help="Who may sign in to the console.")


@app.command("add")
def add(
    name: UserName,
    role: Annotated[Role, typer.Option(help="What this person may do.")] = Role.VIEWER,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")
    ] = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Only the trusted proxy vouches for this person.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a person; the first admin is made so."""
    password = None if no_password else _read_password(from_stdin=password_stdin)

    async def work() -> UserRow:
        async with _users() as users:
            try:
                return await users.add(name, role, password)
            except (UserRefusedError, WeakPasswordError) as error:
                raise CommandError(str(error)) from None

    print_facts(_brief(run(work()), as_json=as_json), as_json=as_json)


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List the people who may sign in."""

    async def work() -> Sequence[UserRow]:
        async with _users() as users:
            return await users.list()

    rows = [_brief(row, as_json=as_json) for row in run(work())]
    print_rows(rows, as_json=as_json, empty="nobody yet: latchwork users add NAME --role admin")


@app.command("remove")
def remove(name: UserName, as_json: AsJson = False) -> None:
    """Remove a person and end their sessions at once."""

    async def work() -> None:
        async with _users() as users:
            try:
                await users.remove(name)
            except UserRefusedError as error:
                raise CommandError(f"{error}; see: latchwork users list") from None

    run(work())
    if as_json:
        print_json({"name": name, "removed": True})


@asynccontextmanager
async def _users() -> AsyncIterator[UserService]:
    settings = load_settings()
    async with open_database(settings) as database:
        yield UserService(database, load_keys(settings), Limiter(RateLimits.OFF))


def _read_password(*, from_stdin: bool) -> SecretStr:
    if from_stdin:
        return SecretStr(sys.stdin.readline().rstrip("\r\n"))
    return SecretStr(str(typer.prompt("password", hide_input=True, confirmation_prompt=True, err=True)))


def _brief(row: UserRow, *, as_json: bool) -> dict[str, Any]:
    return {
        "name": row.name,
        "role": row.role,
        "has_password": row.password_hash is not None,
        "created_at": row.created_at if as_json else show_moment(row.created_at, None),
    }
