"""When a guest is told, and when not."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access_code import AccessCode, Ending, OnLock, Presence, Wish, created
from domain.message_text import MessageKind
from domain.messages import LOOK_AGAIN_AFTER, DropReason, Standing, Switches, delay_before_retry, message_id, next_step
from domain.policy import Policy
from tests.store.rows import NOW

HOUR = timedelta(hours=1)
ALL = frozenset(MessageKind)


def a_code(
    *, opens: bool = True, starts_in: timedelta | None = -HOUR, ends_in: timedelta | None = HOUR, generation: int = 1
) -> AccessCode:
    wish = Wish(
        starts_at=None if starts_in is None else NOW + starts_in,
        ends_at=None if ends_in is None else NOW + ends_in,
        generation=generation,
        pin_generation=generation,
        changed_at=NOW - HOUR,
    )
    code = created(wish, Policy(), updates_in_place=True)
    there = OnLock(presence=Presence.PRESENT, generation=generation, was_set=True)
    return code.model_copy(update={"on_lock": there}) if opens else code


def standing(code: AccessCode | None = None, **more: Any) -> Standing:
    facts: dict[str, Any] = {
        "code": code or a_code(),
        "generation": 1,
        "is_backup": False,
        "asked": False,
        "has_guest": True,
        "has_channel": True,
        "told": (),
        "told_to_others": False,
        "switches": Switches(automatic=ALL),
    }
    return Standing(**(facts | more))


@pytest.mark.parametrize(
    ("is_backup", "told", "kind"),
    [
        (False, (), MessageKind.CODE_READY),
        (False, (1,), MessageKind.CODE_CHANGED),
        (True, (), MessageKind.BACKUP),
        (True, (1,), MessageKind.BACKUP),
    ],
)
def test_kind_follows_from_what_the_guest_knows(is_backup: bool, told: Collection[int], kind: MessageKind) -> None:
    found = next_step(standing(a_code(generation=2), generation=2, is_backup=is_backup, told=told), NOW)
    assert (found.kind, found.sends) == (kind, True)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (standing(a_code(ends_in=timedelta(0))), DropReason.CODE_ENDED),
        (standing(a_code().model_copy(update={"closed": True})), DropReason.CODE_ENDED),
        (standing(has_guest=False), DropReason.NO_GUEST),
        (standing(has_channel=False), DropReason.NO_CHANNEL),
        (standing(told_to_others=True), DropReason.TOLD_TO_ANOTHER_GUEST),
        (standing(a_code(generation=2)), DropReason.SUPERSEDED),
        (standing(told=(1,)), DropReason.ALREADY_TOLD),
        (standing(switches=Switches()), DropReason.SWITCHED_OFF),
        (standing(switches=Switches(automatic=ALL - {MessageKind.CODE_READY})), DropReason.SWITCHED_OFF),
    ],
)
def test_message_is_dropped(case: Standing, reason: DropReason) -> None:
    assert next_step(case, NOW).drop is reason


@pytest.mark.parametrize("ending", Ending)
def test_nobody_is_told_a_code_that_is_to_end(ending: Ending) -> None:
    code = a_code()
    ended = code.model_copy(update={"wish": code.wish.model_copy(update={"ending": ending})})
    assert next_step(standing(ended, asked=True), NOW).drop is DropReason.CODE_ENDED


@pytest.mark.parametrize(
    "more", [{"told": (1,)}, {"switches": Switches()}, {"code": a_code(opens=False)}], ids=["told", "off", "not set"]
)
def test_what_somebody_asks_for_is_sent_all_the_same(more: dict[str, Any]) -> None:
    assert next_step(standing(asked=True, **more), NOW).sends


@pytest.mark.parametrize(
    ("starts_in", "lead", "waits"),
    [
        (5 * HOUR, None, LOOK_AGAIN_AFTER),
        (5 * HOUR, 2 * HOUR, 3 * HOUR),
        (2 * HOUR, 2 * HOUR, None),
        (HOUR, 2 * HOUR, None),
        (-HOUR, 2 * HOUR, LOOK_AGAIN_AFTER),
        (None, 2 * HOUR, LOOK_AGAIN_AFTER),
    ],
)
def test_code_that_is_not_on_its_lock_is_told_ahead_or_not_yet(
    starts_in: timedelta | None, lead: timedelta | None, waits: timedelta | None
) -> None:
    code = a_code(opens=False, starts_in=starts_in, ends_in=9 * HOUR)
    found = next_step(standing(code, switches=Switches(automatic=ALL, ready_lead=lead)), NOW)
    assert found.look_at == (None if waits is None else NOW + waits)
    assert found.drop is None


@given(
    opens=st.booleans(),
    starts=st.none() | st.integers(-5, 5),
    ends=st.none() | st.integers(-5, 5),
    asked=st.booleans(),
    others=st.booleans(),
    told=st.frozensets(st.integers(1, 3)),
    lead=st.none() | st.integers(0, 9),
    closed=st.booleans(),
)
def test_whatever_stands_nothing_goes_to_a_second_guest_or_past_the_end(
    opens: bool,
    starts: int | None,
    ends: int | None,
    asked: bool,
    others: bool,
    told: frozenset[int],
    lead: int | None,
    closed: bool,
) -> None:
    hours = [None if value is None else value * HOUR for value in (starts, ends, lead)]
    code = a_code(opens=opens, starts_in=hours[0], ends_in=hours[1], generation=2).model_copy(update={"closed": closed})
    switches = Switches(automatic=ALL, ready_lead=hours[2])
    case = standing(code, generation=2, asked=asked, told=told, told_to_others=others, switches=switches)
    found = next_step(case, NOW)
    is_over = closed or (ends is not None and ends <= 0)
    assert not (found.sends and (others or is_over))
    assert not (found.sends and not asked and 2 in told)
    assert found.look_at is None or found.look_at > NOW


def test_message_about_the_same_digits_is_the_same_message() -> None:
    one, other = UUID(int=1), UUID(int=2)
    assert message_id(one, 1) == message_id(one, 1)
    assert len({message_id(one, 1), message_id(one, 2), message_id(other, 1)}) == 3


def test_message_is_tried_for_half_a_day_and_then_given_up() -> None:
    delays = [delay_before_retry(failures) for failures in range(1, 10)]
    known = [delay for delay in delays if delay is not None]
    assert delays[-1] is None
    assert known == sorted(known)
    assert timedelta(hours=8) < sum(known, timedelta()) < timedelta(hours=16)
