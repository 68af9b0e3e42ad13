"""What a process has used, as the kernel counts it.  Linux only: it reads `/proc`."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cpu_ms(pid: int) -> float:
    """Give the milliseconds of CPU time that all threads of a process have used since it began."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    user, system = int(fields[11]), int(fields[12])
    return 1000 * (user + system) / _TICKS


def resident_kb(pid: int) -> float:
    """Give the kilobytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES / 1024
