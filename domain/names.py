"""The name that a code bears on its lock, and the mark in it by which we know our own code again.

Where a lock masks digits, the mark is the only proof that an entry is ours: after a lost reply we look for it before we
write a second time.  So the mark comes first, where no vendor's truncation reaches it, and only a name that *begins*
with a mark counts: a guest's name is somebody else's text and may hold anything.
"""

import re
import unicodedata
from uuid import UUID

_ID_LENGTH = 8
"""Hex digits of the code's id in a mark: two of 250 codes on a lock share them once in 100,000 locks."""

_SHORTEST_ID = 6
"""With fewer hex digits (1 in 16 million for two codes) a shortened mark is no evidence any more."""

_SHORT_MARK = re.compile(r"(?P<id>[0-9a-f]+)\.(?P<generation>[0-9]+)")


def mark(code_id: UUID, generation: int) -> str:
    """Our sign for one generation of a code, such as `1a2b3c4d.2`."""
    return f"{code_id.hex[:_ID_LENGTH]}.{generation}"


def lock_name(name: str | None, mark: str, max_length: int | None) -> str:
    """The name to put on the lock: the mark, then as much of the code's name as fits.

    `max_length` is in characters, None where the lock names no bound.  The name is made printable ASCII, as lock
    keypads and apps show little else.  A lock with less room than the mark gets a shortened mark alone.
    """
    if max_length is not None and len(mark) > max_length:
        return _shortened(mark, max_length)
    return f"{mark} {_printable(name or '')}"[:max_length].rstrip()


def carries_mark(shown: str, mark: str) -> bool:
    """Whether the name that a lock shows is proof that the code is the one with this mark.

    Upper and lower case are the same.  A shortened mark is proof when it is all that is shown, its generation is whole
    and at least six hex digits of the id are left; so False on a lock with room for fewer than eight characters says
    nothing.  A lock that cuts names within the first dozen characters must declare it (`name_length`), because a
    generation that it cut, `.1` of `.12`, looks like another.
    """
    text = shown.strip().casefold()
    if text.split(" ", 1)[0] == mark:
        return True
    short = _SHORT_MARK.fullmatch(text)
    if short is None or len(short["id"]) < _SHORTEST_ID:
        return False
    code_id, generation = mark.split(".")
    return code_id.startswith(short["id"]) and short["generation"] == generation


def bears(shown: str, mark: str) -> bool:
    """Whether a shown name begins with a mark, or with the part of one that every generation has."""
    return shown.startswith(mark) and (mark.endswith(".") or not shown[len(mark) :][:1].isdigit())


def mark_in(shown: str) -> str | None:
    """The mark that a name begins with, whole or shortened, whosever code it is; None: it begins with none."""
    first = shown.strip().casefold().split(" ", 1)[0]
    short = _SHORT_MARK.fullmatch(first)
    return first if short is not None and _SHORTEST_ID <= len(short["id"]) <= _ID_LENGTH else None


def _shortened(mark: str, max_length: int) -> str:
    """The end of the id goes before the generation does; where even that does not fit, the mark is cut off."""
    code_id, generation = mark.split(".")
    room = max_length - len(generation) - 1
    return f"{code_id[:room]}.{generation}" if room > 0 else mark[:max_length]


def _printable(name: str) -> str:
    """Accents go, other characters outside printable ASCII become spaces, and runs of space become one."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join("".join(c if " " <= c <= "~" else " " for c in plain).split())
