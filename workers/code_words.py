"""The words in which a person at the command line asks for access codes, and how each is read.

Digits never enter by the command line, which other users of the machine and the shell's history can read.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from pydantic import SecretStr, ValidationError

from workers.errors import CommandError
from workers.moments import EXPECTED, parse_moment

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
CodeId = Annotated[UUID, typer.Argument(help="The access code's id.")]
Device = Annotated[str, typer.Argument(help="The lock's id or name.")]
Name = Annotated[str | None, typer.Option(help="What to call the code; do not write digits into it.")]
StartsAt = Annotated[str | None, typer.Option(help=f"From when it works, else from now: {EXPECTED}.")]
EndsAt = Annotated[str | None, typer.Option(help="Until when it works, else until deleted.")]
ArrivesAt = Annotated[str | None, typer.Option(help="When the guest is expected, else at the start.")]
PinFromStdin = Annotated[bool, typer.Option("--pin-stdin", help="Read the digits from standard input.")]
PinFromPrompt = Annotated[bool, typer.Option("--pin-prompt", help="Ask for the digits, unseen.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show the digits, too.")]
CommonCodeKey = Annotated[str | None, typer.Option(help="Codes with one key have the same digits, on whichever locks.")]
UseBackupPool = Annotated[
    bool, typer.Option("--use-backup-pool", help="Have the lock keep backup codes ready from now on.")
]


def read_moment(text: str | None) -> datetime | None:
    """Read an instant, if there is one.

    Raises:
        BadParameter: it is none.
    """
    if text is None:
        return None
    try:
        return parse_moment(text, datetime.now(UTC))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def read_pin(*, from_stdin: bool, prompt: bool) -> SecretStr | None:
    """Read the caller's digits from where nobody else can; None where they are to be chosen.

    Raises:
        CommandError: what came is not digits.
    """
    if from_stdin and prompt:
        raise typer.BadParameter("give --pin-stdin or --pin-prompt, not both")
    if not from_stdin and not prompt:
        return None
    text = sys.stdin.readline().strip() if from_stdin else str(typer.prompt("digits", hide_input=True, err=True))
    if not text.isascii() or not text.isdigit():
        raise CommandError(f"digits are expected; what came has {len(text)} characters and not all are digits")
    return SecretStr(text)


@contextmanager
def asked() -> Iterator[None]:
    """Tell of a malformed request as of any other mistake in the command line, without its values.

    Raises:
        BadParameter: with what is wrong.
    """
    try:
        yield
    except ValidationError as error:
        raise typer.BadParameter("; ".join(part["msg"] for part in error.errors(include_input=False))) from None
