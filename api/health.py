"""Whether the parts that the API needs do answer."""

import asyncio
from dataclasses import dataclass

from sqlalchemy import text
from temporalio.client import Client
from temporalio.service import RPCError

from store.database import Database
from store.errors import StoreUnavailableError

PATIENCE_SECONDS = 2.0
"""A part that takes longer to say that it is there is down for whoever waits."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part and whether it answers."""

    name: str
    is_up: bool


class HealthService:
    """Asks the parts."""

    def __init__(self, client: Client, database: Database) -> None:
        self._client = client
        self._database = database

    async def parts(self) -> list[Part]:
        """Ask each part whether it answers; never raises for one that does not."""
        database, temporal = await asyncio.gather(self._database_is_up(), self._temporal_is_up())
        return [Part("database", database), Part("temporal", temporal)]

    async def _database_is_up(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._database.read() as session:
                await (await session.connection()).execute(text("SELECT 1"))
        except (StoreUnavailableError, TimeoutError):
            return False
        return True

    async def _temporal_is_up(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._client.service_client.check_health()
        except (RPCError, TimeoutError):
            return False
