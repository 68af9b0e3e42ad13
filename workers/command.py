"""The `latchwork` command: what there is to say, and how a failure is said.

A failure that an operator can cause or mend is one line on stderr that says what to do, and exit code 1; a mistake in
the command line is exit code 2.  A traceback means a defect of ours.
"""

import sys

import typer

from workers.command_output import print_error
from workers.errors import CommandError


def build() -> typer.Typer:
    """Put the command together.  Each group is a module; heavy imports wait until a command needs them."""
    from workers import command_accounts, command_codes, command_demo, command_devices, command_keys, command_stack

    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Guests' access codes on smart locks: put there, proven to work, proven to be gone.",
    )
    command_stack.register(app)
    command_demo.register(app)
    app.add_typer(command_codes.app, name="codes")
    app.add_typer(command_accounts.app, name="accounts")
    app.add_typer(command_devices.app, name="devices")
    app.add_typer(command_keys.app, name="keyring")
    return app


def main() -> None:
    """Run the command and exit."""
    try:
        build()()
    except CommandError as error:
        print_error(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
