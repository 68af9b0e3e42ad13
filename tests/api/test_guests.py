"""Guests and messages over HTTP: whose a code is, who may read what, and what is refused in which words."""

from typing import Any
from uuid import uuid4

import pytest

from domain.scopes import Scope
from tests.api.door import Door, in_hours
from tests.mailbox import mailbox
from tests.waiting import eventually

ADA = {"name": "Ada Lovelace", "email": "ada@guest.example", "language": "de", "reservation": "R-1815"}


async def contact_of(door: Door, guest_id: str) -> Any:
    return (await door.asked("/guests/get", guest_id=guest_id))["guest"]["contact"]


async def test_guest_comes_with_a_code_is_corrected_and_found_by_reservation(door: Door) -> None:
    reservation = f"R-{uuid4()}"
    code = await door.code(starts_at=in_hours(5), guest=ADA | {"reservation": reservation})
    guest_id = code["guest_id"]
    await door.asked("/access_codes/update", access_code_id=code["access_code_id"], guest={"phone": "+49 30 901820"})
    await door.asked("/guests/update", guest_id=guest_id, language=None, note="late")
    contact = await contact_of(door, guest_id)
    assert {name: value for name, value in contact.items() if value is not None} == {
        "name": "Ada Lovelace",
        "email": "ada@guest.example",
        "phone": "+4930901820",
        "note": "late",
        "reservation": reservation,
    }
    found = (await door.asked("/guests/list", reservation=reservation))["guests"]
    assert [guest["guest_id"] for guest in found] == [guest_id]
    again = (await door.asked("/access_codes/get", access_code_id=code["access_code_id"]))["access_code"]
    assert again["guest_id"] == guest_id


async def test_refused_code_leaves_no_guest(door: Door) -> None:
    reservation = f"R-{uuid4()}"
    lock = await door.lock()
    body = {"device_id": str(lock.id), "ends_at": in_hours(-1), "guest": ADA | {"reservation": reservation}}
    assert await door.refused("/access_codes/create", **body) == (400, "invalid_input")
    assert (await door.asked("/guests/list", reservation=reservation))["guests"] == []


async def test_forgotten_guest_is_not_there(door: Door) -> None:
    guest_id = (await door.asked("/guests/create", **ADA))["guest_id"]
    await door.asked("/guests/delete", guest_id=guest_id)
    assert await door.refused("/guests/get", guest_id=guest_id) == (404, "guest_not_found")
    assert await door.refused("/guests/update", guest_id=guest_id, name="Eve") == (404, "guest_not_found")


async def test_contact_is_for_those_who_may_change_it(door: Door) -> None:
    guest_id = (await door.asked("/guests/create", **ADA))["guest_id"]
    reader = await door.services.keys.mint(f"reader {uuid4()}", scopes=[Scope.READ])
    answer = await door.call("/guests/get", key=reader.token.get_secret_value(), guest_id=guest_id)
    assert answer.json()["guest"]["contact"] is None
    assert "@" not in answer.text


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/guests/create", {"email": "a@b.example,c@d.example"}, "email"),
        ("/guests/create", {"emial": "a@b.example"}, "emial"),
        ("/message_templates/preview", {"subject": "Hi", "body": "{code} {wifi}"}, "body"),
        ("/message_templates/update", {"subject": "{code}", "body": "{code}"}, "subject"),
        ("/message_channels/create", {"name": "Log", "kind": "email", "url": "syslog://{to}"}, "url"),
        ("/message_channels/create", {"name": "Mail", "kind": "email", "url": "mailtos://m.example"}, "url"),
    ],
)
async def test_what_cannot_be_is_refused_at_its_field(door: Door, path: str, body: dict[str, str], field: str) -> None:
    named = {"kind": "code_ready", "language": "en"} if "template" in path else {}
    answer = await door.call(path, **(named | body))
    assert answer.status_code == 400
    assert answer.json()["error"]["validation_errors"][field]["_errors"]


async def test_own_words_hold_until_they_are_taken_back(door: Door) -> None:
    mine = {"kind": "backup", "language": "fr", "subject": "Un autre code", "body": "Prenez {code}, {guest_name}"}
    shown = (await door.asked("/message_templates/preview", **mine))["preview"]
    assert shown == {"subject": "Un autre code", "body": "Prenez ••••, Ada Lovelace"}
    await door.asked("/message_templates/update", **mine)
    assert mine | {"is_own": True} in (await door.asked("/message_templates/list"))["message_templates"]
    await door.asked("/message_templates/delete", kind="backup", language="fr")
    assert mine | {"is_own": True} not in (await door.asked("/message_templates/list"))["message_templates"]


async def test_settings_keep_what_is_not_named(door: Door) -> None:
    await door.asked("/message_settings/update", automatic=["backup", "code_ready"], ready_lead_hours=1.5)
    await door.asked("/message_settings/update", guests_kept_days=7, automatic=[])
    found = (await door.asked("/message_settings/get"))["message_settings"]
    assert found == {"automatic": [], "ready_lead_hours": 1.5, "guests_kept_days": 7}
    await door.asked("/message_settings/update", ready_lead_hours=0, guests_kept_days=30)


async def test_code_that_one_guest_was_told_is_told_to_no_other(door: Door) -> None:
    code = await door.code(starts_at=in_hours(5), guest=ADA)
    code_id = code["access_code_id"]
    async with mailbox() as box:
        answer = await door.asked("/message_channels/create", name="Mail", kind="email", url=box.url)
        channel_id = answer["message_channel"]["channel_id"]
        assert "mailto" not in str(answer)
        message_id = (await door.asked("/messages/send", access_code_id=code_id, channel_id=channel_id))["message_id"]
        (mail,) = await box.until(1)
    assert code["code"] in mail.text
    assert "Guten Tag Ada Lovelace" in mail.text

    async def is_sent() -> bool:
        message = (await door.asked("/messages/get", message_id=message_id))["message"]
        assert code["code"] not in str(message)
        return bool(message["status"] == "sent")

    await eventually(is_sent, within=10, what="the message is sent")
    eve = (await door.asked("/guests/create", name="Eve", email="eve@guest.example"))["guest_id"]
    given = {"access_code_id": code_id, "guest_id": eve}
    assert await door.refused("/access_codes/update", **given) == (409, "told_to_another_guest")
    assert (await door.asked("/messages/list", access_code_id=code_id))["messages"][0]["message_id"] == message_id
    await door.asked("/access_codes/update", **given, code="73915")
    again = (await door.asked("/access_codes/get", access_code_id=code_id))["access_code"]
    assert (again["guest_id"], again["code"]) == (eve, "73915")
    await door.asked("/message_channels/delete", channel_id=channel_id)


async def test_message_is_refused_where_nobody_can_be_told(door: Door) -> None:
    code = await door.code(starts_at=in_hours(5))
    about = {"access_code_id": code["access_code_id"]}
    assert await door.refused("/messages/send", **about) == (404, "guest_not_found")
    await door.asked("/access_codes/update", **about, guest={"name": "Nobody"})
    assert await door.refused("/messages/send", **about) == (404, "message_channel_not_found")
    await door.asked("/access_codes/delete", **about)
    answer = await door.refused("/messages/send", **about)
    assert answer in ((400, "access_code_ended"), (404, "access_code_not_found"))
