"""The `latchwork` command: what there is to say, and how a failure is said.

A failure that an operator can cause or mend is one line on stderr that says what to do, and exit code 1; a mistake in
the command line is exit code 2.  A traceback means a defect of ours.
"""

import gc
import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from workers import command_demo, command_exposure, command_stack
from workers.command_output import print_error
from workers.errors import CommandError

_GROUPS = {
    "codes": "workers.command_codes",
    "accounts": "workers.command_accounts",
    "devices": "workers.command_devices",
    "keys": "workers.command_api_keys",
    "pools": "workers.command_pools",
    "keyring": "workers.command_keys",
    "users": "workers.command_users",
    "webhooks": "workers.command_webhooks",
    "messages": "workers.command_messages",
}

_COLLECT_AFTER = (50_000, 20, 50)
"""When the interpreter looks for garbage in cycles: by default after 700 objects, where a start makes many that stay."""


def build(words: Sequence[str]) -> typer.Typer:
    """Put the command together for these words: all of it, or only the group that they name.

    Importing every group takes two seconds, which nobody who waits at a prompt owes to the others.
    """
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Guests' access codes on smart locks: put there, proven to work, proven to be gone.",
    )
    command_stack.register(app)
    command_demo.register(app)
    command_exposure.register(app)
    named = {word.name for word in app.registered_commands} | _GROUPS.keys()
    chosen = words[0] if words and words[0] in named else None
    for name, module in _GROUPS.items():
        if chosen in (None, name):
            app.add_typer(import_module(module).app, name=name)
    return app


def main() -> None:
    """Run the command and exit."""
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        build(sys.argv[1:])()
    except CommandError as error:
        print_error(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
