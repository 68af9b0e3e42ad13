"""Pages of a list: a cursor says after which row to go on, and for which question it was made.

It names the last row seen, not a count of rows, so rows that come or go meanwhile shift nothing.  It holds nothing
secret and grants nothing: the workspace always comes from the key.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from api.http.failures import ApiError, invalid
from api.http.parameters import Cursor, Parameters
from store.pages import Mark, Page

T = TypeVar("T")


class Paged(Parameters):
    """Parameters of a list that comes in pages."""

    limit: int | None = Field(default=None, ge=1, le=100_000)
    page_cursor: Cursor | None = None


class Pagination(BaseModel):
    """Where a page ends and how to go on."""

    next_page_cursor: str | None
    has_next_page: bool
    next_page_url: str | None


class _Cursor(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)

    q: str
    """A digest of the question."""
    at: AwareDatetime
    id: UUID


def page_asked(asked: Paged, default_limit: int) -> Page:
    """Give the page that is asked for.

    Raises:
        ApiError: the cursor is none of ours, or belongs to a list with other parameters.
    """
    limit = asked.limit or default_limit
    if asked.page_cursor is None:
        return Page(limit)
    try:
        cursor = _Cursor.model_validate_json(base64.urlsafe_b64decode(asked.page_cursor.encode()))
    except (ValueError, ValidationError):
        raise invalid("is no cursor of this list", "page_cursor") from None
    if cursor.q != _question(asked):
        raise ApiError(
            HTTPStatus.BAD_REQUEST,
            "mismatched_page_parameters",
            "a page cursor goes with the parameters that it was made for",
        )
    return Page(limit, Mark(cursor.at, cursor.id))


def pagination(asked: Paged, last: Mark | None, base_url: str) -> Pagination:
    """Say how to go on after the row `last`; None: there is no more."""
    if last is None:
        return Pagination(next_page_cursor=None, has_next_page=False, next_page_url=None)
    told = _Cursor(q=_question(asked), at=last.at, id=last.id).model_dump_json()
    cursor = base64.urlsafe_b64encode(told.encode()).decode()
    query = urlencode([*_flat(asked), ("page_cursor", cursor)])
    return Pagination(next_page_cursor=cursor, has_next_page=True, next_page_url=f"{base_url}?{query}")


def _question(asked: Paged) -> str:
    told = asked.model_dump(mode="json", exclude={"page_cursor"}, exclude_none=True)
    text = json.dumps([type(asked).__name__, told], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _flat(asked: Paged) -> list[tuple[str, str]]:
    told = asked.model_dump(mode="json", exclude={"page_cursor"}, exclude_none=True)
    return [pair for name, value in told.items() for pair in _pairs(name, value)]


def _pairs(name: str, value: Any) -> list[tuple[str, str]]:
    match value:
        case dict():
            return [pair for key, inner in value.items() for pair in _pairs(f"{name}.{key}", inner)]
        case list():
            return [(name, str(inner)) for inner in value]
        case bool():
            return [(name, str(value).lower())]
    return [(name, str(value))]


def marked(found: Sequence[T], page: Page, row: Callable[[T], Any]) -> tuple[Sequence[T], Mark | None]:
    """Cut a row too many off; give the mark of the last one left when there was one."""
    if len(found) <= page.limit:
        return found, None
    kept = found[: page.limit]
    last = row(kept[-1])
    return kept, Mark(last.created_at, last.id)
