"""The `event` resource, for who reads the API's description; `domain.event_body` makes what is shown."""

from uuid import UUID

from pydantic import ConfigDict

from api.resources.base import Moment, Resource


class EventResource(Resource):
    """An event as the API shows it; its payload's fields stand beside these."""

    model_config = ConfigDict(extra="allow")

    event_id: UUID
    event_type: str
    workspace_id: UUID
    created_at: Moment
    occurred_at: Moment
