"""What a pull does to the guest's code and to the backup code, and which pulls are refused."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from domain.access_code import AccessCode, AccessCodeType, BackupUse, Ending, OnLock
from domain.devices import Capabilities
from domain.lifecycle import is_over
from domain.observation import SeenOnLock, observe
from domain.policy import Policy
from domain.problems import ProblemCode
from domain.refusals import RefusalType, RefusedError
from domain.standing_in import asking, check_pull, lent, still_asks, with_backup, without_backup
from tests.domain.codes import (
    ABSENT,
    DAY,
    HOUR,
    MAYBE,
    MICROSECOND,
    MINUTE,
    NOON,
    PRESENT,
    code,
    event_types,
    problems,
    stay,
)

BACKUP = UUID(int=7)
ENDS = NOON + DAY


def backup(**wish: Any) -> AccessCode:
    return code(PRESENT, **wish).model_copy(update={"is_backup": True})


# --- Refused pulls ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "now", "refusal"),
    [
        pytest.param(backup(), NOON, RefusalType.IS_BACKUP, id="a backup itself"),
        pytest.param(backup(ends_at=ENDS), ENDS, RefusalType.IS_BACKUP, id="a backup that has ended"),
        pytest.param(stay(), ENDS, RefusalType.ACCESS_CODE_ENDED, id="expired this instant"),
        pytest.param(stay(ending=Ending.DELETED, ending_at=NOON), NOON, RefusalType.ACCESS_CODE_ENDED, id="deleted"),
        pytest.param(stay(ending=Ending.RELEASED, ending_at=NOON), NOON, RefusalType.ACCESS_CODE_ENDED, id="released"),
        pytest.param(
            code(policy=Policy(pulls_for_ongoing=False)),
            NOON,
            RefusalType.NOT_TIME_BOUND,
            id="without an end, strictly",
        ),
    ],
)
def test_a_pull_that_could_help_nobody_is_refused(subject: AccessCode, now: datetime, refusal: RefusalType) -> None:
    with pytest.raises(RefusedError) as caught:
        check_pull(subject, now)
    assert caught.value.refusal.type is refusal


@pytest.mark.parametrize(
    ("subject", "now"),
    [
        pytest.param(stay(), ENDS - MICROSECOND, id="in its last instant"),
        pytest.param(stay(), NOON - DAY, id="before it begins"),
        pytest.param(stay(PRESENT), NOON, id="though it works: its guest may have lost it"),
        pytest.param(code(), NOON, id="without an end"),
        pytest.param(stay(policy=Policy(pulls_backup=False)), NOON, id="though it would not ask by itself"),
        pytest.param(stay(policy=Policy(pulls_for_ongoing=False)), NOON, id="with an end, strictly"),
    ],
)
def test_any_living_code_may_be_pulled_for(subject: AccessCode, now: datetime) -> None:
    check_pull(subject, now)


# --- Asking -------------------------------------------------------------------------------------------------------


def test_a_code_asks_since_it_first_asked() -> None:
    asked = asking(stay(), NOON)
    assert asked.backup == BackupUse(wanted_at=NOON)
    assert asking(asked, NOON + HOUR) == asked


def test_a_code_with_a_stand_in_does_not_ask() -> None:
    served = with_backup(stay(), BACKUP, NOON).code
    assert asking(served, NOON + HOUR) == served


@pytest.mark.parametrize(
    ("on_lock", "now", "expected"),
    [
        (ABSENT, NOON, True),
        (MAYBE, NOON, True),
        (PRESENT, NOON, False),
        (ABSENT, NOON - MICROSECOND, False),
        (ABSENT, ENDS - MICROSECOND, True),
        (ABSENT, ENDS, False),
    ],
)
def test_a_code_asks_while_it_is_wanted_and_does_not_open(on_lock: OnLock, now: datetime, expected: bool) -> None:
    assert still_asks(asking(stay(on_lock), NOON), now) is expected


def test_who_never_asked_or_was_served_does_not_ask() -> None:
    assert not still_asks(stay(), NOON)
    assert not still_asks(with_backup(asking(stay(), NOON), BACKUP, NOON).code, NOON)


def test_who_is_to_ask_by_now_is_served_as_if_it_had() -> None:
    """Of codes that fail together, who arrives first is served first, not who asks first."""
    due_at = NOON + 2 * MINUTE
    assert not still_asks(stay(), due_at - MICROSECOND)
    assert still_asks(stay(), due_at)
    assert not still_asks(stay(policy=Policy(pulls_backup=False)), due_at)
    assert with_backup(stay(), BACKUP, due_at).code.backup.by_itself


def test_a_code_that_gets_through_asks_no_more() -> None:
    through = observe(asking(stay(MAYBE), NOON), SeenOnLock(1), NOON + MINUTE, Capabilities()).code
    assert through.backup == BackupUse()


# --- Standing in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "by_itself"), [(stay(), False), (asking(stay(), NOON), True)])
def test_a_stand_in_is_written_down_and_told(before: AccessCode, by_itself: bool) -> None:
    pulled = with_backup(before, BACKUP, NOON + MINUTE)
    assert pulled.code.backup == BackupUse(access_code_id=BACKUP, by_itself=by_itself)
    assert problems(pulled.code) == [ProblemCode.USING_BACKUP]
    assert event_types(pulled) == ["access_code.backup_access_code_pulled"]
    assert pulled.events[0].payload == {"backup_access_code_id": str(BACKUP)}


def test_the_trying_goes_on_beside_a_stand_in() -> None:
    before = stay(MAYBE)
    assert with_backup(before, BACKUP, NOON).code.wish == before.wish
    through = observe(with_backup(before, BACKUP, NOON).code, SeenOnLock(1), NOON, Capabilities()).code
    assert through.backup.access_code_id == BACKUP
    assert problems(through) == [ProblemCode.USING_BACKUP]


def test_a_living_code_whose_backup_is_gone_may_be_given_another() -> None:
    before = stay()
    assert without_backup(with_backup(before, BACKUP, NOON).code, NOON + HOUR) == before


def test_an_ended_code_remembers_its_backup() -> None:
    after = without_backup(with_backup(stay(), BACKUP, NOON).code, ENDS)
    assert after.backup.access_code_id == BACKUP
    assert problems(after) == []


@pytest.mark.parametrize(
    ("original", "starts_at", "ends_at", "kind"),
    [
        (stay(), NOON, ENDS, AccessCodeType.TIME_BOUND),
        (stay(starts_at=NOON - DAY), NOON, ENDS, AccessCodeType.TIME_BOUND),
        (code(), None, None, AccessCodeType.ONGOING),
        (code(starts_at=NOON - HOUR), None, None, AccessCodeType.ONGOING),
    ],
)
def test_a_backup_stands_in_from_now_until_the_originals_end(
    original: AccessCode, starts_at: datetime | None, ends_at: datetime | None, kind: AccessCodeType
) -> None:
    wish = lent(backup(), original.wish, NOON).wish
    assert (wish.starts_at, wish.ends_at, wish.type) == (starts_at, ends_at, kind)


def test_lending_tells_the_lock_nothing_new() -> None:
    """What lies ready opens the door at once: not a digit and not a letter of it changes."""
    ready = backup()
    given = lent(ready, stay().wish, NOON)
    assert (given.wish.generation, given.wish.changed_at) == (ready.wish.generation, ready.wish.changed_at)
    assert given.on_lock == ready.on_lock
    assert not is_over(given, ENDS - MICROSECOND)
    assert is_over(given, ENDS)
