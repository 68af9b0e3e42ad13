"""Who a code is for, and when that is forgotten.

A guest's contact is kept for one purpose, telling the guest a code, and for no longer than the workspace says after
the last code's end.  What is kept is checked here, so that a contact is one person's: an address that a mail server
or an SMS gateway would take for two is refused.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from domain.access_code import AccessCode, earliest

DEFAULT_KEPT_DAYS = 30
"""How long after the last code's end a guest is forgotten: long enough for a question about the stay."""

_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]+@[^\s@,;:<>()\[\]\\\"/?&#]+\.[^\s@,;:<>()\[\]\\\"/?&#.]+")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_BETWEEN_DIGITS = str.maketrans("", "", " ()-./")
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Z]{2})?")


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise PydanticCustomError("one_line", "must be one line of printable characters")
    return value.strip()


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value.strip()):
        raise PydanticCustomError("email", "must be one e-mail address, without a name")
    return value.strip()


def _phone(value: str) -> str:
    plain = value.translate(_BETWEEN_DIGITS)
    if not _PHONE.fullmatch(plain):
        raise PydanticCustomError("phone", "must be a number with its country, such as +49 30 901820")
    return plain


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise PydanticCustomError("language", "must be a language such as en or de-AT")
    return value


def _no_nul(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("text", "must be text without NUL")
    return value


Line = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]
Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
Phone = Annotated[str, Field(max_length=40), AfterValidator(_phone)]
Language = Annotated[str, AfterValidator(_language)]
Note = Annotated[str, Field(max_length=2000), AfterValidator(_no_nul)]


class Guest(BaseModel):
    """What is known of a guest; all of it may be missing.  No error about it repeats a value."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Line | None = None
    email: Email | None = None
    phone: Phone | None = None
    language: Language | None = None
    """Which templates the guest is written to with; None: English."""
    note: Note | None = None
    """For operators; never sent."""
    reservation: Line | None = None
    """The caller's own name of the stay."""


def ended_at(code: AccessCode) -> datetime | None:
    """Give the instant at which a code was to end; None while it lives, or is not proven gone."""
    if not code.closed:
        return None
    return earliest(code.wish.ends_at, code.wish.ending_at) or code.wish.changed_at


def is_to_be_forgotten(codes: Iterable[AccessCode], since: datetime, now: datetime, *, kept_for: timedelta) -> bool:
    """Tell whether a guest's time is over; `since` is when the contact was given, which counts without codes."""
    ends = [ended_at(code) for code in codes]
    known = [end for end in ends if end is not None]
    return len(known) == len(ends) and max([since, *known]) + kept_for <= now
