"""What a person at the console may do.  Each role may do all that the ones before it may."""

from enum import StrEnum


class Role(StrEnum):
    """The rights of a console user, the fewest first."""

    VIEWER = "viewer"
    """Look at everything but digits."""
    OPERATOR = "operator"
    """Create, change and delete codes, see digits, pull backup codes."""
    ADMIN = "admin"
    """Connect accounts and manage users."""

    def reaches(self, needed: "Role") -> bool:
        """Tell whether this role may do what needs another."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
