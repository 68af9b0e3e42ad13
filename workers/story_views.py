"""A code's story as the command shows it: to people in the lock's own time, to programs in UTC."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from api.stories import Story, StoryReader, in_utc
from domain.story import Line
from workers.command_output import print_json, print_rows
from workers.moments import show_moment
from workers.session import reading, run


def show_story(access_code_id: UUID, *, as_json: bool) -> None:
    """Print one code's story.

    Raises:
        CommandError: there is no such code, or it cannot be read.
    """

    async def work() -> Story:
        async with reading() as database:
            return await StoryReader(database).tell(
                access_code_id, datetime.now(UTC), in_utc if as_json else show_moment
            )

    told = run(work())
    if as_json:
        print_json({"access_code_id": access_code_id, "story": [_facts(line) for line in told.lines]})
        return
    zone = told.stored.facts.time_zone
    print_rows([_row(line, zone) for line in told.lines], as_json=False, empty="")


def _row(line: Line, time_zone: str | None) -> dict[str, Any]:
    return {"at": show_moment(line.at, time_zone), "what": line.kind, "story": line.text}


def _facts(line: Line) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "occurred_at": in_utc(line.at),
        "last_occurred_at": in_utc(line.until or line.at),
        "times": line.times,
        "description": line.text,
    }
