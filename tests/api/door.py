"""The API as a caller has it: an address, a key, and short words for what tests ask."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from api.app import create_app
from api.keys import MintedKey
from api.limits import RateLimits
from api.services import Services
from domain.devices import DeviceFacts
from providers.simulated.seeds import plain_lock
from store import accounts, devices
from store.tables import DeviceRow, WorkspaceRow
from tests.house import House
from tests.waiting import eventually
from workers.codec import KeyRingCodec
from workers.lifetime import background
from workers.serving import listen, serve, url_of

SET_WITHIN_SECONDS = 20.0


@dataclass
class Door:
    """The served API, and whoever knocks with a full key."""

    house: House
    services: Services
    url: str
    key: str
    http: httpx.AsyncClient

    async def call(self, path: str, *, key: str | None = None, **body: Any) -> httpx.Response:
        """POST a JSON body."""
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        return await self.http.post(path, json=body, headers=headers)

    async def asked(self, path: str, **body: Any) -> Any:
        """POST a JSON body that must be accepted; give the answer."""
        answer = await self.call(path, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, path: str, **body: Any) -> tuple[int, str]:
        """POST a JSON body that must be refused; give status and type."""
        answer = await self.call(path, **body)
        assert answer.json()["ok"] is False
        return answer.status_code, answer.json()["error"]["type"]

    async def lock(self) -> DeviceRow:
        """Put up a lock of its own."""
        return await self.house.new_lock(f"Lock {uuid4()}")

    async def code(self, **body: Any) -> Any:
        """Create a code, on a lock of its own unless one is named; give the resource."""
        device_id = body.pop("device_id", None) or str((await self.lock()).id)
        return (await self.asked("/access_codes/create", device_id=device_id, **body))["access_code"]

    async def until(self, access_code_id: str, status: str) -> Any:
        """Wait until a code has a status; give the resource."""
        found: dict[str, Any] = {}

        async def has_it() -> bool:
            found.update((await self.asked("/access_codes/get", access_code_id=access_code_id))["access_code"])
            return bool(found["status"] == status)

        await eventually(has_it, within=SET_WITHIN_SECONDS, what=f"{access_code_id} is {status}")
        return found

    async def until_gone(self, access_code_id: str) -> None:
        """Wait until a code answers 404."""

        async def is_gone() -> bool:
            answer = await self.call("/access_codes/get", access_code_id=access_code_id)
            return answer.status_code == 404

        await eventually(is_gone, within=SET_WITHIN_SECONDS, what=f"{access_code_id} is gone")

    async def another_workspace(self) -> tuple[MintedKey, UUID]:
        """Make another tenant with a lock of its own; give its key and its lock."""
        workspace_id, account_id, now = uuid4(), uuid4(), datetime.now(UTC)
        async with self.house.database.write() as session:
            session.add(WorkspaceRow(id=workspace_id, name="other", policy={}, created_at=now))
            await session.flush()
            account = await accounts.add_account(
                session,
                id=account_id,
                workspace_id=workspace_id,
                provider="lock_cloud",
                name="Other",
                credentials=b"sealed",
                now=now,
            )
            facts = DeviceFacts.model_validate(plain_lock("Other door").facts)
            found = await devices.upsert_devices(session, account, [facts], now, uuid4)
        return await self.services.keys.mint("other", workspace_id=workspace_id), found.added[0]


def in_hours(hours: float) -> str:
    """Give an instant as a caller writes it."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


@asynccontextmanager
async def open_door(house: House, limits: RateLimits = RateLimits.OFF) -> AsyncIterator[Door]:
    """Serve the API of a house on a port of its own."""
    services = Services.of(house.client, house.database, house.keyring, limits, messages_for_development=True)
    app = create_app(services=services, codec=KeyRingCodec(house.keyring), ui_origin=None)
    listener = listen("127.0.0.1", 0)
    url = url_of(listener)
    key = (await services.keys.mint(f"tests {uuid4()}")).token.get_secret_value()
    headers = {"authorization": f"Bearer {key}"}
    try:
        async with (
            background(serve(app, listener)),
            httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60) as http,
        ):
            yield Door(house, services, url, key, http)
    finally:
        listener.close()
