"""What the command prints: tables for people, JSON for programs, progress on stderr for whoever waits at a terminal."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print a listing; `empty` is what people read when there is nothing, together with what to do about it."""
    if as_json:
        print_json(list(rows))
        return
    console = _console()
    if not rows:
        console.print(Text(empty))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in rows[0]:
        # Half an id is no id: those are shown whole, whatever the width.
        is_id = column.endswith("_id")
        longest = max(len(_cell(row[column])) for row in rows) if is_id else None
        table.add_column(column.replace("_", " "), no_wrap=is_id, min_width=longest, overflow="fold")
    for row in rows:
        # Text, because names are not ours and may look like markup.
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    console.print(table)


def print_facts(facts: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one object, a line for each of its fields."""
    if as_json:
        print_json(dict(facts))
        return
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(Text(name.replace("_", " "), style="bold"), Text(_cell(value)))
    _console().print(table)


def print_json(value: Any) -> None:
    """Print one line of JSON on stdout, at once."""
    print(json.dumps(value, default=str, ensure_ascii=False), flush=True)


def print_error(message: str) -> None:
    """Print one line on stderr."""
    print(f"latchwork: {' '.join(message.split())}", file=sys.stderr, flush=True)


@contextmanager
def progress(message: str) -> Iterator[None]:
    """Show that work is going on, on a terminal alone."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(message):
        yield


_PIPE_WIDTH = 250
"""Lines that nobody's screen bounds are not broken for one."""


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=_PIPE_WIDTH)


def _cell(value: Any) -> str:
    match value:
        case None | "" | [] | ():
            return "-"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
