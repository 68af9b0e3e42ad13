"""The vendor's side of the cloud over HTTP: the API that `providers/lock_cloud.py` speaks.

A handler only carries: the cloud decides the answer, this module waits, aborts the connection, or sends it.
"""

import asyncio
from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from providers.simulated import answers
from providers.simulated.answers import Answer
from providers.simulated.cloud import LockCloud
from providers.simulated.control import control_routes
from providers.simulated.orders import Order

Address = tuple[str, int]
Abort = Callable[[Address], None]
"""Cuts the connection of the peer at that address, without a word."""


def build_app(cloud: LockCloud, abort: Abort) -> FastAPI:
    """Both sides of the cloud on one address."""
    app = FastAPI(openapi_url=None)
    app.include_router(control_routes(cloud))

    async def send(request: Request, answer: Answer) -> Response:
        await asyncio.sleep(answer.wait_seconds)
        if answer.status is None:
            client = request.scope["client"]
            abort((client[0], client[1]))
            # The server must learn of the loss before it looks at the response, which goes nowhere.
            await asyncio.sleep(0.001)
            return Response()
        if answer.body is None:
            return Response("<html>It works!</html>", answer.status, media_type="application/json")
        return JSONResponse(answer.body, answer.status, dict(answer.headers))

    @app.get("/locks")
    async def list_locks(request: Request) -> Response:
        return await send(request, cloud.list_locks(_seen(request)))

    @app.get("/locks/{lock_id}")
    async def describe(request: Request, lock_id: str) -> Response:
        return await send(request, cloud.describe(_seen(request), lock_id))

    @app.get("/locks/{lock_id}/access_codes")
    async def list_codes(request: Request, lock_id: str) -> Response:
        return await send(request, cloud.list_codes(_seen(request), lock_id))

    @app.post("/locks/{lock_id}/access_codes")
    async def create(request: Request, lock_id: str) -> Response:
        return await send(request, cloud.create(_seen(request), lock_id, _order(await request.body())))

    @app.post("/locks/{lock_id}/lock")
    async def lock(request: Request, lock_id: str) -> Response:
        return await send(request, cloud.move(_seen(request), lock_id, locked=True))

    @app.post("/locks/{lock_id}/unlock")
    async def unlock(request: Request, lock_id: str) -> Response:
        return await send(request, cloud.move(_seen(request), lock_id, locked=False))

    @app.patch("/access_codes/{code_id}")
    async def change(request: Request, code_id: str) -> Response:
        return await send(request, cloud.change(_seen(request), code_id, _order(await request.body())))

    @app.delete("/access_codes/{code_id}")
    async def delete(request: Request, code_id: str) -> Response:
        return await send(request, cloud.delete(_seen(request), code_id))

    return app


def _seen(request: Request) -> answers.Request:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return answers.Request(request.method, request.url.path, token if kind.lower() == "bearer" else None)


def _order(body: bytes) -> Order | None:
    try:
        return Order.model_validate_json(body)
    except ValidationError:
        return None
