"""Codes that somebody else put on a lock: which of those that a look shows are known already, and which are gone.

A code is known again by the vendor's id of it; without one that is still there, by equal digits, so that a code that
its owner moved to another place stays the same; and where a lock tells neither, by place and name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.drift import Entry


@dataclass(frozen=True, slots=True)
class Listed:
    """A code of somebody else's as it was seen last."""

    id: UUID
    entry: Entry


@dataclass(frozen=True, slots=True)
class Told:
    """Whose the entries of a look are."""

    seen: tuple[tuple[UUID, Entry], ...]
    new: tuple[Entry, ...]
    missing: tuple[UUID, ...]


def told_apart(listed: Sequence[Listed], entries: Sequence[Entry]) -> Told:
    """Tell which entries are known, which are new, and which known codes were not among them."""
    left, unseen, seen = list(entries), list(listed), []
    for is_same in (_same_reference, _same_digits, _same_place):
        for one in list(unseen):
            entry = next((entry for entry in left if is_same(one.entry, entry)), None)
            if entry is not None:
                seen.append((one.id, entry))
                unseen.remove(one)
                left.remove(entry)
    return Told(tuple(seen), tuple(left), tuple(one.id for one in unseen))


def is_exactly(known: Entry, entry: Entry) -> bool:
    """Tell whether a look shows the very code that is known: its digits, under the id that its vendor gave it."""
    return known.pin_index is not None and _same_digits(known, entry) and known.reference == entry.reference


def _same_reference(known: Entry, entry: Entry) -> bool:
    return known.reference is not None and known.reference == entry.reference


def _same_digits(known: Entry, entry: Entry) -> bool:
    return known.pin_index is not None and known.pin_index == entry.pin_index


def _same_place(known: Entry, entry: Entry) -> bool:
    told = (known.reference, known.pin_index, entry.reference, entry.pin_index)
    return not any(told) and (known.slot, known.name) == (entry.slot, entry.name)
