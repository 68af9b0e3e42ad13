"""Child processes that never outlive their parent.

A child runs in its own process group, so that a Ctrl-C at the terminal reaches the parent alone and the parent stops
its children in order.  It dies with the parent even when the parent is killed: on Linux the kernel sends SIGKILL
(PR_SET_PDEATHSIG), set by a small launcher that then becomes the child.  A `preexec_fn` would do the same but runs
Python between fork and exec, which is unsafe once other threads exist.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

STOP_GRACE_SECONDS = 5.0
"""How long a child may take over a polite stop; Temporal's dev server needs well under one second."""

_STDERR = 2

_LAUNCHER = """
import os, sys
parent, argv = int(sys.argv[1]), sys.argv[2:]
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None, use_errno=True).prctl(1, 9, 0, 0, 0)
if os.getppid() != parent:
    sys.exit("the parent died before its child began")
os.execv(argv[0], argv)
"""


class ChildProcess:
    """One running child.  Make it with `start`, end it with `stop`."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._process = process

    @classmethod
    async def start(
        cls,
        name: str,
        argv: Sequence[str],
        *,
        log: Path | None = None,
        capture: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> "ChildProcess":
        """Start a program by its absolute path.

        `log` receives what it writes (None: its stderr goes to ours); `capture` keeps its stdout for `read_line`.
        `environment` is added to ours.
        """
        output = _open_log(log)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *argv),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if capture else (output or _STDERR),
                stderr=output or _STDERR,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        finally:
            if output is not None:
                output.close()
        return cls(name, process)

    @property
    def pid(self) -> int:
        """The child's process id, also the id of its process group."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Tell whether it has not ended."""
        return self._process.returncode is None

    async def read_line(self) -> str:
        """Give the next line that the child prints; empty once it has ended."""
        assert self._process.stdout is not None, "start it with capture=True"  # noqa: S101 - a programming error
        return (await self._process.stdout.readline()).decode(errors="replace").strip()

    async def wait(self) -> int:
        """Wait until it ends by itself; give its exit code."""
        return await self._process.wait()

    async def stop(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Ask the child to end, wait at most `grace_seconds`, then kill it with its whole group."""
        if self.is_running:
            self._signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), grace_seconds)
            except TimeoutError:
                self._signal(signal.SIGKILL)
                await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return
        except PermissionError:
            # macOS answers so for a group that holds nothing but zombies.
            return


def _open_log(path: Path | None) -> IO[bytes] | None:
    """Open the log anew, readable by the owner alone, and keep the one of the last run beside it."""
    if path is None:
        return None
    if path.exists():
        path.replace(path.with_name(path.name + ".1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb")


def free_port(host: str, wish: int = 0) -> int:
    """Pick a port that nobody has at this moment, for a child that must be told its port: the wished one if free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wish))
        except OSError:
            probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
