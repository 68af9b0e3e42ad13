"""The routes that say that somebody is there; they take no key."""

from api.http.parameters import Nothing
from api.http.table import Body, Call

GREETING = "I’m one with the Force. The Force is with me."
"""What Seam's own answers, by which its clients know it."""


async def health(call: Call[Nothing]) -> Body:
    """Say that the process answers; whether Temporal and the database do is not its matter."""
    return {"msg": GREETING, "service_health_statuses": []}


async def get_health(call: Call[Nothing]) -> Body:
    """Say which parts answer."""
    parts = await call.services.health.parts()
    statuses = [
        {
            "service": part.name,
            "status": "healthy" if part.is_up else "down",
            "description": "answers" if part.is_up else "does not answer",
        }
        for part in parts
    ]
    return {"msg": GREETING, "service_health_statuses": statuses}
