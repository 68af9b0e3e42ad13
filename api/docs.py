"""The documentation page of the API, from files of our own: no other host is asked for anything.

The page may run our scripts and speak to our origin alone (`POLICY`), so that even a hole in the vendored viewer could
send nothing away.  Where the files come from: `static/swagger-ui/VENDORED.md`.
"""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class _Files(StaticFiles):
    """Files with the page's own headers."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        return response


def add_docs(app: FastAPI) -> None:
    """Serve the page at `/docs` and its files below; it shows the application's own `openapi.json`."""
    page = (STATIC / "page" / "index.html").read_text(encoding="utf-8")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page, headers=_HEADERS)

    app.mount("/docs", _Files(directory=STATIC))
