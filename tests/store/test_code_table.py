"""The table's filters say of each code what the domain says of it, whatever its window, its end and what is known of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID, uuid4

from domain.access_code import AccessCode, Ending, OnLock, Presence, Status, Wish
from domain.lifecycle import opens, status
from domain.policy import Policy
from domain.problems import ProblemCode, raised
from store.accounts import DEFAULT_WORKSPACE_ID
from store.code_columns import columns_of
from store.code_lists import page_of_codes
from store.code_table import LocalDay, TableFilter
from store.database import Database
from store.pages import Page
from store.tables import AccessCodeRow
from tests.store.rows import a_device

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STARTS = (None, NOW - HOUR, NOW + timedelta(minutes=10), NOW + HOUR)
ENDS = (None, NOW, NOW + 2 * HOUR)
"""An end in the present instant is over; a start within the lead has begun."""


def _codes() -> Sequence[AccessCode]:
    """Every combination of window, ending and knowledge."""
    policy = Policy(program_lead=timedelta(minutes=30))
    found = []
    for starts_at, ends_at, ending, presence in product(STARTS, ENDS, (None, Ending.DELETED), Presence):
        wish = Wish(
            starts_at=starts_at, ends_at=ends_at, ending=ending, ending_at=ending and NOW, changed_at=NOW - HOUR
        )
        generation = None if presence is Presence.ABSENT else 1
        found.append(AccessCode(wish=wish, on_lock=OnLock(presence=presence, generation=generation), policy=policy))
    return found


def _row(device_id: UUID, code: AccessCode, at: datetime = NOW) -> AccessCodeRow:
    return AccessCodeRow(
        id=uuid4(),
        workspace_id=DEFAULT_WORKSPACE_ID,
        device_id=device_id,
        code=code.model_dump(mode="json"),
        closed=code.closed,
        opens=opens(code),
        created_at=at,
        **columns_of(code),
    )


async def _found(database: Database, wanted: TableFilter) -> set[UUID]:
    async with database.read() as session:
        return {one.row.id for one in await page_of_codes(session, DEFAULT_WORKSPACE_ID, wanted, Page(500))}


async def test_every_status_is_found_as_the_domain_has_it(database: Database) -> None:
    async with database.write() as session:
        rows = [_row(device_id, code) for device_id in [await a_device(session)] for code in _codes()]
        session.add_all(rows)
    expected = {row.id: status(AccessCode.model_validate(row.code), NOW) for row in rows}
    assert set(expected.values()) == {Status.SET, Status.SETTING, Status.UNSET, Status.REMOVING}
    for wanted in (Status.SET, Status.SETTING, Status.UNSET, Status.REMOVING):
        found = await _found(database, TableFilter(status=(wanted, NOW)))
        assert found == {id for id, stands in expected.items() if stands is wanted}


async def test_codes_on_a_lock_that_cannot_be_read_are_unknown_and_nothing_else(database: Database) -> None:
    async with database.write() as session:
        device_id = await a_device(session)
        session.add_all(rows := [_row(device_id, code) for code in _codes()])
    unknown = TableFilter(status=(Status.UNKNOWN, NOW), unreadable=[device_id])
    assert await _found(database, unknown) == {row.id for row in rows}
    assert await _found(database, TableFilter(status=(Status.SET, NOW), unreadable=[device_id])) == set()


async def test_problems_are_found_whole_and_with_those_of_the_lock(database: Database) -> None:
    plain, late = _codes()[0], _codes()[1]
    late = late.model_copy(update={"problems": raised((), ProblemCode.DELAY_IN_SETTING, NOW)})
    async with database.write() as session:
        device_id = await a_device(session)
        session.add_all([a := _row(device_id, plain), b := _row(device_id, late)])
    assert await _found(database, TableFilter(problem=(ProblemCode.DELAY_IN_SETTING, ()))) == {b.id}
    assert await _found(database, TableFilter(problem=(ProblemCode.FAILED_TO_SET, ()))) == set()
    offline = TableFilter(problem=(ProblemCode.DEVICE_DISCONNECTED, [device_id]))
    assert await _found(database, offline) == {a.id, b.id}
    assert await _found(database, TableFilter(in_trouble=())) == {b.id}


async def test_day_takes_every_code_that_touches_it(database: Database) -> None:
    spans = [(None, None), (NOW - HOUR, NOW), (NOW, NOW + HOUR), (NOW + HOUR, NOW + 2 * HOUR)]
    async with database.write() as session:
        device_id = await a_device(session)
        rows = [_row(device_id, AccessCode(wish=Wish(starts_at=a, ends_at=b, changed_at=NOW - HOUR))) for a, b in spans]
        session.add_all(rows)
    found = await _found(database, TableFilter(days=[LocalDay([device_id], NOW, NOW + HOUR)]))
    assert found == {rows[0].id, rows[2].id}
