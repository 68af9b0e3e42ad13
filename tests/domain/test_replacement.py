"""New locks: which are asked about, which older one is named, what moves, and when a code has settled."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain.access_code import AccessCode, Ending, OnLock
from domain.problems import ProblemCode, raised
from domain.replacement import (
    LONGEST_GONE,
    MoveStatus,
    Seen,
    in_order,
    is_back,
    likely_replaced,
    raises_question,
    settled,
)
from tests.domain.codes import DAY, HOUR, NOON, PRESENT, code, stay

ACCOUNT = UUID(int=9)
NEW = Seen(UUID(int=1), ACCOUNT, "Front Door", "Yale", "Assure 2", has_battery=True, online=True)
OLD = replace(NEW, device_id=UUID(int=2), name="Entrance", model="Assure 1", online=False, has_battery=False)
GONE = replace(OLD, gone_since=NOON - DAY)


def test_first_look_at_an_account_asks_nothing() -> None:
    assert raises_question(is_first_look=False)
    assert not raises_question(is_first_look=True)


@pytest.mark.parametrize(
    ("old", "because"),
    [
        (GONE, ("its vendor lists it no more", "it is of the same maker")),
        (
            replace(GONE, model="Assure 2", has_battery=True, live_codes=2),
            (
                "its vendor lists it no more",
                "it is the same model",
                "it has a battery, too",
                "2 access codes on it have not ended",
            ),
        ),
        (replace(OLD, name="front  door"), ("it is offline", "it has the same name", "it is of the same maker")),
        (replace(OLD, model="Assure 2"), ("it is offline", "it is the same model")),
        (
            replace(NEW, device_id=OLD.device_id),
            ("it has the same name", "it is the same model", "it has a battery, too"),
        ),
    ],
    ids=["gone", "gone and alike", "offline, same name", "offline, same model", "online, same name"],
)
def test_lock_that_is_likely_replaced_is_named_with_reasons(old: Seen, because: tuple[str, ...]) -> None:
    found = likely_replaced(NEW, [old], NOON)
    assert found is not None
    assert (found.device_id, found.because) == (old.device_id, because)


@pytest.mark.parametrize(
    "old",
    [
        OLD,
        replace(OLD, manufacturer=None, model=None, live_codes=1),
        replace(NEW, device_id=OLD.device_id, name="Entrance"),
        replace(GONE, account_id=UUID(int=8)),
        replace(GONE, gone_since=NOON - LONGEST_GONE - timedelta(seconds=1)),
        NEW,
    ],
    ids=["offline alone", "offline, in use", "answers under another name", "of another account", "long gone", "itself"],
)
def test_lock_that_does_not_stand_out_is_not_named(old: Seen) -> None:
    assert likely_replaced(NEW, [old], NOON) is None


def test_of_two_alike_none_is_named() -> None:
    twin = replace(GONE, device_id=UUID(int=3))
    assert likely_replaced(NEW, [GONE, twin], NOON) is None
    named = likely_replaced(NEW, [GONE, replace(twin, name="Front Door")], NOON)
    assert named is not None
    assert named.device_id == twin.device_id


def test_live_codes_move_first_and_those_that_are_over_stay() -> None:
    ids = [UUID(int=number) for number in range(5)]
    later, soon = stay(starts_at=NOON + 2 * HOUR), stay(starts_at=NOON + HOUR)
    live, over = code(), stay(starts_at=NOON - DAY, ends_at=NOON)
    deleted = stay(ending=Ending.DELETED, ending_at=NOON)
    assert in_order(zip(ids, (later, over, live, deleted, soon), strict=True), NOON) == [ids[2], ids[4], ids[0]]


REFUSED = OnLock(refused_generation=1)


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        (stay(PRESENT), MoveStatus.SET),
        (stay(), None),
        (stay(starts_at=NOON + HOUR), MoveStatus.REGISTERED),
        (stay(REFUSED), MoveStatus.REFUSED),
        (stay(starts_at=NOON - DAY, ends_at=NOON), MoveStatus.ENDED),
        (stay().model_copy(update={"closed": True}), MoveStatus.ENDED),
    ],
)
def test_code_has_settled_when_it_is_proven_or_need_not_be(subject: AccessCode, status: MoveStatus | None) -> None:
    found = settled(subject, NOON)
    assert (None if found is None else found.status) is status


@pytest.mark.parametrize("problem", [ProblemCode.NO_SPACE, ProblemCode.DUPLICATE_CODE])
def test_what_stands_in_the_way_is_told(problem: ProblemCode) -> None:
    held_up = stay().model_copy(update={"problems": raised((), problem, NOON)})
    found = settled(held_up, NOON)
    assert found is not None
    assert (found.status, found.detail) == (MoveStatus.REFUSED, held_up.problems[0].message)


def test_code_is_back_though_its_lock_is_away() -> None:
    late = stay().model_copy(update={"problems": raised((), ProblemCode.DELAY_IN_SETTING, NOON)})
    assert [is_back(one, NOON) for one in (stay(PRESENT), late, stay())] == [True, True, False]
