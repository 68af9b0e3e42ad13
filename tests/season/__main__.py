"""Play a season and print its table: `python -m tests.season --seed 1`.

The seed decides who stays when, what they change and what goes wrong when.  It decides neither the codes' ids and
digits nor which of several calls at one instant comes first: a fault that strikes one call in two may strike another.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from tests.season.plan import Season, Size, draw, spring
from tests.season.play import Outcome, played
from workers.loop import with_last_pause

_SIZE = Size()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.season", description="Play a season on virtual time.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stays", type=int, default=_SIZE.stays)
    parser.add_argument("--locks", type=int, default=_SIZE.locks)
    parser.add_argument("--opens", type=date.fromisoformat, help="its first day; by default the next 7 March")
    parser.add_argument(
        "--look-every",
        type=float,
        default=_SIZE.look_every / timedelta(hours=1),
        help="hours between two comparisons with the books",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    return parser.parse_args()


def _tell(started: float, line: str) -> None:
    print(f"{time.monotonic() - started:6.0f} s  {line}", file=sys.stderr, flush=True)


def _show(outcome: Outcome, took: float) -> None:
    season = outcome.season
    table = Table("the season", "")
    table.columns[1].justify = "right"
    for name, figure in outcome.figures.items():
        table.add_row(name, f"{figure:.0f}" if figure == int(figure) else f"{figure:.1f}")
    for kind, count in outcome.faults.items():
        table.add_row(f"calls struck by {kind}", str(count))
    console = Console(width=100)
    console.print(table)
    nights = ", ".join(f"{zone} {day}" for zone, day in season.nights)
    console.print(f"{season.opens_at:%Y-%m-%d} to {season.closes_at:%Y-%m-%d}; clocks are moved: {nights}")
    console.print(f"seed {season.seed}, {took:.0f} s on the wall")
    for breach in outcome.breaches:
        console.print(f"BROKEN  {breach}")
    for line in outcome.known:
        console.print(line)


def _quieten() -> None:
    """Keep Temporal's warnings off stdout, which is for the table, and a traceback for each failed attempt off stderr."""
    logging.getLogger("temporalio").setLevel(logging.ERROR)
    only_errors = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=only_errors)))


def main() -> int:
    """Play, print, and tell by the exit status whether every promise was kept."""
    asked, started = _arguments(), time.monotonic()
    _quieten()
    size = Size(locks=asked.locks, stays=asked.stays, look_every=timedelta(hours=asked.look_every))
    _tell(started, f"seed {asked.seed}, {size.stays} stays at {size.locks} locks")

    def season(now: datetime) -> Season:
        return draw(asked.seed, asked.opens or spring(now), size)

    with tempfile.TemporaryDirectory(prefix="latchwork-season-") as folder:
        outcome = asyncio.run(with_last_pause(played(season, Path(folder), lambda line: _tell(started, line))))
    if asked.json:
        print(json.dumps(outcome.as_json, indent=2))
    else:
        _show(outcome, time.monotonic() - started)
    return 1 if outcome.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
