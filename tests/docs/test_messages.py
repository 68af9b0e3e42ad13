"""`docs/messages.md` names every kind, status, variable, field and service that exists, and no other."""

import re

from domain.guests import Guest
from domain.message_channels import SCHEMES, WITHOUT_TLS, ChannelKind
from domain.message_text import VARIABLES, MessageKind
from domain.messages import DropReason, MessageStatus
from tests.docs.pages import first_cells, section

NAMES = re.compile(r"`([^`]+)`")


def cells(heading: str) -> list[str]:
    """List everything in backticks in the first column of a section's tables."""
    rows = [line.split("|")[1] for line in section("messages.md", heading).splitlines() if line.startswith("| `")]
    return [name for row in rows for name in NAMES.findall(row)]


def test_fields_of_a_guest_are_documented() -> None:
    assert cells("Guests") == list(Guest.model_fields)


def test_kinds_statuses_and_reasons_are_documented() -> None:
    assert first_cells(section("messages.md", "Messages")) == [*MessageKind, *MessageStatus]
    dropped = next(line for line in section("messages.md", "Messages").splitlines() if line.startswith("| `dropped`"))
    assert set(NAMES.findall(dropped.split("|")[2])) - {"reason"} == set(DropReason)


def test_services_are_documented_that_need_no_setting() -> None:
    rows = [line.split("|") for line in section("messages.md", "Channels").splitlines() if line.startswith("| `")]
    documented = {NAMES.findall(row[1])[0]: set(NAMES.findall(row[3])) for row in rows}
    assert documented == {kind.value: set(SCHEMES[kind] - WITHOUT_TLS) for kind in ChannelKind}


def test_variables_are_documented() -> None:
    assert cells("Templates") == list(VARIABLES)
