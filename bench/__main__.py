"""The command: `python -m bench [--smoke] [--json FILE] [--only NAME …]`."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from bench import api, lifecycles, machine, memory, pools, reconciling, registration, setting
from bench.figures import Figure
from bench.report import show, write
from bench.scale import FULL, SMOKE, Scale
from bench.stack import running_stack
from workers.loop import with_last_pause

MEASUREMENTS = {
    # In this order: the first two need an idle stack, and memory and pools begin with a fresh worker.
    "registration": registration.measure,
    "setting": setting.measure,
    "lifecycles": lifecycles.measure,
    "reconciling": reconciling.measure,
    "memory": memory.measure,
    "api": api.measure,
    "pools": pools.measure,
}
_ONLY_WHEN_NAMED = ("api", "pools")
"""The first installs a program by npm; the other takes longer than anybody waits for a table."""


async def measure(scale: Scale, names: list[str]) -> list[Figure]:
    """Take the named measurements on one stack, with the locks that they need: more would cost something, too."""
    figures = []
    locks = max(scale.lifecycles, scale.due) + (reconciling.LOCKS if "reconciling" in names else 0)
    pool_locks = scale.pools + 1 if "pools" in names else 0
    with tempfile.TemporaryDirectory(prefix="latchwork-bench-") as folder:
        async with running_stack(Path(folder), locks=locks, pool_locks=pool_locks) as stack:
            for name, take in MEASUREMENTS.items():
                if name in names:
                    print(f"measuring: {name}", file=sys.stderr, flush=True)
                    figures += await take(stack, scale)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="tiny numbers, to see that it runs")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, metavar="NAME", help=", ".join(MEASUREMENTS))
    asked = parser.parse_args()
    facts = machine.facts()
    usual = [name for name in MEASUREMENTS if asked.smoke or name not in _ONLY_WHEN_NAMED]
    figures = asyncio.run(with_last_pause(measure(SMOKE if asked.smoke else FULL, asked.only or usual)))
    show(figures, facts)
    if asked.json is not None:
        write(asked.json, figures, facts)


if __name__ == "__main__":
    main()
