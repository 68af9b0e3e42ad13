"""The ways to a guest, as apprise URLs in which `{to}` stands for the guest's own address.

Only services that carry a message to one person are taken: those that write to this machine, read files of it, or post
to whatever address they are given, are not.  A guest's address is quoted into the URL, so that it can never be more
than an address.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote, urlsplit
from uuid import UUID

from domain.guests import Guest
from domain.refusals import RefusalType, refuse

LONGEST_URL = 2000
RECIPIENT = "{to}"


class ChannelKind(StrEnum):
    """What a channel needs of a guest."""

    EMAIL = "email"
    SMS = "sms"
    CHAT = "chat"
    """A messenger that knows people by their phone numbers."""


SCHEMES = {
    ChannelKind.EMAIL: frozenset({"mailto", "mailtos", "sendgrid", "mailgun", "brevo", "resend", "smtp2go"}),
    ChannelKind.SMS: frozenset(
        {"twilio", "vonage", "nexmo", "sinch", "msgbird", "plivo", "clicksend", "bulksms", "clickatell", "d7sms"}
        | {"seven", "voipms", "46elks", "elks", "smseagle", "smseagles", "httpsms"}
    ),
    ChannelKind.CHAT: frozenset({"whatsapp", "signal", "signals", "threema"}),
}
"""Apprise's services that carry a message to one person, by what they know people by."""

FORBIDDEN_PARAMETERS = frozenset({"pgp", "pgpkey", "template", "cc", "bcc", "verify"})
"""Apprise's parameters that read files, copy a message to others, or trust anybody's certificate."""

WITHOUT_TLS = frozenset({"mailto", "signal", "smseagle"})
"""Services that are taken for development, or where a setting allows them."""
_TLS_MODE = "mode"

_PARAMETER = re.compile(r"[?&]([^=&]+)")


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel without its URL."""

    id: UUID
    kind: ChannelKind


def check_channel_url(kind: ChannelKind, url: str, *, for_development: bool) -> str:
    """Give the URL back when it may be a channel's.

    Digits travel there, so that only development does without TLS.

    Raises:
        RefusedError: it is none; the URL, which holds credentials, is not repeated.
    """
    try:
        scheme = urlsplit(url.replace(RECIPIENT, "to")).scheme
    except ValueError:
        scheme = ""
    allowed = SCHEMES[kind] if for_development else SCHEMES[kind] - WITHOUT_TLS
    if scheme not in allowed:
        raise _refused("scheme", f"must begin with one of: {', '.join(sorted(allowed))}")
    if url.count(RECIPIENT) != 1 or not url.isprintable() or len(url) > LONGEST_URL:
        raise _refused("recipient", f"must have {RECIPIENT} once, where the guest's address belongs")
    names = FORBIDDEN_PARAMETERS if for_development else FORBIDDEN_PARAMETERS | {_TLS_MODE}
    forbidden = sorted(names & {unquote(name).lower() for name in _PARAMETER.findall(url)})
    if forbidden:
        raise _refused("parameter", f"must not have the parameter {forbidden[0]}")
    return url


def addressed(url: str, recipient: str) -> str:
    """Put the guest's address into a channel's URL."""
    return url.replace(RECIPIENT, quote(recipient, safe=""))


def address_of(guest: Guest, kind: ChannelKind) -> str | None:
    """Give what a channel of this kind knows the guest by; None where nobody said."""
    return guest.email if kind is ChannelKind.EMAIL else guest.phone


def channel_for(guest: Guest, channels: Sequence[Channel]) -> tuple[Channel, str] | None:
    """Choose the first channel by which the guest can be reached, with the address; None where there is none."""
    for channel in channels:
        address = address_of(guest, channel.kind)
        if address is not None:
            return channel, address
    return None


def _refused(rule: str, message: str) -> Exception:
    return refuse(RefusalType.INVALID_INPUT, f"url {message}", field="url", rule=rule)
