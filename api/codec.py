"""The codec endpoint: it lets the Temporal UI show an operator what the histories hold encrypted.

One call decodes anything, so it answers the pages of one origin alone, character for character, and refuses whoever
names another or none.  That stops other sites in the operator's browser; it does not stop programs, which may name any
origin: serve it on loopback, or behind authentication.

The contract is Temporal's (codec server): POST a `Payloads` message as protobuf JSON to `/encode` or `/decode`, get one
back.  Bodies are bounded and never logged; errors do not repeat them.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import HTTPException
from fastapi.responses import JSONResponse
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

from api.bodies import UnreadableBodyError, bounded_body
from store.keyring import KeyRingError

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Twice what one message between Temporal and us may hold (4 MiB), as base64 and JSON swell it."""

_ALLOWED_HEADERS = "content-type,x-namespace,authorization"
"""What the UI sends: its namespace, and the operator's token where it passes that on."""

_PREFLIGHT_SECONDS = 600

Step = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


def codec_router(codec: PayloadCodec, ui_origin: str) -> APIRouter:
    """The routes below `/codec` for the UI at `ui_origin`, such as `http://127.0.0.1:8233`."""
    allowed = ui_origin.rstrip("/")

    def from_ui(request: Request) -> dict[str, str]:
        """The headers by which a browser lets the UI read the answer.

        Raises:
            HTTPException: 403, the request does not come from the UI.
        """
        if request.headers.getlist("origin") != [allowed]:
            raise HTTPException(403, "the codec answers the Temporal UI's origin only")
        return {"access-control-allow-origin": allowed, "vary": "Origin"}

    FromUI = Annotated[dict[str, str], Depends(from_ui)]  # noqa: N806  # a type, though made here
    router = APIRouter(prefix="/codec", include_in_schema=False)

    @router.post("/encode")
    async def encode(request: Request, cors: FromUI) -> Response:
        return await _answer(request, codec.encode, cors)

    @router.post("/decode")
    async def decode(request: Request, cors: FromUI) -> Response:
        return await _answer(request, codec.decode, cors)

    @router.options("/encode")
    @router.options("/decode")
    async def preflight(cors: FromUI) -> Response:
        permissions = {
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": _ALLOWED_HEADERS,
            "access-control-max-age": str(_PREFLIGHT_SECONDS),
        }
        return Response(status_code=204, headers=cors | permissions)

    return router


async def _answer(request: Request, step: Step, cors: dict[str, str]) -> Response:
    """Run the request's payloads through one step of the codec.  What went wrong is told under the same headers, so
    that the UI can show it."""
    try:
        payloads = _parsed(await bounded_body(request, MAX_BODY_BYTES))
        done = Payloads(payloads=await step(payloads.payloads))
    except UnreadableBodyError:
        return _refusal(413, f"more than {MAX_BODY_BYTES} bytes", cors)
    except _MalformedError:
        return _refusal(400, "the body is no Payloads message in protobuf JSON", cors)
    except KeyRingError as error:
        return _refusal(422, str(error), cors)
    return Response(json_format.MessageToJson(done, indent=None), media_type="application/json", headers=cors)


class _MalformedError(Exception):
    """The body is not what the contract says."""


def _parsed(body: bytes) -> Payloads:
    try:
        message = json.loads(body)
        if isinstance(message, dict):
            return json_format.ParseDict(message, Payloads())
    except (json_format.ParseError, ValueError, RecursionError):
        pass  # The cause may quote the body.
    raise _MalformedError


def _refusal(status: int, message: str, cors: dict[str, str]) -> Response:
    return JSONResponse({"detail": message}, status, headers=cors)
