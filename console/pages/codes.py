"""The table of all codes over all locks, as it is filtered, and one row of it for when that row changed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Response

from console.code_views import view
from console.locks_known import KnownLocks, known_locks
from console.table import Page, Visit
from console.words import PROBLEMS, STATUSES
from domain.access_code import Status
from domain.problems import ProblemCode
from domain.refusals import RefusedError
from domain.roles import Role
from store.code_table import TableFilter
from store.pages import Mark
from store.pages import Page as Rows

ROWS = 50
CURRENT, ENDED, ALL = "current", "ended", "all"
ANY_PROBLEM = "any"
STATUS_CHOICES = {
    CURRENT: "Current",
    **{status.value: label.text for status, label in STATUSES.items()},
    ENDED: "Ended",
    ALL: "All",
}
PROBLEM_CHOICES = {"": "Any or none", ANY_PROBLEM: "With a problem", **{c.value: t for c, t in PROBLEMS.items()}}
_CURSOR = re.compile(r"(\d{1,12})\.(\d{6})\.([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the filters are set to; what cannot be understood counts as not set."""

    status: str
    problem: str
    lock: UUID | None
    day: date | None
    search: str

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Wanted":
        """Read the address."""
        status, problem = query.get("status", CURRENT), query.get("problem", "")
        return cls(
            status if status in STATUS_CHOICES else CURRENT,
            problem if problem in PROBLEM_CHOICES else "",
            _id(query.get("lock")),
            _day(query.get("day")),
            query.get("search", "").strip()[:100],
        )

    def address(self, **more: str) -> str:
        """Give the address of the table with these filters."""
        told = {
            "status": "" if self.status == CURRENT else self.status,
            "problem": self.problem,
            "lock": "" if self.lock is None else str(self.lock),
            "day": "" if self.day is None else self.day.isoformat(),
            "search": self.search,
            **more,
        }
        query = urlencode({name: value for name, value in told.items() if value})
        return f"/console/codes?{query}" if query else "/console/codes"

    def filter(self, locks: KnownLocks, now: datetime) -> TableFilter:
        """Give which codes are wanted."""
        status = None if self.status in (CURRENT, ENDED, ALL) else Status(self.status)
        problem = None if self.problem in ("", ANY_PROBLEM) else ProblemCode(self.problem)
        return TableFilter(
            device_id=self.lock,
            search=self.search or None,
            is_over={ENDED: True, ALL: None}.get(self.status, False),
            status=None if status is None else (status, now),
            unreadable=locks.unreadable,
            problem=None if problem is None else (problem, locks.with_problem(problem)),
            in_trouble=locks.in_trouble if self.problem == ANY_PROBLEM else None,
            days=None if self.day is None else locks.day(self.day),
        )


async def page(visit: Visit) -> Page:
    """Show the table."""
    mark = await visit.live.mark()
    locks = await known_locks(visit.services.database, visit.workspace_id)
    wanted, now = Wanted.of(visit.query), visit.now
    after = _mark(visit.query.get("after"))
    found = await visit.services.codes.page(visit.workspace_id, wanted.filter(locks, now), Rows(ROWS, after))
    shown = found[:ROWS]
    more = _cursor(shown[-1].row.created_at, shown[-1].row.id) if len(found) > ROWS else None
    told: dict[str, Any] = {
        "mark": mark,
        "wanted": wanted,
        "here": wanted.address(**({} if after is None else {"after": visit.query["after"]})),
        "newest": None if after is None else wanted.address(),
        "older": None if more is None else wanted.address(after=more),
        "codes": [view(one, now) for one in shown],
        "locks": locks.all,
        "statuses": STATUS_CHOICES,
        "problem_choices": PROBLEM_CHOICES,
        "is_filtered": wanted.address() != "/console/codes",
        "may_create": visit.user.may(Role.OPERATOR),
    }
    return Page("codes.html", told)


async def row(visit: Visit) -> Page | Response:
    """Show one row anew; one that is gone leaves the table."""
    try:
        stored = await visit.services.codes.get(visit.id("code_id"), workspace_id=visit.workspace_id)
    except RefusedError:
        return Response("")
    return Page("code_row.html", {"code": view(stored, visit.now)})


def _id(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None


def _day(text: str | None) -> date | None:
    try:
        found = None if text is None else date.fromisoformat(text)
    except ValueError:
        return None
    return found if found is not None and 2000 <= found.year < 2200 else None


def _cursor(at: datetime, id: UUID) -> str:
    return f"{int(at.timestamp())}.{at.microsecond:06d}.{id.hex}"


def _mark(text: str | None) -> Mark | None:
    found = _CURSOR.fullmatch(text or "")
    if found is None:
        return None
    seconds, micros, id = found.groups()
    try:
        return Mark(datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int(micros)), UUID(id))
    except (OverflowError, ValueError):
        return None
