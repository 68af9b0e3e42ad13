"""The commands that look after the first promise: what is exposed, and whether every code is looked after."""

from typing import Annotated
from uuid import UUID

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("exposure")(exposure)
    app.command("sweep")(sweep)


def exposure(
    device: Annotated[str | None, typer.Option(help="Only those on this lock (id or name).")] = None,
    settle: Annotated[
        UUID | None, typer.Option(help="First take off the list a released code that you took off its lock yourself.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List codes that should be gone from their locks and are not proven gone: since when, and why."""
    from workers.exposures import show_exposures

    show_exposures(device, settled=settle, as_json=as_json)


def sweep(as_json: AsJson = False) -> None:
    """Find codes whose workflow is gone and start it again; what should be gone from a lock is then removed."""
    from workers.exposures import sweep_now

    sweep_now(as_json=as_json)
