"""Lists in pages, newest first: a page goes on after the last row that was seen, whatever came or went meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import tuple_
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
        # Compared as one value, both columns are looked up in the index: many rows may be of one instant.
        chosen = chosen.where(tuple_(created_at, id) < (page.after.at, page.after.id))
    cut: Q = chosen.order_by(created_at.desc(), id.desc()).limit(page.limit + 1)
    return cut
