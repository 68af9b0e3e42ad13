"""The HTTP application, put together from what its process hands in.

Nothing here reads the environment or opens a client: the composition roots in `workers/` do, and pass on the results.
"""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route as Mount
from temporalio.converter import PayloadCodec

from api.codec import codec_router
from api.docs import add_docs
from api.http.endpoint import Endpoint, failure_response
from api.http.failures import ApiError
from api.http.openapi import document
from api.http.request_ids import RequestIds
from api.http.routes import ROUTES
from api.http.table import Route
from api.inbound import WebhookIntake, inbound_router
from api.services import Services


def create_app(
    *,
    codec: PayloadCodec,
    ui_origin: str | None,
    services: Services | None = None,
    intake: WebhookIntake | None = None,
) -> FastAPI:
    """The application.

    `ui_origin` is the Temporal UI's origin (scheme, host and port); with None there is no codec endpoint.
    `services` answer the API's routes, `intake` takes vendors' webhooks; with None there are no such routes.
    """
    app = FastAPI(title="Latchwork", docs_url=None, redoc_url=None, openapi_url=None)
    app.router.routes.append(Mount("/openapi.json", _described(ROUTES)))
    if services is not None:
        app.router.routes.extend(Mount(route.path, Endpoint(route, services)) for route in ROUTES)
    add_docs(app)
    if ui_origin is not None:
        app.include_router(codec_router(codec, ui_origin))
    if intake is not None:
        app.include_router(inbound_router(intake))
    app.add_middleware(RequestIds)
    app.add_exception_handler(HTTPStatus.NOT_FOUND, _no_such_path)
    return app


def _described(routes: Sequence[Route[Any]]) -> Callable[[Request], Awaitable[Response]]:
    """Give what answers with the routes' description."""
    described = document(routes)

    async def openapi(request: Request) -> Response:
        return JSONResponse(described)

    return openapi


async def _no_such_path(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    return failure_response(ApiError(HTTPStatus.NOT_FOUND, "not_found", "there is no such path"))
