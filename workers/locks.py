"""The simulated lock cloud as a child process: `latchwork locks`, started for the demo.

It is a process of its own because it plays the outside world: its CPU time is not ours, and it can be killed.
"""

import asyncio
import json
import sys
from pathlib import Path

from workers.errors import CommandError
from workers.processes import ChildProcess, free_port

HOST = "127.0.0.1"
START_SECONDS = 30.0
"""Half a second on an idle machine; on a busy one, imports take far longer."""

_ROOT = Path(__file__).resolve().parents[1]


class LockCloudProcess:
    """A lock cloud that answers."""

    def __init__(self, process: ChildProcess, url: str, token: str) -> None:
        self.process = process
        self.url = url
        self.token = token

    @classmethod
    async def start(cls, *, port: int, log: Path) -> "LockCloudProcess":
        """Start it on that port, on a free one where it is 0 or taken, and wait until it answers.

        Raises:
            CommandError: it did not start; its log says why.
        """
        argv = [sys.executable, "-m", "workers.command", "locks", "--port", str(free_port(HOST, port))]
        process = await ChildProcess.start(
            "the lock cloud", argv, log=log, capture=True, environment={"PYTHONPATH": str(_ROOT)}
        )
        try:
            line = await asyncio.wait_for(process.read_line(), START_SECONDS)
            said = json.loads(line)
            return cls(process, said["url"], said["token"])
        except (TimeoutError, ValueError, KeyError):
            await process.stop()
            raise CommandError(f"the simulated lock cloud does not start; see {log}") from None
        except BaseException:
            await process.stop()
            raise
