"""A part of ours is away: 503, by type, with when to come back; and nothing half made."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest_asyncio
from structlog.testing import capture_logs
from temporalio.client import Client

from api.app import create_app
from api.limits import RateLimits
from api.services import Services
from domain.devices import DeviceFacts
from store.accounts import DEFAULT_WORKSPACE_ID, add_account, default_workspace
from store.database import Database
from store.devices import upsert_devices
from tests.devserver import temporal
from tests.store.keys import new_ring
from tests.store.rows import NOW
from workers.codec import KeyRingCodec, data_converter


class Alone:
    """The API whose Temporal server has stopped, on a database that can be ruined."""

    def __init__(self, http: httpx.AsyncClient, device_id: UUID, database: Database, file: Path) -> None:
        self.http, self.device_id, self.database, self.file = http, device_id, database, file

    async def ruin(self) -> None:
        """Leave no database where there was one."""
        await self.database.close()  # connections are opened anew when they are needed
        for file in self.file.parent.glob(f"{self.file.name}*"):
            file.unlink()
        self.file.write_bytes(b"ruined" * 4096)


@pytest_asyncio.fixture(loop_scope="session")
async def alone(tmp_path: Path) -> AsyncIterator[Alone]:
    keyring, file = new_ring(), tmp_path / "api.sqlite"
    folder = tmp_path / "temporal"
    folder.mkdir()
    async with temporal(folder) as server:
        client = await Client.connect(server.address, data_converter=data_converter(keyring))
    database = await Database.open(f"sqlite:///{file}")
    await database.migrate()
    async with database.write() as session:
        await default_workspace(session, now=NOW)
        account = await add_account(
            session,
            id=uuid4(),
            workspace_id=DEFAULT_WORKSPACE_ID,
            provider="lock_cloud",
            name="A",
            credentials=b"sealed",
            now=NOW,
        )
        found = await upsert_devices(session, account, [DeviceFacts(lock_id="1", name="Door")], NOW, uuid4)
    services = Services.of(client, database, keyring, RateLimits.OFF)
    token = (await services.keys.mint("tests")).token.get_secret_value()
    app = create_app(services=services, codec=KeyRingCodec(keyring), ui_origin=None)
    headers = {"authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as http:
        yield Alone(http, found.added[0], database, file)
    await database.close()


def _is_away(answer: httpx.Response) -> bool:
    error = answer.json()["error"]
    return (answer.status_code, error["type"]) == (503, "service_unavailable") and int(
        answer.headers["retry-after"]
    ) > 0


def _outages_in(logs: Sequence[Mapping[str, Any]]) -> list[str]:
    """List what an operator can read of calls that were put off: the part, and how it shows."""
    return [entry["why"] for entry in logs if entry["event"].startswith("a call was put off")]


async def test_reading_needs_no_temporal_and_creating_says_that_it_is_away(alone: Alone) -> None:
    listed = await alone.http.post("/devices/list")
    assert len(listed.json()["devices"]) == 1
    key = {"idempotency-key": "once"}
    with capture_logs() as logs:
        created = await alone.http.post("/access_codes/create", json={"device_id": str(alone.device_id)}, headers=key)
    assert _is_away(created)
    assert _outages_in(logs) == ["Temporal cannot take this now: tcp connect error"]
    again = await alone.http.post("/access_codes/create", json={"device_id": str(alone.device_id)}, headers=key)
    assert _is_away(again)
    assert (await alone.http.post("/access_codes/list")).json()["access_codes"] == []
    statuses = (await alone.http.get("/health/get_health")).json()["service_health_statuses"]
    assert {one["service"]: one["status"] for one in statuses} == {"database": "healthy", "temporal": "down"}


async def test_ruined_database_is_an_outage_and_not_a_defect(alone: Alone) -> None:
    await alone.ruin()
    with capture_logs() as logs:
        for path in ("/devices/list", "/access_codes/create", "/events/list"):
            assert _is_away(await alone.http.post(path, json={"device_id": str(alone.device_id)}))
    assert [why.startswith("the database sqlite") for why in _outages_in(logs)] == [True] * 3
    statuses = (await alone.http.get("/health/get_health")).json()["service_health_statuses"]
    assert {one["service"]: one["status"] for one in statuses}["database"] == "down"
