"""An order for a code over HTTP, sent again and again under one Idempotency-Key, as a client does that hears nothing."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlmodel import col, func, select

from store.api_tables import AnswerRow
from store.tables import AccessCodeRow, DeviceRow, EventRow
from tests.house import House

PAUSE_SECONDS = 0.3
TO_BE_REPEATED = {(409, "idempotency_key_in_use"), (503, "service_unavailable")}
"""What a client answers with another try.  Anything else is a failure of ours."""


@dataclass
class Order:
    """One wish for one code on a lock of its own."""

    house: House
    http: httpx.AsyncClient
    lock: DeviceRow
    starts_at: datetime | None = None
    key: str = field(default_factory=lambda: str(uuid4()))

    async def send(self) -> dict[str, Any] | None:
        """Send it once; None when no answer came, or one that asks for another try."""
        body = {"device_id": str(self.lock.id)}
        if self.starts_at is not None:
            body["starts_at"] = self.starts_at.isoformat()
        try:
            answer = await self.http.post("/access_codes/create", json=body, headers={"idempotency-key": self.key})
        except httpx.TransportError:
            return None
        told: dict[str, Any] = answer.json()
        if answer.status_code == 200:
            return told
        assert (answer.status_code, told["error"]["type"]) in TO_BE_REPEATED, answer.text
        return None

    async def insist(self, within: float) -> dict[str, Any]:
        """Send it until it is answered.

        Raises:
            TimeoutError: it is not, within so many seconds.
        """
        async with asyncio.timeout(within):
            # The API is another process: there is no event to wait for.
            while (told := await self.send()) is None:  # noqa: ASYNC110
                await asyncio.sleep(PAUSE_SECONDS)
        return told

    async def operation_id(self) -> UUID | None:
        """Give what the ids of everything made by the order are derived from; None until the API has taken it."""
        async with self.house.database.read() as session:
            query = select(AnswerRow.operation_id).where(col(AnswerRow.key) == f"key {self.key}")
            return (await session.exec(query)).first()

    async def let_age(self) -> None:
        """Have the time pass after which whoever took the order must be dead."""
        async with self.house.database.write() as session:
            row = (await session.exec(select(AnswerRow).where(col(AnswerRow.key) == f"key {self.key}"))).one()
            row.busy_until = datetime.now(UTC) - timedelta(seconds=1)

    async def codes(self) -> list[UUID]:
        """List the codes that there are, or ever were, on the lock."""
        async with self.house.database.read() as session:
            query = select(AccessCodeRow.id).where(AccessCodeRow.device_id == self.lock.id)
            return list((await session.exec(query)).all())

    async def times_set(self) -> int:
        """Count how often it was told that a code was set on the lock."""
        async with self.house.database.read() as session:
            query = (
                select(func.count())
                .select_from(EventRow)
                .where(col(EventRow.device_id) == self.lock.id, col(EventRow.event_type) == "access_code.set_on_device")
            )
            return (await session.exec(query)).one()
