"""The route by which a backup code comes to stand in for a code that does not work."""

from api.http.parameters import OfOneCode
from api.http.showing import show_code
from api.http.table import Body, Call
from domain.refusals import RefusalType, refuse


async def pull(call: Call[OfOneCode]) -> Body:
    """Have a backup code stand in for a code; the same one however often it is asked."""
    codes = call.services.codes
    stored = await codes.get(call.asked.access_code_id, workspace_id=call.workspace_id)
    receipt = await codes.pull_backup(stored.row.id)
    if receipt.pulled_backup_access_code_id is None:
        raise refuse(RefusalType.BACKUP_NOT_FOUND, "no backup code is ready just now")
    backup = await codes.get(receipt.pulled_backup_access_code_id, workspace_id=call.workspace_id)
    shown = await show_code(call, backup)
    return {"access_code": shown, "backup_access_code": shown}
