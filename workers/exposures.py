"""The exposure report as the command shows it, and a sweep that somebody asks for."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from api.exposures import Exposed, ExposureReader
from domain.story import lasting
from store.accounts import DEFAULT_WORKSPACE_ID
from workers.command_devices import find_device
from workers.command_output import print_facts, print_rows
from workers.moments import show_moment
from workers.problem_views import problem_codes, problem_facts
from workers.session import reading, run, sweep_service


def show_exposures(device: str | None, *, settled: UUID | None, as_json: bool) -> None:
    """Print the exposure report, of one lock where that is given, without what a person has `settled`.

    Raises:
        CommandError: there is no such lock, or the report cannot be read.
    """

    async def work() -> list[dict[str, Any]]:
        lock = None if device is None else await find_device(device)
        now = datetime.now(UTC)
        async with reading() as database:
            reader = ExposureReader(database)
            if settled is not None:
                await reader.settle(DEFAULT_WORKSPACE_ID, settled, now)
            found = await reader.list(DEFAULT_WORKSPACE_ID, now, device_id=None if lock is None else lock.id)
        return [_facts(one) if as_json else _brief(one, now) for one in found]

    print_rows(run(work()), as_json=as_json, empty="nothing is exposed: what should be gone is proven gone")


def sweep_now(*, as_json: bool) -> None:
    """Have the worker sweep now, and print what it found.

    Raises:
        CommandError: Temporal or its worker does not answer.
    """

    async def work() -> dict[str, Any]:
        async with sweep_service() as service:
            swept = await service.sweep()
        return {"looked_at": swept.looked_at, "resumed": list(map(str, swept.resumed)), "pools": list(swept.pools)}

    print_facts(run(work()), as_json=as_json)


def _brief(one: Exposed, now: datetime) -> dict[str, Any]:
    return {
        "device_name": one.device_name,
        "access_code_id": one.access_code_id or "(a backup code)",
        "exposed_since": show_moment(one.since, one.time_zone),
        "for": lasting(now - one.since),
        "reason": one.reason,
        "problems": problem_codes(one.problems),
        "last_tried": "nothing yet" if one.last_attempt is None else one.last_attempt.text,
    }


def _facts(one: Exposed) -> dict[str, Any]:
    return {
        "access_code_id": one.access_code_id,
        "device_id": one.device_id,
        "device_name": one.device_name,
        "is_backup": one.is_backup,
        "exposed_since": one.since.isoformat(),
        "reason": one.reason,
        "message": one.message,
        **problem_facts(one.problems, as_json=True),
        "attempt_count": one.tried,
        "attempts": [line.text for line in one.attempts],
    }
