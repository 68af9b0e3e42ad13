"""The HTTP application, put together from what its process hands in.

Nothing here reads the environment or opens a client: the composition roots in `workers/` do, and pass on the results.
"""

from fastapi import FastAPI
from temporalio.converter import PayloadCodec

from api.codec import codec_router
from api.docs import add_docs
from api.inbound import WebhookIntake, inbound_router


def create_app(*, codec: PayloadCodec, ui_origin: str | None, intake: WebhookIntake | None = None) -> FastAPI:
    """The application.

    `ui_origin` is the Temporal UI's origin (scheme, host and port); with None there is no codec endpoint.
    `intake` takes vendors' webhooks; with None there is no route for them.
    """
    app = FastAPI(title="Latchwork", docs_url=None, redoc_url=None)

    @app.get("/health")
    async def health() -> dict[str, bool]:
        """Say that the process answers; whether Temporal and the database do is not its matter."""
        return {"ok": True}

    add_docs(app)
    if ui_origin is not None:
        app.include_router(codec_router(codec, ui_origin))
    if intake is not None:
        app.include_router(inbound_router(intake))
    return app
