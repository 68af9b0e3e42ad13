"""The application service of stories: what was wanted of a code, tried, read and decided, in sentences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from api.code_reading import not_found
from api.exposures import tried
from domain.story import Happened, Line, standing, story
from store import codes
from store.codes import StoredCode
from store.database import Database
from store.event_lists import EventFilter, select_events, select_operations
from store.tables import EventRow

LONGEST_STORY = 10_000
"""A lock that is dead for a hundred days costs so many attempts."""


@dataclass(frozen=True, slots=True)
class Story:
    """A code and its story, the oldest sentence first; the last says how it stands now."""

    stored: StoredCode
    lines: Sequence[Line]


class StoryReader:
    """What callers can learn of a code's past.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tell(
        self,
        access_code_id: UUID,
        now: datetime,
        moment: Callable[[datetime, str | None], str],
        *,
        longest: int = LONGEST_STORY,
    ) -> Story:
        """Tell a code's story, also that of a code whose deletion is complete.

        `moment` shows an instant in a time zone, the lock's where it is known.  Of events and of operations the last
        `longest` are told.

        Raises:
            RefusedError: there is no such code, or it is a backup code that nobody has.
        """
        async with self._database.read() as session:
            try:
                stored = await codes.get(session, access_code_id)
            except codes.CodeNotFoundError:
                raise not_found(access_code_id) from None
            if stored.is_hidden:
                raise not_found(access_code_id)
            wanted = EventFilter(access_code_ids=[access_code_id])
            workspace_id = stored.row.workspace_id
            events = await select_events(session, workspace_id, wanted, limit=longest, newest_first=True)
            attempts = await select_operations(session, access_code_id, limit=longest)

        def shown(at: datetime) -> str:
            return moment(at, stored.facts.time_zone)

        told = [happened(row) for row in reversed(events)]
        lines = story(stored.code, told, [tried(row) for row in reversed(attempts)], now, shown)
        lines.append(standing(stored.code, now, shown, readable=stored.is_readable))
        return Story(stored, lines)


def happened(row: EventRow) -> Happened:
    """Give an event as its story is told from it."""
    return Happened(row.occurred_at, row.event_type, row.payload)


def in_utc(at: datetime, time_zone: str | None = None) -> str:
    """Show an instant in UTC, as programs read it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
