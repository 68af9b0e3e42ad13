"""The route of client sessions: Seam's web components ask whose session they have."""

from uuid import UUID

from api.http.failures import not_found
from api.http.parameters import Parameters, Text
from api.http.table import Body, Call
from api.resources.base import Moment, Resource


class GetClientSession(Parameters):
    """Parameters of `/client_sessions/get`; without any, the session that asks."""

    client_session_id: UUID | None = None
    user_identifier_key: Text | None = None


class ClientSessionResource(Resource):
    """A session as the API shows it to itself: its token, which it has, is not repeated."""

    client_session_id: UUID
    workspace_id: UUID
    created_at: Moment
    expires_at: Moment
    token: None = None
    user_identifier_key: None = None
    customer_key: None = None
    user_identity_id: None = None
    user_identity_ids: tuple[UUID, ...] = ()
    connect_webview_ids: tuple[UUID, ...] = ()
    connected_account_ids: tuple[UUID, ...] = ()


async def get(call: Call[GetClientSession]) -> Body:
    """Show the session that asks."""
    session = await call.services.keys.session(call.caller)
    other = call.asked.client_session_id not in (None, call.caller.key_id)
    if session is None or session.expires_at is None or other or call.asked.user_identifier_key is not None:
        raise not_found("client_session", "there is no such client session")
    return {
        "client_session": ClientSessionResource(
            client_session_id=session.id,
            workspace_id=session.workspace_id,
            created_at=session.created_at,
            expires_at=session.expires_at,
        )
    }
