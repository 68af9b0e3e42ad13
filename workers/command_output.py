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
    console = Console()
    if not rows:
        console.print(Text(empty))
        return
    table = Table(*(column.replace("_", " ") for column in rows[0]), box=None, pad_edge=False, header_style="bold")
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
    Console().print(table)


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
