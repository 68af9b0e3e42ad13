"""Who calls: the workspace and the rights that a key brings.  Nothing a caller sends can widen them."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from domain.scopes import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever holds one key."""

    key_id: UUID
    workspace_id: UUID
    scopes: Collection[Scope]

    def may(self, scope: Scope) -> bool:
        """Tell whether the key has a right."""
        return scope in self.scopes
