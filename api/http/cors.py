"""Browsers on other sites may call, with a session token of their own: no cookie ever speaks for anybody here."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response

from api.http.table import Route

REQUEST_ID = "seam-request-id"

CORS: Mapping[str, str] = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": f"{REQUEST_ID}, retry-after",
}
_HEADERS = (
    "authorization, content-type, client-session-token, idempotency-key, "
    "seam-workspace, seam-sdk-name, seam-sdk-version, seam-lts-version"
)
_REMEMBERED_SECONDS = 600


def preflight(route: Route[Any]) -> Response:
    """Tell a browser what it may send."""
    verbs = ", ".join(verb.value for verb in route.verbs)
    return Response(
        status_code=204,
        headers={
            "access-control-allow-methods": verbs,
            "access-control-allow-headers": _HEADERS,
            "access-control-max-age": str(_REMEMBERED_SECONDS),
        },
    )
