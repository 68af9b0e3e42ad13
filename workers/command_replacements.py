"""The commands on new locks: what is asked about them, the answers, and having one take another's place."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from sqlmodel import select

from api.replacement_reading import LONGEST_PLACE, Question, Replacement, ReplacementReader
from api.replacements import ReplacementService
from domain.replacement import MOVED, Answer, MoveStatus
from store.accounts import DEFAULT_WORKSPACE_ID
from store.tables import DeviceRow
from workers.command_output import print_facts, print_rows
from workers.errors import CommandError
from workers.moments import show_moment
from workers.session import reading, replacement_service, run

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
New = Annotated[str, typer.Argument(help="Id or name of the new lock.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("questions")(questions)
    app.command("answer")(answer)
    app.command("replace")(replace)
    app.command("replacement")(replacement)
    app.command("roll-back")(roll_back)


def questions(as_json: AsJson = False) -> None:
    """List the new locks that nobody has said anything of: where are they, and does one replace another?"""

    async def work() -> list[dict[str, Any]]:
        async with reading() as database:
            found = await ReplacementReader(database).questions(DEFAULT_WORKSPACE_ID, datetime.now(UTC))
        return [_asked(one, as_json=as_json) for one in found]

    print_rows(run(work()), as_json=as_json, empty="nothing is asked: every lock is known")


def answer(
    device: New,
    place: Annotated[str | None, typer.Option(help="It is new; where it is, in your words.")] = None,
    dismiss: Annotated[bool, typer.Option("--dismiss", help="Ask no more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say that a new lock replaces none; for one that does: latchwork devices replace."""
    if dismiss == (place is not None) or len(place or "") > LONGEST_PLACE:
        raise CommandError(f"give --place, of at most {LONGEST_PLACE} characters, or --dismiss")
    said = Answer.DISMISSED if dismiss else Answer.NEW

    async def work() -> DeviceRow:
        lock = await _any_lock(device)
        async with reading() as database:
            await ReplacementReader(database).answer(
                DEFAULT_WORKSPACE_ID, lock.id, said, datetime.now(UTC), place=place
            )
        return lock

    lock = run(work())
    print_facts({"device_id": lock.id, "answer": said.value, "place": place}, as_json=as_json)


def replace(
    device: New, old: Annotated[str, typer.Argument(help="Id or name of the old lock.")], as_json: AsJson = False
) -> None:
    """Have a new lock take an old one's place: every live and future code moves, one by one; asked again, it goes on."""

    async def act(service: ReplacementService, lock: DeviceRow) -> Replacement:
        return await service.start(DEFAULT_WORKSPACE_ID, lock.id, (await _any_lock(old)).id)

    _show(device, act, as_json=as_json)


def replacement(device: New, as_json: AsJson = False) -> None:
    """Show how far the replacement by a lock is."""

    async def work() -> Replacement:
        lock = await _any_lock(device)
        async with reading() as database:
            return await ReplacementReader(database).get(DEFAULT_WORKSPACE_ID, lock.id)

    print_facts(_facts(run(work()), as_json=as_json), as_json=as_json)


def roll_back(device: New, as_json: AsJson = False) -> None:
    """Have the codes that were moved to a lock go back to the one that it replaced."""

    async def act(service: ReplacementService, lock: DeviceRow) -> Replacement:
        return await service.roll_back(DEFAULT_WORKSPACE_ID, lock.id)

    _show(device, act, as_json=as_json)


def _show(
    device: str, act: Callable[[ReplacementService, DeviceRow], Awaitable[Replacement]], *, as_json: bool
) -> None:
    async def work() -> Replacement:
        lock = await _any_lock(device)
        async with replacement_service() as service:
            return await act(service, lock)

    print_facts(_facts(run(work()), as_json=as_json), as_json=as_json)


async def _any_lock(id_or_name: str) -> DeviceRow:
    """Give the lock that a person means; one that its vendor lists no more is named like any other.

    Raises:
        CommandError: there is none, or several have this name.
    """
    async with reading() as database, database.read() as session:
        query = select(DeviceRow).where(DeviceRow.workspace_id == DEFAULT_WORKSPACE_ID)
        rows = (await session.exec(query)).all()
    found = [row for row in rows if id_or_name in (str(row.id), row.name, row.nickname)]
    present = [row for row in found if row.removed_at is None] if len(found) > 1 else found
    if len(present) != 1:
        ids = ", ".join(str(row.id) for row in found)
        several = f"several locks are called {id_or_name!r}; give one of these ids: {ids}"
        raise CommandError(several if found else f"there is no lock {id_or_name!r}; see: latchwork devices list")
    return present[0]


def _asked(question: Question, *, as_json: bool) -> dict[str, Any]:
    likely = question.likely
    return {
        "device_id": question.device.id,
        "name": question.device.name,
        "asked_at": question.asked_at if as_json else show_moment(question.asked_at, None),
        "likely_replaces": None if likely is None else likely.name,
        "likely_replaces_id": None if likely is None else likely.id,
        "because": list(question.because) if as_json else "; ".join(question.because),
    }


def _facts(found: Replacement, *, as_json: bool) -> dict[str, Any]:
    waiting = found.count(MoveStatus.WAITING, MoveStatus.MOVING)
    counts = {
        "codes": len(found.codes),
        "moved": found.count(*MOVED) - found.count(MoveStatus.MOVING),
        "waiting": waiting,
        "refused": found.count(MoveStatus.REFUSED),
        "returned": found.count(MoveStatus.RETURNED),
    }
    refused = [f"{one.code.id}: {one.row.detail}" for one in found.codes if one.status is MoveStatus.REFUSED]
    codes = [
        {"access_code_id": str(one.code.id), "status": one.status.value, "detail": one.row.detail}
        for one in found.codes
    ]
    return {
        "device_id": found.device.id,
        "device_name": found.device.name,
        "replaces_id": found.replaced.id,
        "replaces_name": found.replaced.name,
        "status": found.status.value,
        "can_roll_back": found.can_roll_back,
        **(counts | {"access_codes": codes} if as_json else counts | {"why_refused": refused}),
    }
