"""Seam's own fake of its API, the yardstick of reading: installed by npm into a folder that goes away.

It keeps everything in memory and touches no lock, no workflow and no disk.  Where node or npm or the registry is not
there, the benchmark says so and goes on without it.
"""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.load import Target
from bench.stack import start_program

PACKAGE, VERSION = "@seamapi/fake-seam-connect", "1.86.0"
_INSTALL_SECONDS = 120.0
_SERVER = Path(__file__).with_name("fake_server.mjs")


async def installed(folder: Path) -> Path | None:
    """Install the fake below the folder; give its module, None when that cannot be done here."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        _tell("node and npm are not there")
        return None
    words = ("install", "--no-audit", "--no-fund", "--ignore-scripts", f"{PACKAGE}@{VERSION}")
    process = await asyncio.create_subprocess_exec(
        npm, *words, cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        code = await asyncio.wait_for(process.wait(), _INSTALL_SECONDS)
    except TimeoutError:
        process.kill()
        code = await process.wait()
    if code != 0:
        _tell("npm cannot install it")
        return None
    return folder / "node_modules" / PACKAGE / "dist" / "index.js"


@asynccontextmanager
async def running_fake(module: Path, folder: Path, codes: int) -> AsyncIterator[Target]:
    """Run the fake with so many codes, all on one lock: only so does its list obey the ids that are asked for."""
    node = shutil.which("node")
    assert node is not None
    process, said = await start_program("the fake", folder / "fake.log", [node, str(_SERVER), str(module), str(codes)])
    try:
        yield Target(process, said["url"], said["key"], said["device_id"], said["ids"])
    finally:
        await process.stop()


def _tell(why: str) -> None:
    print(f"measuring without {PACKAGE}: {why}", file=sys.stderr, flush=True)
