"""The application service of exposures: every code that should be gone from its lock and is not proven gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.exposure import REASONS, ExposureReason
from domain.problems import Problems
from domain.refusals import RefusalType, refuse
from domain.story import Line, Tried, of_attempts
from store import leaving
from store.database import Database
from store.exposures import ExposedCode, exposed_codes
from store.tables import AttemptRow

LAST_ATTEMPTS = 200
"""How far back the attempts of one code are told: two days of trying every quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """One line of the exposure report."""

    access_code_id: UUID | None
    """Of a remnant, the code that left it.  None: a backup code that nobody has; it exists for nobody."""
    device_id: UUID
    device_name: str
    time_zone: str | None
    name: str | None
    """What people call the code; the report leaves it out, because people write digits into names."""
    is_backup: bool
    since: datetime
    reason: ExposureReason
    problems: Problems
    tried: int
    """How many operations on the lock there were since then."""
    attempts: Sequence[Line]
    """What they came to."""

    @property
    def message(self) -> str:
        """Say why the code should be gone."""
        return REASONS[self.reason]

    @property
    def last_attempt(self) -> Line | None:
        """What was tried last."""
        return self.attempts[-1] if self.attempts else None


class ExposureReader:
    """What operators can learn of exposures.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, workspace_id: UUID, now: datetime, *, device_id: UUID | None = None, attempts: int = LAST_ATTEMPTS
    ) -> Sequence[Exposed]:
        """List a workspace's exposures, by lock and then the longest first.

        Without `attempts` nothing is told of what was tried, and it is one query.
        """
        async with self._database.read() as session:
            found = await exposed_codes(session, workspace_id, now, device_id=device_id, attempts=attempts)
        return [_told(one) for one in found]

    async def settle(self, workspace_id: UUID, access_code_id: UUID, now: datetime) -> None:
        """Take a person's word that a code which was released is off its lock: it leaves the report and its place.

        Raises:
            RefusedError: there is no such code; what Latchwork itself takes off, it must read back.
        """
        async with self._database.write() as session:
            if not await leaving.settle(session, workspace_id, access_code_id, now):
                raise refuse(
                    RefusalType.ACCESS_CODE_NOT_FOUND,
                    f"access code {access_code_id} was not released; Latchwork must read itself that it is gone",
                )


def tried(row: AttemptRow) -> Tried:
    """Give an operation as its story is told from it."""
    return Tried(row.started_at, row.operation, row.answer, row.detail)


def _told(one: ExposedCode) -> Exposed:
    stored = one.stored
    return Exposed(
        access_code_id=stored.row.remnant_of or (None if stored.is_hidden else stored.row.id),
        device_id=stored.device.id,
        device_name=stored.device.nickname or stored.device.name,
        time_zone=stored.facts.time_zone,
        name=stored.row.name,
        is_backup=stored.row.backup_id is not None,
        since=one.exposure.since,
        reason=one.exposure.reason,
        problems=stored.problems,
        tried=one.tried,
        attempts=of_attempts([tried(row) for row in one.attempts]),
    )
