"""The table for people and the JSON beside it."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Figure

_WIDTH = 100
_VERDICTS = {True: "met", False: "missed", None: ""}


def show(figures: list[Figure], facts: dict[str, str]) -> None:
    """Print the table, and under it what it was measured on."""
    table = Table("measured", "figure", "unit", "aim", "")
    table.columns[1].justify = "right"
    for figure in figures:
        table.add_row(figure.name, _rounded(figure.value), figure.unit, figure.aim, _VERDICTS[figure.is_met])
    console = Console(width=_WIDTH)
    console.print(table)
    console.print("; ".join(f"{name}: {value}" for name, value in facts.items()))


def write(path: Path, figures: list[Figure], facts: dict[str, str]) -> None:
    """Write the same as JSON, for comparing runs."""
    told = {"at": datetime.now(UTC).isoformat(), "facts": facts, "figures": [asdict(figure) for figure in figures]}
    path.write_text(json.dumps(told, indent=2) + "\n")


def _rounded(value: float) -> str:
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
