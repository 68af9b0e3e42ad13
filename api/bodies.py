"""Request bodies, read no further than a bound whatever length they claim."""

from fastapi import Request


class BodyTooLargeError(Exception):
    """The body passed its bound; the rest of it was not read."""


async def bounded_body(request: Request, max_bytes: int) -> bytes:
    """Read the whole body.

    Raises:
        BodyTooLargeError: it is longer than `max_bytes`.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise BodyTooLargeError
    return bytes(body)
