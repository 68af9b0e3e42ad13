"""What an activity may ask of other workflows.  The worker gives it; every word may be said twice without harm."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.requests import Sibling


class Neighbours(Protocol):
    """The other codes and the pools, as running workflows."""

    async def wake_pool(self, pool_id: str) -> None:
        """Have a pool look at its rows again; start its workflow where none runs."""
        ...

    async def pull(self, pool_id: str, access_code_id: UUID) -> UUID | None:
        """Ask a pool for a backup code for this code; None when none is ready."""
        ...

    async def refresh(self, access_code_id: UUID) -> None:
        """Tell a code that its row was changed by somebody else; one that has ended is no matter."""
        ...

    async def nudge(self, access_code_id: UUID) -> None:
        """Tell a code that its lock may take it now; one that has ended is no matter."""
        ...

    async def start(self, place: Sibling) -> None:
        """Start the workflow of a code that is registered already."""
        ...

    async def lost(self, access_code_ids: Collection[UUID]) -> Collection[UUID]:
        """Name those of these codes for which no workflow runs."""
        ...

    async def lost_pools(self, pool_ids: Collection[str]) -> Collection[str]:
        """Name those of these pools for which no workflow runs."""
        ...

    async def resume(
        self,
        access_code_id: UUID,
        *,
        device_id: UUID,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        arrives_at: datetime | None = None,
        backup_id: UUID | None = None,
    ) -> None:
        """Start the workflow of a code that is registered and may have run before; it goes on from what is written.

        One that runs is told to look at its row.
        """
        ...

    async def move(self, access_code_id: UUID, device_id: UUID) -> bool:
        """Have a code move to another lock and wait until that is written down; False: no workflow runs for it.

        Raises:
            RefusedError: it has ended, or that lock cannot have it.
        """
        ...

    async def replace(self, device_id: UUID, replaces_id: UUID, workspace_id: UUID) -> None:
        """See that a replacement which is under way has its workflow."""
        ...

    async def register_backup(self, backup_id: UUID, places: tuple[Sibling, ...]) -> None:
        """Start the codes of a backup, one on each lock, and wait until they are registered.

        Raises:
            RefusedError: a lock cannot have such a code.
        """
        ...
