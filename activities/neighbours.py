"""What an activity may ask of other workflows.  The worker gives it; every word may be said twice without harm."""

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

    async def resume(self, place: Sibling) -> None:
        """Start the workflow of a code whose end was written down and which is on its lock all the same."""
        ...

    async def register_backup(self, backup_id: UUID, places: tuple[Sibling, ...]) -> None:
        """Start the codes of a backup, one on each lock, and wait until they are registered.

        Raises:
            RefusedError: a lock cannot have such a code.
        """
        ...
