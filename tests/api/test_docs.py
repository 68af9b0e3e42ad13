"""The documentation page needs nobody but this server, and its files are those that were vendored."""

import hashlib
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from api.app import create_app
from api.docs import STATIC
from tests.docs.pages import ROOT
from tests.store.keys import new_ring
from workers.codec import KeyRingCodec

VENDORED = STATIC / "swagger-ui"
SUMS = dict(re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", (VENDORED / "VENDORED.md").read_text(), re.MULTILINE))


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(codec=KeyRingCodec(new_ring()), ui_origin=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        yield client


async def test_the_page_and_all_that_it_asks_for_are_served_here_under_a_strict_policy(http: httpx.AsyncClient) -> None:
    page = await http.get("/docs")
    asked = [name for name in re.findall(r'(?:src|href)="([^"]+)"', page.text) if not name.startswith("data:")]
    assert len(asked) == 3
    for answer in [page, *[await http.get(f"/{name}") for name in asked]]:
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert "*" not in policy


async def test_our_own_page_names_no_other_host_and_asks_no_validator(http: httpx.AsyncClient) -> None:
    script = (await http.get("/docs/page/start.js")).text
    assert "//" not in (await http.get("/docs")).text
    assert "://" not in script
    assert "validatorUrl: null" in script
    assert (await http.get("/openapi.json")).json()["info"]["title"] == "Latchwork"


async def test_nothing_but_the_pages_files_is_served(http: httpx.AsyncClient) -> None:
    for path in ("/docs/../app.py", "/docs/%2e%2e/app.py", "/docs/..%2fapp.py", "/docs/swagger-ui", "/docs/page"):
        assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css"])
def test_vendored_files_are_as_they_came(name: str) -> None:
    assert hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() == SUMS[name]


def test_vendored_files_keep_their_licenses_and_are_packaged() -> None:
    assert "Apache License" in (VENDORED / "LICENSE").read_text()
    assert "SmartBear" in (VENDORED / "NOTICE").read_text()
    assert 'api = ["static/**/*"]' in (ROOT / "pyproject.toml").read_text()
