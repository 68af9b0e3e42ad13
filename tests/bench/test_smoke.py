"""The benchmark runs; how fast is nobody's business here."""

import asyncio
import json
import sys
from pathlib import Path


async def test_every_measurement_gives_its_figures(tmp_path: Path) -> None:
    """The command ends well, and every life it measured was whole."""
    told = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench", "--smoke", "--json", str(told)]
    process = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[2])
    assert await process.wait() == 0
    figures = {figure["name"]: figure["value"] for figure in json.loads(told.read_text())["figures"]}
    assert figures["lifecycles that were whole"] == 1
    assert "from call to registered, p50" in figures
    assert "from starts_at to on the lock, p99" in figures
    assert "worker's memory per sleeping code" in figures
    assert figures["codes that lie ready in them"] == 10
    assert figures["workflows of pools woken while at rest"] == 0
    assert figures["create over HTTP at 20 per s, p99"] > 0
    assert figures["creates to bare update-with-starts"] > 0
    assert figures["GET of one code of 30"] > 0
    assert figures["list of all 30"] > 0
    assert not any(name.endswith("the fake") for name in figures)
