"""Guests, messages and Seam's components on the console, over HTTP: who may do what, and what is said beside which field.

What guests read is read in their mailbox.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from api.app import create_app
from api.limits import RateLimits
from api.services import Services
from console.app import create_console, mount
from console.table import ConsoleSettings
from domain.audit import AuditAction
from domain.requests import CodeRequest
from domain.roles import Role
from store.accounts import DEFAULT_WORKSPACE_ID
from tests.devserver import house_on_devserver
from tests.house import House
from tests.mailbox import Mailbox, mailbox
from tests.waiting import eventually
from workers.codec import KeyRingCodec

PASSWORD = "correct horse battery"
FORM_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
REFUSAL = re.compile(r'id="([a-z-]+)-refusal">.*?<span>(.*?)</span>', re.DOTALL)


@dataclass
class Somebody:
    """A person who is signed in, at a browser without a screen."""

    http: httpx.AsyncClient

    async def sees(self, path: str) -> str:
        """Open a page that must be there."""
        answer = await self.http.get(f"/console{path}")
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    async def sends(self, path: str, on: str | None = None, **fields: str) -> httpx.Response:
        """Fill in a form of the page `on`, and send it."""
        page = await self.http.get(f"/console{on or path}")
        (token, *_) = FORM_TOKEN.findall(page.text)
        return await self.http.post(f"/console{path}", data={"csrf": token, **fields})

    async def refused(self, path: str, on: str | None = None, **fields: str) -> dict[str, str]:
        """Send a form that must be refused; give what is said, by field."""
        answer = await self.sends(path, on, **fields)
        assert answer.status_code == 422, answer.text
        return dict(REFUSAL.findall(unescape(answer.text)))


@dataclass
class Hall:
    """The console of a house, with somebody of every role and a mail server."""

    house: House
    services: Services
    box: Mailbox
    people: dict[Role, Somebody]

    async def code(self) -> UUID:
        """Register a code that begins now."""
        lock, code_id = await self.house.new_lock(f"Lock {uuid4()}"), uuid4()
        request = CodeRequest(device_id=lock.id, name="Ada's stay", ends_at=datetime.now(UTC) + timedelta(hours=5))
        await self.services.codes.create(request, access_code_id=code_id, pin=None)
        return code_id

    async def digits(self, code_id: UUID) -> str:
        """Give a code's digits."""
        return (await self.services.codes.reveal(code_id, self.house.keyring)).get_secret_value()


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def hall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hall]:
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(house_on_devserver(tmp_path_factory.mktemp("hall")))
        box = await stack.enter_async_context(mailbox())
        off = RateLimits.OFF
        services = Services.of(house.client, house.database, house.keyring, off, messages_for_development=True)
        app = create_app(services=services, codec=KeyRingCodec(house.keyring), ui_origin=None)
        console = create_console(services, ConsoleSettings())
        mount(app, console)
        people = {}
        for role in Role:
            await services.users.add(role.value, role, SecretStr(PASSWORD))
            transport = httpx.ASGITransport(app)
            http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://console"))
            people[role] = Somebody(http)
            await people[role].sends("/sign-in", name=role.value, password=PASSWORD)
        yield Hall(house, services, box, people)
        console.live.close()


@pytest_asyncio.fixture(loop_scope="session")
async def channel(hall: Hall) -> AsyncIterator[None]:
    """Have guests written to by mail while the test runs."""
    admin = hall.people[Role.ADMIN]
    added = await admin.sends("/messages/channels", "/messages/setup", name="Mail", kind="email", url=hall.box.url)
    assert added.headers["location"] == "/console/messages/setup?added=yes"
    page = await admin.sees("/messages/setup")
    assert "Mail" in page
    assert "127.0.0.1" not in page
    yield
    for path in re.findall(r'action="/console(/messages/channels/[^"]+/remove)"', page):
        await admin.sends(path, "/messages/setup")


async def test_guest_is_named_corrected_and_told_once_however_often_the_button_is_pressed(
    hall: Hall, channel: None
) -> None:
    operator, code_id = hall.people[Role.OPERATOR], await hall.code()
    address, here = f"{uuid4()}@guest.example", f"/codes/{code_id}/guest"
    said = await operator.refused(f"{here}/change", name="Ada", email="a@b.example,c@d.example", phone="030")
    assert said == {
        "email": "It must be one e-mail address, without a name.",
        "phone": "It must be a number with its country, such as +49 30 901820.",
    }
    await operator.sends(f"{here}/change", name="Ada", email="wrong@guest.example")
    await operator.sends(f"{here}/change", name="Ada", email=address, note="late")
    assert address in await operator.sees(here)
    before, request = len(hall.box.mails), str(uuid4())
    for _ in range(2):
        await operator.sends(f"{here}/send", here, request=request)

    async def is_sent() -> bool:
        return "Sent" in await operator.sees(here)

    await eventually(is_sent, within=20, what="the page says that it is sent")
    (mail,) = hall.box.mails[before:]
    digits = await hall.digits(code_id)
    assert (mail.to, digits in mail.text) == (address, True)
    page = await operator.sees(here)
    assert "••••" in page
    assert digits not in page
    deeds = await hall.services.audit.about_code(code_id)
    assert [deed.action for deed in deeds].count(AuditAction.MESSAGE_SENT) == 1

    refused = await operator.sends(f"{here}/change", name="Eve", email="eve@guest.example", person="other")
    assert "another guest may know these digits" in unescape(refused.text).lower()
    assert "Eve" not in await operator.sees(here)


async def test_viewer_sees_that_a_guest_was_told_and_neither_address_nor_words(hall: Hall, channel: None) -> None:
    operator, viewer, code_id = hall.people[Role.OPERATOR], hall.people[Role.VIEWER], await hall.code()
    here = f"/codes/{code_id}/guest"
    await operator.sends(f"{here}/change", name="Ada", email="ada@guest.example")
    await operator.sends(f"{here}/send", here)

    async def is_sent() -> bool:
        return "Sent" in await viewer.sees(here)

    await eventually(is_sent, within=20, what="the viewer sees that it is sent")
    for path in (here, "/messages"):
        page = await viewer.sees(path)
        assert "ada@guest.example" not in page
        assert "Your code for" not in page
    refused = await viewer.http.get(f"/console{here}/change")
    assert refused.status_code == 403
    assert (await viewer.sends(f"{here}/send", "/settings")).status_code == 403


async def test_nothing_is_sent_where_no_way_leads_and_the_page_says_so(hall: Hall) -> None:
    operator, code_id = hall.people[Role.OPERATOR], await hall.code()
    here = f"/codes/{code_id}/guest"
    await operator.sends(f"{here}/change", name="Ada", email="ada@guest.example")
    answer = await operator.sends(f"{here}/send", here)
    assert "There is no channel by which this guest can be reached." in unescape(answer.text)


async def test_setting_up_is_refused_beside_the_field_and_kept_otherwise(hall: Hall) -> None:
    admin, setup = hall.people[Role.ADMIN], "/messages/setup"
    said = await admin.refused("/messages/channels", setup, name="Log", kind="email", url="syslog://secret:{to}")
    assert said["url"].startswith("The address must begin with one of: ")
    answer = await admin.sends("/messages/channels", setup, name="Log", kind="email", url="syslog://secret:{to}")
    assert "secret" not in answer.text
    assert "lead" in await admin.refused(setup, lead="soon", kept="30")
    await admin.sends(setup, lead="24", kept="7", backup="yes")
    found = await hall.services.message_settings.get(DEFAULT_WORKSPACE_ID)
    assert ([*found.automatic], found.ready_lead, found.guests_kept_days) == (["backup"], timedelta(hours=24), 7)
    await admin.sends(setup, lead="0", kept="30")
    assert (await hall.people[Role.OPERATOR].http.get(f"/console{setup}")).status_code == 403


async def test_words_are_previewed_and_refused_with_the_name_of_what_is_unknown(hall: Hall) -> None:
    admin, here = hall.people[Role.ADMIN], "/messages/templates/backup/fr"
    shown = await admin.sends(f"{here}/preview", here, subject="Un code", body="Prenez {code}, {guest_name}")
    assert "Prenez ••••, Ada Lovelace" in unescape(shown.text)
    wrong = await admin.sends(f"{here}/preview", here, subject="Un code", body="{code} {wifi}")
    assert "{wifi}" in unescape(wrong.text)
    assert "{wifi}" in (await admin.refused(here, subject="Un code", body="{code} {wifi}"))["body"]
    await admin.sends(here, subject="Un code", body="Prenez {code}")
    assert "Un code" in await admin.sees("/messages/setup")
    await admin.sends(f"{here}/reset", here)
    assert "Un code" not in await admin.sees("/messages/setup")
    assert (await admin.http.get("/console/messages/templates/nonsense/fr")).status_code == 404


async def test_components_get_a_session_of_their_own_that_ends_and_is_written_down(hall: Hall) -> None:
    operator = hall.people[Role.OPERATOR]
    page = await operator.sees("/components")
    assert "seam-device-table" in page
    assert "://" not in page
    answer = await operator.sends("/components/session", "/components")
    token = answer.json()["client_session_token"]
    assert token.startswith("seam_cst")
    headers = {"client-session-token": token}
    session = await operator.http.post("/client_sessions/get", json={}, headers=headers)
    ends = datetime.fromisoformat(session.json()["client_session"]["expires_at"])
    assert timedelta(0) < ends - datetime.now(UTC) <= timedelta(hours=1)
    devices = (await operator.http.post("/devices/list", json={}, headers=headers)).json()["devices"]
    assert {device["properties"]["image_url"] for device in devices} == {"http://console/docs/pictures/lock.svg"}
    assert (await operator.http.get("/docs/pictures/lock.svg")).status_code == 200
    other = await operator.http.post("/client_sessions/get", json={"client_session_id": str(uuid4())}, headers=headers)
    assert (other.status_code, other.json()["error"]["type"]) == (404, "client_session_not_found")
    deeds = await hall.services.audit.newest(DEFAULT_WORKSPACE_ID)
    assert AuditAction.COMPONENTS_OPENED in {deed.action for deed in deeds}
    assert (await hall.people[Role.VIEWER].http.get("/console/components")).status_code == 403
