"""What is sent to guests."""

from console.table import Page, Visit


async def page(visit: Visit) -> Page:
    """Show that nothing is sent."""
    return Page("messages.html")
