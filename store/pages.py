"""Lists in pages, newest first: a page goes on after the last row that was seen, whatever came or went meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.orm import Mapped

Q = TypeVar("Q")


@dataclass(frozen=True, slots=True)
class Mark:
    """A row's place in the order."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """How many rows, after which one; without `after`, from the newest."""

    limit: int
    after: Mark | None = None


def paged(query: Q, created_at: Mapped[datetime], id: Mapped[UUID], page: Page) -> Q:
    """Order a query and cut it to the page, with one row too many by which to see whether there are more."""
    chosen: Any = query
    if page.after is not None:
        earlier = or_(created_at < page.after.at, id < page.after.id)
        chosen = chosen.where(created_at <= page.after.at, earlier)
    cut: Q = chosen.order_by(created_at.desc(), id.desc()).limit(page.limit + 1)
    return cut
