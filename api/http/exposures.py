"""The route of the exposure report.  It is Latchwork's own; Seam has none."""

from uuid import UUID

from api.http.parameters import Parameters
from api.http.table import Body, Call
from api.resources.exposure import exposure_resource


class ListExposures(Parameters):
    """Parameters of `/latchwork/exposures`."""

    device_id: UUID | None = None


async def list_exposures(call: Call[ListExposures]) -> Body:
    """Show every code that should be gone from its lock and is not proven gone, the longest of each lock first."""
    found = await call.services.exposures.list(call.workspace_id, call.now, device_id=call.asked.device_id)
    return {"exposures": [exposure_resource(one) for one in found]}
