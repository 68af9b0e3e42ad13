"""The benchmark runs; how fast is nobody's business here."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest


async def figures_of(told: Path, *only: str) -> dict[str, float]:
    """Run the benchmarks small, and give what they say."""
    command = [sys.executable, "-m", "bench", "--smoke", "--json", str(told), *(["--only", *only] if only else [])]
    process = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[2])
    try:
        assert await process.wait() == 0
    except BaseException:
        process.send_signal(signal.SIGINT)  # it ends its servers
        await process.wait()
        raise
    return _written(told)


def _written(told: Path) -> dict[str, float]:
    return {figure["name"]: figure["value"] for figure in json.loads(told.read_text())["figures"]}


async def test_lives_are_measured_whole(tmp_path: Path) -> None:
    """The command ends well, and every life it measured was whole."""
    figures = await figures_of(tmp_path / "figures.json", "lifecycles", "registration")
    assert figures["lifecycles that were whole"] == 1
    assert "from call to registered, p50" in figures


@pytest.mark.long
async def test_every_measurement_gives_its_figures(tmp_path: Path) -> None:
    """The command ends well, and every life it measured was whole."""
    figures = await figures_of(tmp_path / "figures.json")
    assert figures["lifecycles that were whole"] == 1
    assert "from call to registered, p50" in figures
    assert "from starts_at to on the lock, p99" in figures
    assert "worker's memory per sleeping code" in figures
    assert figures["reads per lock per hour at rest, on mains"] == 4
    assert figures["reads per lock per hour at rest, on battery"] == 1
    assert figures["calls per drift repaired"] == 4
    assert figures["codes that lie ready in them"] == 10
    assert figures["workflows of pools woken while at rest"] == 0
    assert figures["create over HTTP at 20 per s, p99"] > 0
    assert figures["creates to bare update-with-starts"] > 0
    assert figures["GET of one code of 30"] > 0
    assert figures["list of all 30"] > 0
    assert figures["console's table of 30, p50"] > 0
    assert not any(name.endswith("the fake") for name in figures)
