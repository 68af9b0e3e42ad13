"""Stretches of time, and what of them is left when others are taken away."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise


@dataclass(frozen=True, order=True)
class Span:
    """From an instant up to, and not including, another."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it lasts; one that ends before it begins lasts no time."""
        return max(self.end - self.start, timedelta(0))

    def holds(self, at: datetime) -> bool:
        """Whether an instant is in it."""
        return self.start <= at < self.end

    def split(self, at: Iterable[datetime]) -> "list[Span]":
        """Cut it at those instants that are in it; of one that lasts no time nothing is left."""
        if not self.length:
            return []
        cuts = sorted({self.start, self.end, *(instant for instant in at if self.holds(instant))})
        return [Span(start, end) for start, end in pairwise(cuts)]


def left_of(span: Span, covers: Iterable[Span]) -> list[Span]:
    """Give what of a span none of the others covers."""
    left, start = [], span.start
    for cover in sorted(covers):
        if cover.start > start:
            left.append(Span(start, min(cover.start, span.end)))
        start = max(start, cover.end)
    left.append(Span(start, span.end))
    return [piece for piece in left if piece.length]


def total(spans: Iterable[Span]) -> timedelta:
    """Add up how long they last."""
    return sum((span.length for span in spans), timedelta(0))
