"""The console as people have it: an address, users of every role, and short words for what tests ask."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
from pydantic import SecretStr

from api.app import create_app
from api.limits import RateLimits
from api.services import Services
from console.app import create_console, mount
from console.table import ConsoleSettings
from domain.requests import CodeRequest
from domain.roles import Role
from store import replacements
from store.device_lists import DeviceFilter
from store.tables import DeviceRow
from tests.house import House
from tests.waiting import eventually
from workers.codec import KeyRingCodec
from workers.consoles import console_settings
from workers.lifetime import background
from workers.serving import listen, serve, url_of
from workers.settings import Settings

PASSWORD = "correct horse battery"
OPERATOR, COLLEAGUE, VIEWER, ADMIN = "olga", "otto", "vera", "ada"
USERS = {OPERATOR: Role.OPERATOR, COLLEAGUE: Role.OPERATOR, VIEWER: Role.VIEWER, ADMIN: Role.ADMIN}
SETTINGS = console_settings(Settings(), temporal_ui="http://127.0.0.1:8233")
READY_WITHIN_SECONDS = 30.0


@dataclass
class Desk:
    """The served console on a house."""

    house: House
    services: Services
    url: str

    @property
    def console(self) -> str:
        """Where the pages are."""
        return f"{self.url}/console"

    async def lock(self, name: str | None = None) -> DeviceRow:
        """Put up a lock of its own."""
        return await self.house.new_lock(name or f"Lock {uuid4()}")

    async def code(
        self, lock: DeviceRow, name: str, *, hours: float = 24, starts_in_hours: float | None = None, pool: bool = False
    ) -> UUID:
        """Register a code that begins now, or later."""
        now, code_id = datetime.now(UTC), uuid4()
        request = CodeRequest(
            device_id=lock.id,
            name=name,
            starts_at=None if starts_in_hours is None else now + timedelta(hours=starts_in_hours),
            ends_at=now + timedelta(hours=hours),
            use_backup_access_code_pool=pool,
        )
        await self.services.codes.create(request, access_code_id=code_id, pin=None)
        return code_id

    async def typed_in(self, lock: DeviceRow, pin: str, name: str) -> None:
        """Have somebody else put a code on a lock."""
        device, account = await self.services.devices.get(lock.workspace_id, DeviceFilter(ids=[lock.id]))
        assert await self.services.unmanaged.type_in(device, account.provider, SecretStr(pin), name) is not None

    async def new_lock(self, name: str) -> DeviceRow:
        """Put up a lock that an operator is asked about, as a look at its account would."""
        lock = await self.lock(name)
        async with self.house.database.write() as session:
            await replacements.ask(session, [lock], datetime.now(UTC))
        return lock

    async def until_backed_up(self, code_id: UUID) -> None:
        """Wait until a backup code is ready for a code."""

        async def is_ready() -> bool:
            return await self.services.codes.has_backup(await self.services.codes.get(code_id))

        await eventually(is_ready, within=READY_WITHIN_SECONDS, what="a backup code is ready")

    async def until_works(self, code_id: UUID) -> None:
        """Wait until a code is proven on its lock."""

        async def works() -> bool:
            return (await self.services.codes.get(code_id)).row.opens

        await eventually(works, within=READY_WITHIN_SECONDS, what="the code works")


@asynccontextmanager
async def served(services: Services, *, port: int = 0, settings: ConsoleSettings = SETTINGS) -> AsyncIterator[str]:
    """Serve API and console, on a port of their own or on a given one; give the address."""
    app = create_app(services=services, codec=KeyRingCodec(services.keyring), ui_origin=None)
    console = create_console(services, settings)
    mount(app, console)
    listener = listen("127.0.0.1", port)
    try:
        async with background(serve(app, listener, console.live.close)):
            yield url_of(listener)
    finally:
        listener.close()


@asynccontextmanager
async def open_desk(house: House) -> AsyncIterator[Desk]:
    """Serve the console of a house, with a user of every role."""
    services = Services.of(house.client, house.database, house.keyring, RateLimits.OFF)
    for name, role in USERS.items():
        await services.users.add(name, role, SecretStr(PASSWORD))
    async with served(services) as url:
        yield Desk(house, services, url)


def client(app_url: str) -> httpx.AsyncClient:
    """Give a browser without a screen."""
    return httpx.AsyncClient(base_url=app_url, trust_env=False, timeout=30)
