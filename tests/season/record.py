"""What a season leaves for the judge: each lock's truth and troubles, and what each guest was promised and told."""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from sqlmodel import col, select
from temporalio.api.enums.v1 import EventType

from domain.names import mark
from providers.simulated.faults import FaultKind
from store.keyring import KeyRing, pin_aad
from store.tables import AccessCodeRow, AttemptRow, EventRow, PinRow
from tests.season import judge, plan
from tests.season.spans import Span
from tests.season.stage import Guest, Stage

MISLEADING = frozenset({FaultKind.DELAYED_EFFECT, FaultKind.STALE_READ})
"""What a lock that does not declare it must not do: what was read meanwhile may have been believed."""
_LAST = 6
_REPORTS = {"access_code.set_on_device": "set", "access_code.removed_from_device": "removed"}


def locks_of(stage: Stage) -> list[judge.Lock]:
    """Give each lock's truth, and what was done to it."""
    stage.house.cloud.settle()
    return [_lock(stage, door) for door in stage.season.doors]


def _lock(stage: Stage, door: plan.Door) -> judge.Lock:
    timeline = stage.locks[door.name].timeline
    foreign = []
    for name, at, held in stage.foreign:
        if name == door.name:
            until = next((reset for lock, reset in stage.resets if lock == name and reset >= at), None)
            foreign.append((Span(at, until or timeline.states[-1][0] + judge.FOREVER), held))
    return judge.Lock(
        door.name,
        timeline,
        [
            judge.Trouble(span, misleads=step.kind in MISLEADING)
            for step, span in stage.troubles
            if step.door in (None, door)
        ],
        [at for name, at in stage.meddled if name == door.name],
        stage.looks,
        foreign,
    )


async def stays_of(stage: Stage) -> list[judge.Stay]:
    """Give what each guest was promised, with the digits and the reports from the books."""
    async with stage.house.database.read() as session:
        rows = {row.id: row for row in (await session.exec(select(AccessCodeRow))).all()}
        pins = (await session.exec(select(PinRow).order_by(col(PinRow.generation)))).all()
        events = (await session.exec(select(EventRow).order_by(col(EventRow.sequence)))).all()
    codes = {row.id: _code(row, pins, stage.house.keyring) for row in rows.values()}
    for event in events:
        what = _REPORTS.get(event.event_type)
        if what is not None and event.access_code_id in codes:
            codes[event.access_code_id].reports.append((event.occurred_at, what))
    return [_stay(guest, rows, codes) for guest in stage.guests.values()]


def _code(row: AccessCodeRow, pins: Iterable[PinRow], keyring: KeyRing) -> judge.Code:
    """Give a code with all digits that it ever had, as if they had been there from the beginning."""
    aad = pin_aad(row.workspace_id, row.id)
    mine = (pin for pin in pins if pin.access_code_id == row.id)
    digits = [(row.created_at, keyring.decrypt(pin.ciphertext, aad).decode()) for pin in mine]
    return judge.Code(mark(row.id, 0).removesuffix("0"), digits)


def _stay(guest: Guest, rows: dict[UUID, AccessCodeRow], codes: dict[UUID, judge.Code]) -> judge.Stay:
    lent = [
        (row.stands_in_since, codes[row.id])
        for row in rows.values()
        if row.stands_in_for == guest.life.id and row.stands_in_since is not None
    ]
    code = codes[guest.life.id]
    # A change that was asked for twice, because nobody answered, may have made a generation twice.
    since = [code.pins[0][0], *guest.changed_at] + [guest.due_at] * len(code.pins)
    code.pins = [(at, pin) for at, (_, pin) in zip(since, code.pins, strict=False)]
    booked = guest.booked
    return judge.Stay(booked.stay, booked.door.name, code, booked.starts_at, guest.ends_at, guest.due_at, lent)


async def known_of(guest: Guest) -> str:
    """Say where to begin looking: what was last done for a guest, and where the workflow stands.

    A history that ends with a workflow task under way is one that the time-skipping server moves no more
    (`tests.timeskipping`), and no fault of ours.
    """
    life = guest.life
    did = ", ".join(f"{operation} {answer}" for operation, answer in (await life.attempts())[-_LAST:])
    history = await life.handle.fetch_history()
    types = [EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events[-_LAST:]]
    return (
        f"stay {guest.booked.stay}: last attempts {did}; problems {sorted(await life.problems())}; "
        f"its history ends at {history.events[-1].event_time.ToDatetime():%Y-%m-%d %H:%M:%S} with {', '.join(types)}"
    )


async def events_of(stage: Stage) -> Counter[str]:
    """Count the events that were told, without the prefix."""
    async with stage.house.database.read() as session:
        types = (await session.exec(select(EventRow.event_type).where(~col(EventRow.hidden)))).all()
    return Counter(each.partition(".")[2] for each in types)


async def tries_of(stage: Stage) -> tuple[int, int]:
    """Count the orders to locks, and those of them that repeated an earlier one."""
    async with stage.house.database.read() as session:
        query = select(AttemptRow).where(col(AttemptRow.operation).in_(("program", "remove")))
        rows = (await session.exec(query)).all()
    return len(rows), len(rows) - len({(row.access_code_id, row.generation, row.operation) for row in rows})
