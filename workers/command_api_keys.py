"""The commands on API keys: who may call the HTTP API, and for how long."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

import typer

from api.keys import KeyService, MintedKey
from domain.scopes import Scope
from store.api_tables import ApiKeyRow
from workers.backing import open_database
from workers.command_output import print_facts, print_json, print_rows
from workers.keys import load_keys
from workers.moments import show_moment
from workers.session import run
from workers.settings import load_settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
SESSION_HOURS = 12.0

app = typer.Typer(no_args_is_help=True, help="Keys for the HTTP API; each is shown once, when it is made.")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who or what will call with it; two keys may share a name for a change.")],
    scopes: Annotated[
        list[Scope] | None, typer.Option("--scope", help="A right, and again for more; all of them by default.")
    ] = None,
    hours: Annotated[float | None, typer.Option(min=0.01, help="For how long it works, in hours.")] = None,
    session: Annotated[
        bool, typer.Option("--session", help="A token for a browser: it may read, for 12 hours.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it; it cannot be shown again."""
    default = (Scope.READ,) if session else tuple(Scope)
    lasts = timedelta(hours=hours or SESSION_HOURS) if hours or session else None

    async def work() -> MintedKey:
        settings = load_settings()
        async with open_database(settings) as database:
            keys = KeyService(database, load_keys(settings))
            return await keys.mint(name, scopes=scopes or default, lasts=lasts, is_session=session)

    minted = run(work())
    print_facts({**_brief(minted.row), "api_key": minted.token.get_secret_value()}, as_json=as_json)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys that work, by their public part."""

    async def work() -> Sequence[ApiKeyRow]:
        settings = load_settings()
        async with open_database(settings) as database:
            return await KeyService(database, load_keys(settings)).list()

    rows = [_brief(row, as_json=as_json) for row in run(work())]
    print_rows(rows, as_json=as_json, empty="no keys: latchwork keys create --help")


@app.command("revoke")
def revoke(
    prefix: Annotated[str, typer.Argument(help="The key's public part, from `latchwork keys list`.")],
    as_json: AsJson = False,
) -> None:
    """End a key at once."""

    async def work() -> None:
        settings = load_settings()
        async with open_database(settings) as database:
            await KeyService(database, load_keys(settings)).revoke(prefix)

    run(work())
    if as_json:
        print_json({"prefix": prefix, "revoked": True})


def _brief(row: ApiKeyRow, *, as_json: bool = False) -> dict[str, Any]:
    return {
        "prefix": row.prefix,
        "name": row.name,
        "scopes": row.scopes if as_json else ", ".join(row.scopes),
        "created_at": row.created_at if as_json else show_moment(row.created_at, None),
        "expires_at": row.expires_at if as_json else show_moment(row.expires_at, None),
    }
