"""What is asked about new locks, what was said, and how far replacements are: no Temporal is needed for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.refusals import RefusalType, refuse
from domain.replacement import Answer, MoveStatus, ReplacementStatus, likely_replaced
from store import replacements
from store.database import Database
from store.replacement_tables import MovedCodeRow
from store.replacements import StoredReplacement
from store.tables import AccessCodeRow, DeviceRow

LONGEST_PLACE = 200
"""The most characters in which an operator says where a lock is."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lock that a new one may replace."""

    device: DeviceRow
    live_codes: int


@dataclass(frozen=True, slots=True)
class Question:
    """A new lock of which nobody has said what it is."""

    device: DeviceRow
    asked_at: datetime
    likely: DeviceRow | None
    """The lock that it likely replaces; None: none stands out."""
    because: tuple[str, ...]
    candidates: Sequence[Candidate]
    """Every lock that it may replace, by name."""


@dataclass(frozen=True, slots=True)
class Moving:
    """One code of a replacement, and how far it is."""

    row: MovedCodeRow
    code: AccessCodeRow

    @property
    def status(self) -> MoveStatus:
        """Say how far it is."""
        return MoveStatus(self.row.status)


@dataclass(frozen=True, slots=True)
class Replacement:
    """A lock that replaces another, and how far its codes are."""

    device: DeviceRow
    replaced: DeviceRow
    status: ReplacementStatus
    started_at: datetime
    changed_at: datetime
    codes: Sequence[Moving]

    @property
    def can_roll_back(self) -> bool:
        """Tell whether there is a lock to go back to, and anything that would."""
        is_forward = self.status in (ReplacementStatus.RUNNING, ReplacementStatus.DONE)
        return is_forward and self.replaced.removed_at is None

    def count(self, *statuses: MoveStatus) -> int:
        """Count the codes that stand so."""
        return sum(one.status in statuses for one in self.codes)


class ReplacementReader:
    """What operators can learn and say of new locks.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def questions(self, workspace_id: UUID, now: datetime) -> Sequence[Question]:
        """List the new locks that nobody has said anything of, the oldest question first.

        Which lock is likely replaced is judged by what is known now: the old one may have gone only since.
        """
        async with self._database.read() as session:
            asked = await replacements.open_questions(session, workspace_id)
            if not asked:
                return ()
            older = await replacements.replaceable(session, workspace_id)
            live = await replacements.live_codes(session, workspace_id)
        new = {device.id for _, device in asked}
        candidates = [
            Candidate(one, live.get(one.id, 0))
            for one in older
            if one.id not in new and (one.removed_at is None or live.get(one.id))
        ]
        seen = [replacements.seen(one, live.get(one.id, 0)) for one in older if one.id not in new]
        by_id = {one.id: one for one in older}
        found = []
        for row, device in asked:
            likely = likely_replaced(replacements.seen(device, 0), seen, now)
            named = None if likely is None else by_id[likely.device_id]
            found.append(Question(device, row.asked_at, named, () if likely is None else likely.because, candidates))
        return found

    async def answer(
        self, workspace_id: UUID, device_id: UUID, said: Answer, now: datetime, *, place: str | None = None
    ) -> None:
        """Write down that a new lock replaces none: it is new, at some place, or not to be asked about.

        Raises:
            RefusedError: nobody was asked about such a lock.
        """
        async with self._database.write() as session:
            if not await replacements.answer(session, workspace_id, device_id, said, now, place=place):
                raise refuse(
                    RefusalType.DEVICE_NOT_FOUND, f"nothing is asked about device {device_id}", field="device_id"
                )

    async def list(self, workspace_id: UUID) -> Sequence[Replacement]:
        """List the replacements, the newest first."""
        async with self._database.read() as session:
            return [_told(one) for one in await replacements.of_workspace(session, workspace_id)]

    async def get(self, workspace_id: UUID, device_id: UUID) -> Replacement:
        """Give the replacement by a new lock.

        Raises:
            RefusedError: it replaces none.
        """
        async with self._database.read() as session:
            found = await replacements.get(session, workspace_id, device_id)
        if found is None:
            raise refuse(RefusalType.DEVICE_NOT_FOUND, f"device {device_id} replaces none", field="device_id")
        return _told(found)


def _told(stored: StoredReplacement) -> Replacement:
    return Replacement(
        device=stored.device,
        replaced=stored.replaced,
        status=ReplacementStatus(stored.row.status),
        started_at=stored.row.started_at,
        changed_at=stored.row.changed_at,
        codes=[Moving(row, code) for row, code in stored.moves],
    )
