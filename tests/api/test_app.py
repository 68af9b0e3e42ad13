"""The application answers that it is alive."""

import httpx

from api.app import create_app
from tests.store.keys import new_ring
from workers.codec import KeyRingCodec


async def test_health_says_ok() -> None:
    app = create_app(codec=KeyRingCodec(new_ring()), ui_origin=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        answer = await client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
