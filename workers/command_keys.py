"""The commands on keys: what there is, a new one, and moving what is stored to it."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from store.keyring import KeyRing, Purpose
from workers.command_output import print_json, print_rows
from workers.errors import CommandError
from workers.keys import load_keys, make_keys, new_key_id, save_keys
from workers.settings import load_settings
from workers.stack import holding, read_stack

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

app = typer.Typer(no_args_is_help=True, help="The keys that encrypt PINs, their index, and Temporal's payloads.")


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys, without their material."""
    _print(load_keys(load_settings()), as_json=as_json)


@app.command("make")
def make(as_json: AsJson = False) -> None:
    """Make the keys where there are none; those that are there stay.  For setting up worker and API without `up`."""
    settings = load_settings()
    with holding(settings.data):
        _print(make_keys(settings), as_json=as_json)


@app.command("add")
def add(purpose: Purpose, as_json: AsJson = False) -> None:
    """Add a key; a new PIN or codec key encrypts from the next start of each process on, old keys still decrypt."""
    settings = load_settings()
    ring = load_keys(settings).add(purpose, new_key_id(), datetime.now(UTC))
    save_keys(settings, ring)
    _print(ring, as_json=as_json)


@app.command("reencrypt")
def reencrypt(as_json: AsJson = False) -> None:
    """Encrypt what is stored with the newest keys; safe to repeat, and to do while workers run."""
    from workers.reencryption import reencrypt_store
    from workers.session import run

    settings = load_settings()
    counts = run(reencrypt_store(settings, load_keys(settings)))
    if as_json:
        print_json(counts)
    else:
        print_rows([{"rows": name, "encrypted_anew": count} for name, count in counts.items()], as_json=False, empty="")


@app.command("reindex")
def reindex(as_json: AsJson = False) -> None:
    """Index all PINs with the newest index key, and use it from then on.  Stop every worker and API first."""
    from workers.reencryption import reindex_store
    from workers.session import run

    settings = load_settings()
    if read_stack(settings.data) is not None:
        raise CommandError("`latchwork up` runs on this folder; stop it, and every other worker, first")
    ring, count = run(reindex_store(settings, load_keys(settings)))
    save_keys(settings, ring)
    print_rows([{"rows": "pins", "indexed_anew": count}], as_json=as_json, empty="")


def _print(ring: KeyRing, *, as_json: bool) -> None:
    rows = [
        {"key_id": key.key_id, "purpose": key.purpose, "primary": key.primary, "created_at": key.created_at}
        for key in ring.listing
    ]
    if not rows:
        raise CommandError("the key ring is empty")
    print_rows(rows, as_json=as_json, empty="")
