"""The forms in which a person asks for a code or a change: how each field is read, and what is said beside it.

Times are the lock's own.  Digits are never shown again, whatever is wrong with the rest of the form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from uuid import UUID, uuid4

from pydantic import SecretStr

from api.http.parameters import MAX_PIN, MIN_PIN
from console.table import Visit
from console.words import sentence
from domain.local_times import NoSuchTimeError, instant_of
from domain.refusals import RefusedError

LONGEST_NAME = 200
_FIELDS = {"device_id": "lock", "code": "digits", "starts_at": "starts", "ends_at": "ends", "name": "name"}
"""The form's fields for those that refusals speak of."""


@dataclass(slots=True)
class Filled:
    """What was filled in, and what is wrong with it, by field; what concerns no field stands under `form`."""

    values: Mapping[str, str]
    refusals: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """Give a field's text; None when there is none."""
        return self.values.get(name, "").strip() or None

    def name(self) -> str | None:
        """Read the code's name."""
        name = self.text("name")
        if name is not None and len(name) > LONGEST_NAME:
            self.refusals["name"] = f"A name has at most {LONGEST_NAME} characters."
        return name

    def instant(self, name: str, zone: tzinfo) -> datetime | None:
        """Read a time on the lock's wall; None when there is none."""
        text = self.text(name)
        if text is None:
            return None
        try:
            found = instant_of(text, zone, is_end=name == "ends")
        except NoSuchTimeError as error:
            self.refusals[name] = sentence(str(error))
            return None
        except (ValueError, OverflowError):
            self.refusals[name] = "Give a day and a time."
            return None
        if not 2000 <= found.year < 2200:
            self.refusals[name] = "Give a year from 2000 to 2199."
        return found

    def digits(self) -> SecretStr | None:
        """Read the digits that a person chose; None: some are to be chosen."""
        text = self.text("digits")
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and MIN_PIN <= len(text) <= MAX_PIN):
            self.refusals["digits"] = f"Digits only, {MIN_PIN} to {MAX_PIN} of them."
        return SecretStr(text)

    def order(self, starts: datetime | None, ends: datetime | None, now: datetime) -> None:
        """See that the end comes after the start, and is still ahead."""
        if ends is None or "ends" in self.refusals:
            return
        if starts is not None and ends <= starts:
            self.refusals["ends"] = "The end must come after the start."
        elif ends <= now:
            self.refusals["ends"] = "The end must be in the future."

    def refused(self, error: RefusedError) -> None:
        """Put a refusal beside the field that it speaks of."""
        refusal = error.refusal
        self.refusals[_FIELDS.get(refusal.field or "", "form")] = sentence(refusal.message)


def filled(visit: Visit) -> Filled:
    """Give what was filled in."""
    return Filled(visit.form)


def request_id(visit: Visit) -> UUID:
    """Give the id that the form bore, so that sending it twice is sending it once; a new one where it bore none."""
    try:
        return UUID(visit.form.get("request", ""))
    except ValueError:
        return uuid4()
