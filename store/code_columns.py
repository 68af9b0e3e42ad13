"""What lists of codes are filtered and ordered by: parts of `domain.access_code.AccessCode`, for reading without parsing.

They are written with the code and nowhere else, so they never say anything but what the code says.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from domain.access_code import AccessCode, Presence, Status
from domain.lifecycle import begins_at
from domain.problems import ProblemCode
from store.tables import AccessCodeRow


def columns_of(code: AccessCode) -> dict[str, Any]:
    """Give the columns of a code."""
    return {
        "begins_at": begins_at(code),
        "starts_at": code.wish.starts_at,
        "ends_at": code.wish.ends_at,
        "is_ending": code.wish.ending is not None,
        "is_absent": code.on_lock.presence is Presence.ABSENT,
        "problem_codes": "".join(f"{problem.code.value} " for problem in code.problems),
    }


def is_status(status: Status, now: datetime) -> ColumnElement[bool]:
    """Select the codes that have a status, their account being readable: `domain.lifecycle.status`, for the database."""
    begins, ends = col(AccessCodeRow.begins_at), col(AccessCodeRow.ends_at)
    wanted = and_(
        col(AccessCodeRow.is_ending).is_(False),
        or_(begins.is_(None), begins <= now),
        or_(ends.is_(None), ends > now),
    )
    unwanted = or_(col(AccessCodeRow.is_ending).is_(True), begins > now, ends <= now)
    match status:
        case Status.SET:
            return and_(wanted, col(AccessCodeRow.opens).is_(True))
        case Status.SETTING:
            return and_(wanted, col(AccessCodeRow.opens).is_(False))
        case Status.UNSET:
            return and_(unwanted, col(AccessCodeRow.is_absent).is_(True))
        case Status.REMOVING:
            return and_(unwanted, col(AccessCodeRow.is_absent).is_(False))
        case Status.UNKNOWN:
            raise ValueError("what cannot be read is a matter of the account")


def has_problem(code: ProblemCode) -> ColumnElement[bool]:
    """Select the codes that show a problem of their own."""
    return col(AccessCodeRow.problem_codes).contains(f"{code.value} ", autoescape=True)
