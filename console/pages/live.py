"""The stream of changes that every open page listens to."""

from fastapi import Response
from fastapi.responses import StreamingResponse

from console.gate import SESSION
from console.table import Visit
from store.changes import Mark


async def stream(visit: Visit) -> Response:
    """Tell what changes, from where the page, or its broken stream, knew."""
    known = Mark.parsed(visit.request.headers.get("last-event-id") or visit.query.get("after"))
    cookie = visit.request.cookies.get(SESSION, "")

    async def still_welcome() -> bool:
        return await visit.services.users.recognise(cookie) is not None

    return StreamingResponse(
        visit.live.stream(visit.workspace_id, known, still_welcome),
        media_type="text/event-stream",
        # Proxies that collect answers would hold the news back.
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )
