"""The words of a message: templates in a strict little format, and rendering in two steps.

A template is text with variables in braces, `{guest_name}`; `{{` and `}}` are braces.  Nothing else is understood: no
attributes, no expressions.  A variable that does not exist is refused with its name when the template is saved, never
found out when a guest waits.

The first step fills in everything but the digits, for which `PLACEHOLDER` stays: that text may be stored.  The second
puts the digits in, and what it gives is sent and forgotten.  The placeholder is a character that no value can bring
in, so that a guest named `{code}` changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from string import Formatter
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict

from domain.refusals import RefusalType, RefusedError, refuse

PLACEHOLDER = "\ue000"
"""Stands for the digits: a character for private use, taken out of every value."""

MASK = "••••"
"""What people see in its place."""

CODE = "code"
LONGEST_SUBJECT, LONGEST_BODY = 200, 4000
DEFAULT_LANGUAGE = "en"


class MessageKind(StrEnum):
    """Why a guest is written to."""

    CODE_READY = "code_ready"
    CODE_CHANGED = "code_changed"
    BACKUP = "backup"


VARIABLES = {
    CODE: "the digits; only in the body",
    "guest_name": "the guest's name",
    "lock_name": "the lock's name",
    "starts_at": "the beginning, in the lock's time zone",
    "ends_at": "the end, in the lock's time zone",
    "reservation": "the reservation's reference",
}
"""What a template may name, and what it stands for."""


class Template(BaseModel):
    """Subject and body of one kind of message in one language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    body: str


class Facts(BaseModel):
    """What a template's variables are filled with, but for the digits."""

    model_config = ConfigDict(frozen=True)

    lock_name: str
    guest_name: str | None = None
    reservation: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    time_zone: str | None = None
    """The lock's; None: not known, and instants are told in UTC."""


_ENGLISH = {
    MessageKind.CODE_READY: Template(
        subject="Your code for {lock_name}",
        body="Hello {guest_name},\n\nyour code for {lock_name} is {code}.\n"
        "It works from {starts_at} until {ends_at}.\n",
    ),
    MessageKind.CODE_CHANGED: Template(
        subject="Your new code for {lock_name}",
        body="Hello {guest_name},\n\nyour code for {lock_name} has changed. Please use this one: {code}\n"
        "The old one does not work any more. The new one works until {ends_at}.\n",
    ),
    MessageKind.BACKUP: Template(
        subject="Another code for {lock_name}",
        body="Hello {guest_name},\n\nshould your code for {lock_name} not work, please use this one: {code}\n"
        "It works now, until {ends_at}.\n",
    ),
}
_GERMAN = {
    MessageKind.CODE_READY: Template(
        subject="Ihr Code für {lock_name}",
        body="Guten Tag {guest_name},\n\nIhr Code für {lock_name} ist {code}.\nEr gilt ab {starts_at} bis {ends_at}.\n",
    ),
    MessageKind.CODE_CHANGED: Template(
        subject="Ihr neuer Code für {lock_name}",
        body="Guten Tag {guest_name},\n\nIhr Code für {lock_name} wurde geändert. Bitte nehmen Sie diesen: {code}\n"
        "Der alte gilt nicht mehr. Der neue gilt bis {ends_at}.\n",
    ),
    MessageKind.BACKUP: Template(
        subject="Ein weiterer Code für {lock_name}",
        body="Guten Tag {guest_name},\n\nfalls Ihr Code für {lock_name} nicht geht, nehmen Sie bitte diesen: {code}\n"
        "Er gilt jetzt, bis {ends_at}.\n",
    ),
}
DEFAULTS: Mapping[str, Mapping[MessageKind, Template]] = {"en": _ENGLISH, "de": _GERMAN}
"""The templates of a workspace that has none of its own, by language."""

_WORDS = {"en": ("now", "further notice", "guest"), "de": ("sofort", "auf Weiteres", "lieber Gast")}
"""What is said for a missing start, a missing end and a missing name."""


def check_template(template: Template) -> Template:
    """Give the template back when it can be rendered.

    Raises:
        RefusedError: it is malformed, too long, names what does not exist, or has the digits where all can see them.
    """
    _variables("subject", template.subject, LONGEST_SUBJECT)
    if CODE in _variables("subject", template.subject, LONGEST_SUBJECT):
        raise _refused("subject", "code_in_subject", "must not have {code}: subjects are shown on locked screens")
    if "\n" in template.subject or not template.subject.strip():
        raise _refused("subject", "one_line", "must be one line")
    if CODE not in _variables("body", template.body, LONGEST_BODY):
        raise _refused("body", "code_missing", "must have {code} somewhere")
    return template


def languages(wanted: str | None) -> tuple[str, ...]:
    """Give the languages in which to look for a template, the best first: `de-AT`, `de`, `en`."""
    chosen = () if wanted is None else (wanted, wanted.partition("-")[0])
    return tuple(dict.fromkeys((*chosen, DEFAULT_LANGUAGE)))


def template_for(
    kind: MessageKind, wanted: str | None, own: Mapping[tuple[MessageKind, str], Template]
) -> tuple[Template, str]:
    """Choose a template and say its language: a workspace's own before the default, in the guest's language."""
    for language in languages(wanted):
        found = own.get((kind, language)) or DEFAULTS.get(language, {}).get(kind)
        if found is not None:
            return found, language
    return DEFAULTS[DEFAULT_LANGUAGE][kind], DEFAULT_LANGUAGE


def render(template: Template, facts: Facts, language: str) -> Template:
    """Fill in everything but the digits, for which `PLACEHOLDER` stays."""
    values = {CODE: PLACEHOLDER, **_values(facts, language)}
    return Template(subject=_filled(template.subject, values), body=_filled(template.body, values))


def with_digits(text: str, digits: str) -> str:
    """Put the digits in; what this gives is sent and kept nowhere."""
    return text.replace(PLACEHOLDER, digits)


def masked(text: str) -> str:
    """Show a stored text to people."""
    return text.replace(PLACEHOLDER, MASK)


def _values(facts: Facts, language: str) -> dict[str, str]:
    now, further_notice, guest = _WORDS.get(language.partition("-")[0], _WORDS[DEFAULT_LANGUAGE])
    values = {
        "guest_name": facts.guest_name or guest,
        "lock_name": facts.lock_name,
        "starts_at": _told(facts.starts_at, facts.time_zone) or now,
        "ends_at": _told(facts.ends_at, facts.time_zone) or further_notice,
        "reservation": facts.reservation or "",
    }
    # One line each: a name may not add lines, or headers.
    return {name: " ".join(value.replace(PLACEHOLDER, "").split()) for name, value in values.items()}


def _told(moment: datetime | None, time_zone: str | None) -> str:
    if moment is None:
        return ""
    try:
        zone, name = ZoneInfo(time_zone or "UTC"), time_zone or "UTC"
    except (ZoneInfoNotFoundError, ValueError):
        zone, name = ZoneInfo("UTC"), "UTC"
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} ({name})"


def _filled(text: str, values: Mapping[str, str]) -> str:
    return "".join(literal + values.get(name or "", "") for literal, name, _, _ in Formatter().parse(text))


def _variables(field: str, text: str, longest: int) -> set[str]:
    """Name the variables of a text, each of which exists."""
    if len(text) > longest or PLACEHOLDER in text or "\0" in text:
        raise _refused(field, "text", f"must be text of at most {longest} characters")
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise _refused(field, "braces", "has a brace without its other half; write {{ or }} for a brace") from None
    named = [part for part in parts if part[1] is not None]
    for _, name, spec, conversion in named:
        if name not in VARIABLES or spec or conversion:
            raise _unknown(field, name or "")
    return {name for _, name, _, _ in named if name is not None}


def _unknown(field: str, name: str) -> RefusedError:
    known = ", ".join(VARIABLES)
    return _refused(field, "unknown_variable", f"has the unknown variable {{{name[:40]}}}; there are: {known}")


def _refused(field: str, rule: str, message: str) -> RefusedError:
    return refuse(RefusalType.INVALID_INPUT, f"{field} {message}", field=field, rule=rule)
