"""An access code as the command shows it: to people in the lock's own time, to programs in UTC with every field."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from api.code_reading import CodeReader
from domain.lifecycle import status
from store.codes import StoredCode
from store.devices import facts_of
from workers.command_output import print_facts
from workers.keys import load_keys
from workers.moments import show_moment
from workers.problem_views import problem_codes, problem_facts
from workers.session import reading, run
from workers.settings import load_settings
from workflows.contracts import AccessCodeReceipt


def show_code(access_code_id: UUID, *, as_json: bool, reveal: bool = False) -> None:
    """Print one code; its digits only where they are to be revealed.

    Raises:
        CommandError: there is no such code, or it cannot be read.
    """

    async def work() -> dict[str, object]:
        async with reading() as database:
            reader = CodeReader(database)
            stored = await reader.get(access_code_id)
            facts = stored_facts(stored, datetime.now(UTC), as_json=as_json)
            facts["is_backup_access_code_available"] = await reader.has_backup(stored)
            if reveal:
                digits = await reader.reveal(access_code_id, load_keys(load_settings()))
                facts["code"] = digits.get_secret_value()
        return facts

    print_facts(run(work()), as_json=as_json)


def stored_brief(stored: StoredCode, now: datetime, *, as_json: bool) -> dict[str, Any]:
    """Give the columns of a listing, or for programs everything."""
    facts = stored_facts(stored, now, as_json=as_json)
    if as_json:
        return facts
    columns = ("access_code_id", "name", "device_name", "status", "starts_at", "ends_at")
    brief = {column: facts[column] for column in columns}
    return {**brief, "problems": problem_codes(stored.problems)}


def stored_facts(stored: StoredCode, now: datetime, *, as_json: bool) -> dict[str, Any]:
    """Give everything of one code but its digits."""
    wish = stored.code.wish
    zone = facts_of(stored.device).time_zone

    def moment(instant: datetime | None) -> Any:
        return (instant and instant.isoformat()) if as_json else show_moment(instant, zone)

    return {
        "access_code_id": stored.row.id,
        "name": stored.row.name,
        "device_id": stored.device.id,
        "device_name": stored.device.name,
        "workspace_id": stored.row.workspace_id,
        "type": wish.type,
        "status": status(stored.code, now, readable=stored.is_readable),
        "starts_at": moment(wish.starts_at),
        "ends_at": moment(wish.ends_at),
        "created_at": moment(stored.row.created_at),
        "is_ended": stored.code.closed,
        **problem_facts(stored.problems, as_json=as_json),
        "common_code_key": stored.row.common_code_key,
        "is_backup": stored.code.is_backup,
        "pulled_backup_access_code_id": stored.code.backup.access_code_id,
    }


def deletion_facts(receipt: AccessCodeReceipt, *, is_gone: bool) -> dict[str, Any]:
    """Give what is left to say of a code that is being deleted; `is_gone`: its absence was read back."""
    return {"access_code_id": receipt.access_code_id, "device_name": receipt.device_name, "is_gone": is_gone}
