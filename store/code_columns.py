"""What lists of codes are filtered and ordered by: parts of `domain.access_code.AccessCode`, for reading without parsing.

They are written with the code and nowhere else, so they never say anything but what the code says.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_
from sqlmodel import col

from domain.access_code import AccessCode, Status
from domain.lifecycle import begins_at, is_clear, is_left_off, is_proven_in_time, shut_until
from domain.problems import ProblemCode
from store.tables import AccessCodeRow


def columns_of(code: AccessCode) -> dict[str, Any]:
    """Give the columns of a code."""
    return {
        "begins_at": begins_at(code),
        "starts_at": code.wish.starts_at,
        "ends_at": code.wish.ends_at,
        "is_ending": code.wish.ending is not None,
        "is_absent": is_clear(code),
        "is_left_off": is_left_off(code),
        "is_proven_in_time": is_proven_in_time(code),
        "shut_until": shut_until(code),
        "problem_codes": "".join(f"{problem.code.value} " for problem in code.problems),
    }


def is_status(status: Status, now: datetime) -> ColumnElement[bool]:
    """Select the codes that have a status, their account being readable: `domain.lifecycle.status`, for the database.

    Only the end of a lock's own window, which is the code's, is left to the domain.
    """
    begins, ends = col(AccessCodeRow.begins_at), col(AccessCodeRow.ends_at)
    wanted = and_(
        col(AccessCodeRow.is_ending).is_(False),
        or_(begins.is_(None), begins <= now),
        or_(ends.is_(None), ends > now),
    )
    unwanted = or_(col(AccessCodeRow.is_ending).is_(True), begins > now, ends <= now)
    is_over = or_(col(AccessCodeRow.is_ending).is_(True), ends <= now)
    lies_ready = and_(func.coalesce(not_(is_over), True), begins > now, col(AccessCodeRow.shut_until) > now)
    rests = or_(col(AccessCodeRow.is_absent).is_(True), func.coalesce(lies_ready, False))
    left_off = col(AccessCodeRow.is_left_off)
    match status:
        case Status.SET:
            return and_(wanted, left_off.is_(False), col(AccessCodeRow.is_proven_in_time).is_(True))
        case Status.SETTING:
            return and_(wanted, left_off.is_(False), col(AccessCodeRow.is_proven_in_time).is_(False))
        case Status.UNSET:
            return or_(and_(unwanted, rests), and_(wanted, left_off.is_(True)))
        case Status.REMOVING:
            return and_(unwanted, not_(rests))
        case Status.UNKNOWN:
            raise ValueError("what cannot be read is a matter of the account")


def has_problem(code: ProblemCode) -> ColumnElement[bool]:
    """Select the codes that show a problem of their own."""
    return col(AccessCodeRow.problem_codes).contains(f"{code.value} ", autoescape=True)
