"""The table of all codes as an operator filters it: by status, problem, lock and day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, not_, or_
from sqlmodel import col

from domain.access_code import Status
from domain.problems import ProblemCode
from store.code_columns import has_problem, is_status
from store.code_lists import CodeFilter
from store.tables import AccessCodeRow


@dataclass(frozen=True, slots=True)
class LocalDay:
    """One day on the locks of one time zone."""

    device_ids: Collection[UUID]
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class TableFilter(CodeFilter):
    """Which codes; what is None does not matter."""

    status: tuple[Status, datetime] | None = None
    """A status, and the instant at which they have it."""
    unreadable: Collection[UUID] = ()
    """The locks whose account is disconnected: their codes are `unknown`."""
    problem: tuple[ProblemCode, Collection[UUID]] | None = None
    """A problem, and the locks that have it: their codes show it, too."""
    in_trouble: Collection[UUID] | None = None
    """Those with any problem, of their own or of these locks."""
    days: Collection[LocalDay] | None = None
    """Those that are in their window at some time of the day."""

    def conditions(self, workspace_id: UUID) -> list[ColumnElement[bool]]:
        """Give what the rows must fulfil."""
        found = CodeFilter.conditions(self, workspace_id)
        if self.status is not None:
            found.append(self._standing(*self.status))
        if self.problem is not None:
            code, device_ids = self.problem
            found.append(or_(has_problem(code), _on(device_ids)))
        if self.in_trouble is not None:
            found.append(or_(col(AccessCodeRow.problem_codes) != "", _on(self.in_trouble)))
        if self.days is not None:
            found.append(or_(false(), *(_during(day) for day in self.days)))
        return found

    def _standing(self, status: Status, now: datetime) -> ColumnElement[bool]:
        unreadable = col(AccessCodeRow.device_id).in_(self.unreadable)
        if status is Status.UNKNOWN:
            return unreadable
        standing = is_status(status, now)
        return and_(standing, not_(unreadable)) if self.unreadable else standing


def _on(device_ids: Collection[UUID]) -> ColumnElement[bool]:
    """Select the codes that a lock's own problem concerns: those that have not ended."""
    if not device_ids:
        return false()
    return and_(col(AccessCodeRow.device_id).in_(device_ids), col(AccessCodeRow.closed).is_(False))


def _during(day: LocalDay) -> ColumnElement[bool]:
    starts, ends = col(AccessCodeRow.starts_at), col(AccessCodeRow.ends_at)
    return and_(
        col(AccessCodeRow.device_id).in_(day.device_ids),
        or_(starts.is_(None), starts < day.ends),
        or_(ends.is_(None), ends > day.begins),
    )
