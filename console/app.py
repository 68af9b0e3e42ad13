"""The console as an application that its process mounts at `/console`.

Nothing here reads the environment or opens a client: the composition roots in `workers/` do, and pass on the results.
"""

from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route as Mount

from api.services import Services
from console.endpoint import Endpoint
from console.live import Live
from console.rendering import STATIC, Files, Pages
from console.routes import ROUTES
from console.table import ConsoleSettings, NotHereError, Route, Visit

BASE = "/console"


@dataclass(frozen=True, slots=True)
class Console:
    """The application, and what is to be closed before its server stops."""

    app: FastAPI
    live: Live


def create_console(services: Services, settings: ConsoleSettings) -> Console:
    """Put the console together."""
    app = FastAPI(title="Latchwork console", docs_url=None, redoc_url=None, openapi_url=None)
    live, pages = Live(services.database), Pages()
    for route in ROUTES:
        endpoint = Endpoint(route, services, settings, live, pages)
        app.router.routes.append(Mount(route.path, endpoint, methods=[route.method]))
    app.mount("/static", Files(directory=STATIC))
    missing = Endpoint(Route("GET", "/{path:path}", _missing), services, settings, live, pages)

    async def no_such_page(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        return await missing.respond(request)

    app.add_exception_handler(HTTPStatus.NOT_FOUND, no_such_page)
    return Console(app, live)


async def _missing(visit: Visit) -> Response:
    raise NotHereError


def mount(app: FastAPI, console: Console) -> None:
    """Serve the console beside the API."""
    app.mount(BASE, console.app)
