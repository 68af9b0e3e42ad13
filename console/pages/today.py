"""The page that a person keeps open."""

from console.table import Page, Visit


async def page(visit: Visit) -> Page:
    """Show what the day brings."""
    return Page("today.html", {"mark": await visit.live.mark()})
