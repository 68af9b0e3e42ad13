"""Request bodies, read no further than a bound whatever length they claim."""

from fastapi import Request
from starlette.requests import ClientDisconnect


class UnreadableBodyError(Exception):
    """There is no whole body to work with."""


class BodyTooLargeError(UnreadableBodyError):
    """The body passed its bound; the rest of it was not read."""


class BodyCutShortError(UnreadableBodyError):
    """The caller hung up before the body was whole.  Nobody hears the answer, and nothing is wrong on our side."""


async def bounded_body(request: Request, max_bytes: int) -> bytes:
    """Read the whole body.

    Raises:
        BodyTooLargeError: it is longer than `max_bytes`.
        BodyCutShortError: the caller hung up.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > max_bytes:
                raise BodyTooLargeError
    except ClientDisconnect:
        raise BodyCutShortError from None
    return bytes(body)
