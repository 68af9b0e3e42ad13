"""What the demo stands on: the whole stack as a child process, and the doors as a visitor finds them.

The stack is started by the same command that anybody would type, on a data folder of its own, so nothing that is set in
the environment or lies in the current folder is touched.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr, ValidationError

from workers.errors import CommandError
from workers.processes import ChildProcess
from workers.stack import Stack

STOP_SECONDS = 20.0
"""`up` stops its workers, then its children; each has its own bound below this."""

_ROOT = Path(__file__).resolve().parents[1]
_OURS_ALONE = {
    # An empty variable counts as unset: the demo never touches a database or keys that somebody works with.
    "LATCHWORK_DATABASE_URL": "",
    "LATCHWORK_KEYRING": "",
    "LATCHWORK_KEYRING_PATH": "",
    "LATCHWORK_METRICS_ADDRESS": "",
    "PYTHONPATH": str(_ROOT),
}


@asynccontextmanager
async def starting_stack(folder: Path) -> AsyncIterator[ChildProcess]:
    """Have `latchwork up --demo` come up on the folder; it is stopped in order when the block ends."""
    command = [sys.executable, "-m", "workers.command", "up", "--demo", "--port", "0", "--data", str(folder)]
    log = folder / "up.log"
    process = await ChildProcess.start("the stack", command, log=log, capture=True, environment=_OURS_ALONE)
    try:
        yield process
    finally:
        await process.stop(STOP_SECONDS)


async def ready(process: ChildProcess, folder: Path) -> Stack:
    """Wait for the line that says where everything is.

    Raises:
        CommandError: the stack ended before it was ready.
    """
    try:
        return Stack.model_validate_json(await process.read_line())
    except ValidationError:
        raise CommandError(f"the stack does not start; {folder / 'up.log'} says why") from None


class Door:
    """One simulated lock, asked for its truth and never for what an API says of it."""

    def __init__(self, http: httpx.AsyncClient, lock_id: str) -> None:
        self._http = http
        self._lock_id = lock_id

    async def opens(self, pin: SecretStr) -> bool:
        """Type the digits at the door."""
        path = f"/_truth/{self._lock_id}/enter"
        answer = await self._http.post(path, json={"pin": pin.get_secret_value()})
        return bool(answer.raise_for_status().json()["opens"])

    async def codes(self) -> int:
        """Count the codes that the lock holds."""
        answer = await self._http.get(f"/_truth/{self._lock_id}")
        return len(answer.raise_for_status().json()["slots"])

    async def calls(self, operation: str) -> list[dict[str, Any]]:
        """List what the lock's cloud was asked to do with it."""
        answer = await self._http.get(f"/_calls/{self._lock_id}")
        calls: list[dict[str, Any]] = answer.raise_for_status().json()["calls"]
        return [call for call in calls if call["operation"] == operation]

    async def disturb(self, **fault: Any) -> None:
        """Put a fault on the lock."""
        (await self._http.post(f"/_faults/{self._lock_id}", json=fault)).raise_for_status()

    async def heal(self) -> None:
        """Lift every fault of the lock."""
        (await self._http.delete(f"/_faults/{self._lock_id}")).raise_for_status()


def wall() -> datetime:
    """Give the present instant, which is the simulated locks', too."""
    return datetime.now(UTC)
