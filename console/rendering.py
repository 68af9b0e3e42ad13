"""How pages are written: templates that escape everything, and headers that let nothing foreign in.

`POLICY` allows scripts and styles from our own files alone: no inline script, no inline style, no other host.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.users import Visitor
from console import moments, words
from console.navigation import NAVIGATION
from console.table import Page
from domain.roles import Role

HERE = Path(__file__).parent
STATIC, TEMPLATES = HERE / "static", HERE / "templates"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
"""On every answer: pages hold guests' names, and for whoever asked, digits."""


class Pages:
    """Writes pages from templates."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        version = _version()
        self._environment.globals |= {
            "navigation": NAVIGATION,
            "Role": Role,
            "static": lambda name: f"/console/static/{name}?v={version}",
        }
        self._environment.filters |= {
            "moment": moments.moment,
            "ago": moments.ago,
            "iso": lambda instant: instant.astimezone(UTC).isoformat(timespec="seconds"),
            "sentence": words.sentence,
        }

    def render(self, request: Request, page: Page, visitor: Visitor | None, token: str) -> Response:
        """Write a page; `token` goes into its forms."""
        shown: dict[str, Any] = {
            "visitor": visitor,
            "csrf": token,
            "path": request.url.path,
            "now": datetime.now(UTC),
            "is_partial": request.headers.get("hx-request") == "true",
            **page.shown,
        }
        text = self._environment.get_template(page.template).render(shown)
        return HTMLResponse(text, page.status, headers=dict(page.headers))


class Files(StaticFiles):
    """The console's own files.  Their address changes with their content, so browsers may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Give a file with the pages' headers."""
        response = await super().get_response(path, scope)
        response.headers.update({**HEADERS, "cache-control": "public, max-age=31536000, immutable"})
        return response


def _version() -> str:
    digest = hashlib.sha256()
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
