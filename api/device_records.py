"""Locks as the store has them: reading them, and keeping what callers say of them.  No Temporal is needed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.devices import DeviceFacts
from domain.refusals import RefusalType, RefusedError, refuse
from store import device_lists, devices
from store.database import Database
from store.device_lists import DeviceFilter, Located
from store.pages import Page
from store.tables import DeviceRow


class DeviceRecords:
    """What callers can learn and say of locks.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, workspace_id: UUID, wanted: DeviceFilter, page: Page) -> Sequence[Located]:
        """List locks, newest first; one more than the page holds when there are more."""
        async with self._database.read() as session:
            return await device_lists.page_of_devices(session, workspace_id, wanted, page)

    async def get(self, workspace_id: UUID, wanted: DeviceFilter) -> Located:
        """Give the lock that is meant.

        Raises:
            RefusedError: there is none, or several.
        """
        found = await self.page(workspace_id, wanted, Page(limit=2))
        if len(found) > 1:
            raise refuse(RefusalType.INVALID_INPUT, "several devices have this name; give a device_id", field="name")
        if not found:
            raise device_not_found()
        return found[0]

    async def pooled(self, ids: Collection[UUID]) -> Collection[UUID]:
        """Name those locks whose backup pool is to be kept full."""
        async with self._database.read() as session:
            return await device_lists.pooled(session, ids)

    async def describe(
        self,
        workspace_id: UUID,
        device_id: UUID,
        *,
        nickname: str | None,
        metadata: Mapping[str, Any] | None,
    ) -> None:
        """Keep what a caller says of a lock: None changes nothing, an empty name goes back to the vendor's.

        Raises:
            RefusedError: there is no such lock.
        """
        async with self._database.write() as session:
            row = await devices.locked_device(session, workspace_id, device_id)
            if row is None:
                raise device_not_found(device_id)
            if nickname is not None:
                row.nickname = nickname or None
            if metadata is not None:
                row.custom_metadata = dict(metadata)

    async def report(self, workspace_id: UUID, facts: Mapping[UUID, Mapping[str, Any]]) -> None:
        """Take facts that a vendor does not tell, such as the lengths of codes that a lock takes.

        Raises:
            RefusedError: one of the locks does not exist; nothing is changed then.
        """
        async with self._database.write() as session:
            for device_id in sorted(facts):
                row = await devices.locked_device(session, workspace_id, device_id)
                if row is None:
                    raise device_not_found(device_id)
                _add(row, facts[device_id])


def _add(row: DeviceRow, facts: Mapping[str, Any]) -> None:
    row.reported = {**row.reported, **facts}
    row.facts = DeviceFacts.model_validate({**row.facts, **facts}).model_dump(mode="json")


def device_not_found(device_id: UUID | None = None) -> RefusedError:
    """Make the refusal of a lock that the workspace does not have."""
    named = "such device" if device_id is None else f"device {device_id}"
    return refuse(RefusalType.DEVICE_NOT_FOUND, f"there is no {named}", field="device_id")
