"""No route can forget: each asks for sign-in and for its role, and takes a form only with its token.

The matrix is made from the table of routes, so a new row is tested by being there.  Nothing but a database is needed:
who may come in is decided before anything else is asked.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr
from structlog.testing import capture_logs
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api.app import create_app
from api.errors import SyncFailedError, TemporalUnavailableError
from api.limits import RateLimits
from api.services import Services
from console.app import create_console, mount
from console.endpoint import Endpoint
from console.gate import SESSION, VISIT
from console.rendering import POLICY
from console.routes import ROUTES
from console.table import ConsoleSettings, Route
from domain.roles import Role
from store.database import Database
from tests.console.desk import PASSWORD, SETTINGS
from tests.store.keys import new_ring
from workers.codec import KeyRingCodec

CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_ADDRESSES = count(1)
NAMES = {Role.VIEWER: "vera", Role.OPERATOR: "olga", Role.ADMIN: "ada"}


@dataclass
class Front:
    """The console without an engine, and a browser without a screen for each role."""

    services: Services
    people: dict[Role, httpx.AsyncClient]
    stranger: httpx.AsyncClient
    live_close: Any

    async def token(self, person: httpx.AsyncClient) -> str:
        """Give the token that a page's forms have."""
        found = CSRF.search((await person.get("/console/settings")).text)
        assert found is not None
        return found[1]


class _Away:
    """An engine that does not answer."""

    def __getattr__(self, name: str) -> Any:
        async def unanswered(*_: Any, **__: Any) -> None:
            raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")

        return unanswered


@asynccontextmanager
async def _front(folder: Path, settings: ConsoleSettings = SETTINGS) -> AsyncIterator[tuple[Services, Any, Any]]:
    database = await Database.open(f"sqlite:///{folder / 'console.sqlite'}")
    try:
        await database.migrate()
        services = Services.of(cast(Client, _Away()), database, new_ring(), RateLimits.OFF)
        app = create_app(services=services, codec=KeyRingCodec(services.keyring), ui_origin=None)
        console = create_console(services, settings)
        mount(app, console)
        yield services, app, console
    finally:
        await database.close()


def _browser(app: Any, scheme: str = "http") -> httpx.AsyncClient:
    """Open one at an address of its own: tries at passwords are counted by address."""
    transport = httpx.ASGITransport(app, client=(f"192.0.2.{next(_ADDRESSES)}", 1))
    return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://console")


async def _sign_in(person: httpx.AsyncClient, name: str, password: str = PASSWORD, to: str = "") -> httpx.Response:
    form = CSRF.search((await person.get("/console/sign-in")).text)
    assert form is not None
    return await person.post("/console/sign-in", data={"csrf": form[1], "name": name, "password": password, "next": to})


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def front(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """Everybody signed in."""
    async with _front(tmp_path_factory.mktemp("front")) as (services, app, console):
        people = {}
        for role, name in NAMES.items():
            await services.users.add(name, role, SecretStr(PASSWORD))
            people[role] = _browser(app)
            assert (await _sign_in(people[role], name)).status_code == 303
        # A stream that is closed ends after its first words; an open one would never.
        console.live.close()
        yield Front(services, people, _browser(app), console.live.close)


def _path(route: Route) -> str:
    return "/console" + re.sub(r"\{\w+\}", str(uuid4()), route.path)


async def _call(person: httpx.AsyncClient, route: Route, **form: str) -> httpx.Response:
    return await person.request(route.method, _path(route), data=form if route.method == "POST" else None)


GUARDED = [route for route in ROUTES if route.role is not None]
ENDS_SESSION = "/sign-out"


@pytest.mark.parametrize(
    ("error", "status", "level"),
    [
        (TemporalUnavailableError("away"), 503, "warning"),
        (SyncFailedError("the vendor refuses"), 502, None),
        (RuntimeError("a defect"), 500, "error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_log_tells_an_outage_from_a_defect_and_from_what_a_vendor_does(
    front: Front, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, level: str | None
) -> None:
    async def failing(*_: Any) -> None:
        raise error

    monkeypatch.setattr(Endpoint, "_answered", failing)
    with capture_logs() as logs:
        answer = await front.people[Role.ADMIN].get("/console/settings")
    assert answer.status_code == status
    assert [entry["log_level"] for entry in logs] == ([] if level is None else [level])


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
async def test_every_route_asks_for_sign_in_and_for_its_role(front: Front, route: Route) -> None:
    assert route.role is not None
    stranger = await _call(front.stranger, route)
    assert (stranger.status_code, stranger.headers["location"].partition("?")[0]) == (303, "/console/sign-in")
    for role, person in front.people.items():
        reaches = role.reaches(route.role)
        if reaches and route.path == ENDS_SESSION:
            continue
        form = {"csrf": await front.token(person)} if route.method == "POST" else {}
        answer = await _call(person, route, **form)
        assert (answer.status_code == 403) is not reaches, answer.text
        assert answer.status_code != 500, answer.text
        if reaches:
            assert answer.headers.get("location", "").partition("?")[0] != "/console/sign-in"


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.method == "POST"], ids=lambda route: f"{route.method} {route.path}"
)
@pytest.mark.parametrize("token", [None, "", "20260101-00000000:00", "x" * 2000, "ä"])
async def test_every_form_asks_for_its_token(front: Front, route: Route, token: str | None) -> None:
    answer = await _call(front.people[Role.ADMIN], route, **({} if token is None else {"csrf": token}))
    assert answer.status_code == 403
    assert "out of date" in answer.text


async def test_token_of_one_person_is_none_of_another(front: Front) -> None:
    others = await front.token(front.people[Role.VIEWER])
    answer = await front.people[Role.ADMIN].post("/console/sign-out", data={"csrf": others})
    assert answer.status_code == 403


async def test_form_from_another_site_is_refused_even_with_its_token(front: Front) -> None:
    person = front.people[Role.ADMIN]
    answer = await person.post(
        "/console/sign-out", data={"csrf": await front.token(person)}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403


async def test_every_answer_has_the_headers_that_let_nothing_foreign_in(front: Front) -> None:
    paths = [_path(route) for route in ROUTES if route.method == "GET"]
    for person in (front.stranger, front.people[Role.ADMIN]):
        for path in [*paths, "/console/no/such/page", "/console/static/console.css"]:
            headers = (await person.get(path)).headers
            assert headers["content-security-policy"] == POLICY, path
            assert headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'")


async def test_pages_hold_no_inline_script_or_style(front: Front) -> None:
    for path in ("/console/", "/console/codes", "/console/locks", "/console/settings", "/console/codes/new"):
        text = (await front.people[Role.ADMIN].get(path)).text
        assert re.search(r"<style|\sstyle=|\son\w+=|<script(?! defer src=)|javascript:", text) is None


async def test_cookie_is_for_this_site_alone_and_out_of_scripts_reach(tmp_path: Path) -> None:
    async with _front(tmp_path) as (services, app, _):
        await services.users.add("ada", Role.ADMIN, SecretStr(PASSWORD))
        answer = await _sign_in(_browser(app, "https"), "ada")
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(SESSION)]
    assert {"httponly", "samesite=lax", "secure", "path=/console"} <= {
        part.strip().lower() for part in cookie.split(";")
    }


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/console/codes?status=set", "/console/codes?status=set"),
        ("https://evil.example/console/", "/console/"),
        ("//evil.example", "/console/"),
        ("/console//evil.example", "/console/"),
        ("/console/\\evil.example", "/console/"),
        ("/elsewhere", "/console/"),
        ("", "/console/"),
    ],
)
async def test_signing_in_leads_on_within_the_console_alone(front: Front, wanted: str, led_to: str) -> None:
    person = _browser(front.stranger._transport.app)  # type: ignore[attr-defined]
    assert (await _sign_in(person, "vera", to=wanted)).headers["location"] == led_to


async def test_wrong_passwords_and_unknown_names_are_told_alike_and_soon_too_often(tmp_path: Path) -> None:
    async with _front(tmp_path) as (services, app, _):
        await services.users.add("ada", Role.ADMIN, SecretStr(PASSWORD))
        person = _browser(app)
        texts = set()
        for name in ("ada", "nobody"):
            answer = await _sign_in(person, name, "wrong and wrong again")
            assert answer.status_code == 422
            texts.add(answer.text.replace(f'value="{name}"', ""))
        assert len({CSRF.sub("", text) for text in texts}) == 1
        for _ in range(40):  # a machine so slow that the bucket refills meanwhile needs a few more than five
            answer = await _sign_in(person, "ada", "wrong and wrong again")
            if "Too many tries" in answer.text:
                break
        assert "Too many tries" in (await _sign_in(person, "ada")).text


async def test_session_ends_by_itself_by_removal_and_with_another_password(tmp_path: Path) -> None:
    async with _front(tmp_path, replace(SETTINGS, session_lasts=SETTINGS.session_lasts * 0)) as (services, app, _):
        await services.users.add("ada", Role.ADMIN, SecretStr(PASSWORD))
        person = _browser(app)
        await _sign_in(person, "ada")
        assert (await person.get("/console/codes")).status_code == 303
    (tmp_path / "more").mkdir()
    async with _front(tmp_path / "more") as (services, app, _):
        await services.users.add("ada", Role.ADMIN, SecretStr(PASSWORD))
        one, other = _browser(app), _browser(app)
        for person in (one, other):
            await _sign_in(person, "ada")
            assert (await person.get("/console/codes")).status_code == 200
        form = CSRF.search((await one.get("/console/settings")).text)
        assert form is not None
        new = {"csrf": form[1], "old": PASSWORD, "new": f"{PASSWORD} staple", "again": f"{PASSWORD} staple"}
        assert (await one.post("/console/settings/password", data=new)).status_code == 303
        assert (await one.get("/console/codes")).status_code == 200
        assert (await other.get("/console/codes")).status_code == 303
        await services.users.remove("ada")
        assert (await one.get("/console/codes")).status_code == 303


async def test_proxy_vouches_for_who_is_known_and_for_nobody_else(tmp_path: Path) -> None:
    async with _front(tmp_path, replace(SETTINGS, user_header="X-Remote-User")) as (services, app, _):
        await services.users.add("olga", Role.OPERATOR, None)
        await services.users.add("vera", Role.VIEWER, None)
        person = _browser(app)
        assert (await person.get("/console/codes", headers={"X-Remote-User": "nobody"})).status_code == 303
        assert (await person.get("/console/codes/new", headers={"X-Remote-User": "Olga"})).status_code == 200
        # The session follows the proxy's word: another name, or none, is not who came before.
        assert (await person.get("/console/codes/new", headers={"X-Remote-User": "vera"})).status_code == 403
        assert (await person.get("/console/codes/new")).status_code == 303


async def test_header_means_nothing_unless_it_is_trusted(front: Front) -> None:
    person = _browser(front.stranger._transport.app)  # type: ignore[attr-defined]
    assert (await person.get("/console/codes", headers={"X-Remote-User": "ada"})).status_code == 303
    assert VISIT in person.cookies
    assert SESSION not in person.cookies


async def test_part_of_a_page_whose_session_ended_leads_the_page_to_sign_in(front: Front) -> None:
    headers = {"hx-request": "true", "hx-current-url": "http://console/console/codes?status=set"}
    answer = await front.stranger.get(f"/console/codes/{uuid4()}/row", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/console/sign-in?next=%2Fconsole%2Fcodes%3Fstatus%3Dset"
