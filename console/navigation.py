"""The console's main places, in the order in which they stand in every page's navigation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One of them."""

    title: str
    path: str
    icon: str
    """The name of its drawing in `templates/icons.html`."""

    def holds(self, path: str) -> bool:
        """Tell whether a page belongs to this place."""
        return path == self.path if self.path == "/console/" else path.startswith(self.path)


NAVIGATION = (
    Place("Today", "/console/", "today"),
    Place("Codes", "/console/codes", "codes"),
    Place("Locks", "/console/locks", "locks"),
    Place("Messages", "/console/messages", "messages"),
    Place("Settings", "/console/settings", "settings"),
)
