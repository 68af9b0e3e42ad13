"""`latchwork up` and other commands as real processes, the way a person at a prompt has them."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.processes import ChildProcess

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "workers.command")
STOP_SECONDS = 30.0
CLEAN = {name: "" for name in os.environ if name.startswith(("LATCHWORK_", "TEMPORAL_"))}
"""An empty variable counts as unset."""


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, for programs."""
        assert self.code == 0, self.err
        return json.loads(self.out)


async def say(*words: str, stdin: str = "", within: float = 60, environment: Mapping[str, str] | None = None) -> Said:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *words,
        cwd=ROOT,
        env={**os.environ, **CLEAN, **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), within)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Said(process.returncode, out.decode(), err.decode())


@dataclass
class Up:
    """One `up` that is ready."""

    folder: Path
    process: ChildProcess
    ready: Mapping[str, Any]
    cpu_seconds: float
    """What it took to be ready: on a busy machine, the wall's clock would tell of the others."""

    async def say(self, *words: str, stdin: str = "") -> Said:
        """Run a command against it."""
        return await say(*words, stdin=stdin, environment={"LATCHWORK_DATA": str(self.folder)})

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; give its exit code."""
        os.kill(self.process.pid, number)
        return await asyncio.wait_for(self.process.wait(), STOP_SECONDS)


@asynccontextmanager
async def running_up(folder: Path) -> AsyncIterator[Up]:
    """Run `up --demo --port 0` on the folder."""
    process = await ChildProcess.start(
        "up",
        [*COMMAND, "up", "--demo", "--port", "0", "--data", str(folder)],
        log=folder.with_name(f"{folder.name}.log"),
        capture=True,
        environment={**CLEAN, "PYTHONPATH": str(ROOT)},
    )
    try:
        ready = json.loads(await asyncio.wait_for(process.read_line(), 60))
        yield Up(folder, process, ready, _cpu_seconds(process.pid))
    finally:
        await process.stop(STOP_SECONDS)


def descendants(pid: int) -> set[int]:
    """List the processes that a process started, and those that they did."""
    parents = {int(stat.parent.name): parent for stat in Path("/proc").glob("[0-9]*/stat") if (parent := _parent(stat))}
    found, fresh = set[int](), {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh}
        found |= fresh
    return found


def mentioning(folder: Path) -> set[int]:
    """List the processes whose command line names the folder."""
    found = set[int]()
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in cmdline.read_bytes():
                found.add(int(cmdline.parent.name))
        except OSError:
            continue
    return found


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _parent(stat: Path) -> int | None:
    """Give the parent's id; None for a process that has ended, reaped or not."""
    try:
        state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)
