"""Who gets which backup code, and what brings a pool to its size: every row, and every boundary."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from domain.backup_pool import (
    REFILL_AFTER_REFUSAL,
    Backup,
    BackupPool,
    Claimant,
    HandOut,
    Member,
    Plan,
    carried_out,
    hand_out,
    leftovers,
    member_id,
    plan,
    pool_id,
    taken_off,
)
from tests.domain.codes import MICROSECOND, MINUTE, NOON

_NAMES = UUID(int=0)
FRONT, BACK = uuid5(_NAMES, "front door"), uuid5(_NAMES, "back door")
READY: dict[str, Any] = {"opens": True}
LEAVING: dict[str, Any] = {"opens": True, "is_leaving": True}
GONE: dict[str, Any] = {"is_gone": True, "is_leaving": True}
REFUSED: dict[str, Any] = {"is_refused": True}
FILLING: dict[str, Any] = {}


def named(name: str) -> UUID:
    return uuid5(_NAMES, name)


def backup(name: str, *facts: dict[str, Any], claim: str | None = None) -> Backup:
    """Make a backup with one code per given facts, on the front door and then on the back door."""
    members = (
        Member(access_code_id=member_id(named(name), lock), device_id=lock, **told)
        for told, lock in zip(facts, (FRONT, BACK), strict=False)
    )
    return Backup(id=named(name), claim=claim, members=tuple(members))


def planned(name: str) -> Backup:
    return Backup(id=named(name))


def lent(name: str, guest: str, **facts: Any) -> Backup:
    """Make a backup that a guest has."""
    return backup(name, {"opens": True, "stands_in_for": named(guest)} | facts, claim=str(named(guest)))


def pool(*backups: Backup, **more: Any) -> BackupPool:
    return BackupPool(**{"device_ids": (FRONT,), "backups": backups} | more)


def group(*backups: Backup, **more: Any) -> BackupPool:
    return pool(*backups, **{"device_ids": (FRONT, BACK)} | more)


def guest(name: str, *, arrives_in: int = 0, at: UUID = FRONT, key: str | None = None) -> Claimant:
    arrives_at = NOON + timedelta(minutes=arrives_in)
    return Claimant(access_code_id=named(name), device_id=at, claim=key or str(named(name)), arrives_at=arrives_at)


def served(answer: tuple[HandOut, ...]) -> dict[UUID, UUID]:
    return {one.access_code_id: one.backup_id for one in answer}


# --- Handing out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "only",
    [
        pytest.param(planned("a"), id="not registered"),
        pytest.param(backup("a", FILLING), id="not yet proven"),
        pytest.param(backup("a", REFUSED), id="refused"),
        pytest.param(backup("a", LEAVING), id="on its way out"),
        pytest.param(backup("a", GONE), id="gone"),
        pytest.param(lent("a", "Ada"), id="lent"),
        pytest.param(backup("a", READY, claim="somebody"), id="claimed"),
    ],
)
def test_only_a_ready_code_is_handed_out(only: Backup) -> None:
    before = pool(only)
    assert hand_out(before, [guest("Bob")]) == (before, ())


def test_a_ready_code_is_handed_out_and_named() -> None:
    after, answer = hand_out(pool(backup("a", READY)), [guest("Ada")])
    assert answer == (
        HandOut(access_code_id=named("Ada"), backup_id=named("a"), backup_access_code_id=member_id(named("a"), FRONT)),
    )
    assert after.backups == (lent("a", "Ada"),)


def test_a_code_that_is_late_but_opens_is_handed_out() -> None:
    """What opens the door helps, whatever is said of it besides."""
    _, answer = hand_out(pool(backup("a", READY | {"is_late": True})), [guest("Ada")])
    assert served(answer) == {named("Ada"): named("a")}


def test_the_oldest_is_handed_out_first() -> None:
    _, answer = hand_out(pool(backup("a", READY), backup("b", READY)), [guest("Ada")])
    assert served(answer) == {named("Ada"): named("a")}


def test_who_asks_again_gets_the_same() -> None:
    first, _ = hand_out(pool(backup("a", READY), backup("b", READY)), [guest("Ada")])
    second, answer = hand_out(first, [guest("Ada"), guest("Ada")])
    assert second == first
    assert served(answer) == {named("Ada"): named("a")}


@pytest.mark.parametrize("facts", [{"opens": False}, {"is_leaving": True}])
def test_who_has_a_stand_in_keeps_it_while_it_may_be_on_the_lock(facts: dict[str, bool]) -> None:
    _, answer = hand_out(pool(lent("a", "Ada", **facts), backup("b", READY)), [guest("Ada")])
    assert served(answer) == {named("Ada"): named("a")}


def test_who_asks_once_the_stand_in_is_gone_waits_for_its_books_to_close() -> None:
    gone = lent("a", "Ada", opens=False, is_gone=True)
    assert hand_out(pool(gone, backup("b", READY)), [guest("Ada")])[1] == ()
    assert served(hand_out(pool(backup("b", READY)), [guest("Ada")])[1]) == {named("Ada"): named("b")}


def test_two_who_ask_together_get_two_codes() -> None:
    _, answer = hand_out(pool(backup("a", READY), backup("b", READY)), [guest("Ada"), guest("Bob")])
    assert len(set(served(answer).values())) == 2


def test_who_arrives_first_is_served_first() -> None:
    asking = [guest("Ada", arrives_in=2), guest("Bob", arrives_in=1), guest("Eve", arrives_in=3)]
    _, answer = hand_out(pool(backup("a", READY), backup("b", READY)), asking)
    assert served(answer) == {named("Bob"): named("a"), named("Ada"): named("b")}


def test_who_arrives_together_is_served_in_one_order_whoever_asked_first() -> None:
    asking = [guest("Ada"), guest("Bob")]
    one = hand_out(pool(backup("a", READY)), asking)
    assert one == hand_out(pool(backup("a", READY)), asking[::-1])


def test_who_arrives_first_does_not_take_what_somebody_has() -> None:
    before = pool(lent("a", "Ada"))
    after, answer = hand_out(before, [guest("Bob", arrives_in=-60), guest("Ada")])
    assert after == before
    assert served(answer) == {named("Ada"): named("a")}


# --- Codes that share their digits --------------------------------------------------------------------------------


def test_one_backup_serves_a_key_on_all_its_locks() -> None:
    both = [guest("Ada", key="stay 7"), guest("Ada at the back", at=BACK, key="stay 7")]
    after, answer = hand_out(group(backup("a", READY, READY), backup("b", READY, READY)), both)
    assert served(answer) == {named("Ada"): named("a"), named("Ada at the back"): named("a")}
    assert [one.claim for one in after.backups] == ["stay 7", None]


def test_two_keys_get_two_backups() -> None:
    both = [guest("Ada", key="stay 7"), guest("Bob", key="stay 8", arrives_in=1)]
    _, answer = hand_out(group(backup("a", READY, READY), backup("b", READY, READY)), both)
    assert served(answer) == {named("Ada"): named("a"), named("Bob"): named("b")}


def test_a_backup_that_opens_this_lock_serves_it_though_a_sibling_is_dead() -> None:
    before = group(backup("a", READY, FILLING))
    asking = [guest("Ada", key="stay 7"), guest("Ada at the back", at=BACK, key="stay 7")]
    after, answer = hand_out(before, asking)
    assert served(answer) == {named("Ada"): named("a")}
    healed = after.model_copy(update={"backups": (after.backups[0].model_copy(update={"members": _all_open(after)}),)})
    assert served(hand_out(healed, asking)[1]) == {named("Ada"): named("a"), named("Ada at the back"): named("a")}


def _all_open(one: BackupPool) -> tuple[Member, ...]:
    return tuple(member.model_copy(update={"opens": True}) for member in one.backups[0].members)


def test_a_key_is_not_served_with_a_second_backup_where_its_own_fails() -> None:
    """One set of digits per stay: a second one would make the guest guess which door takes which."""
    mine = backup("a", {"opens": True, "stands_in_for": named("Ada")}, FILLING, claim="stay 7")
    asking = [guest("Ada at the back", at=BACK, key="stay 7")]
    assert hand_out(group(mine, backup("b", READY, READY)), asking)[1] == ()


def test_the_backup_that_opens_most_locks_goes_first() -> None:
    _, answer = hand_out(group(backup("a", READY, FILLING), backup("b", READY, READY)), [guest("Ada")])
    assert served(answer) == {named("Ada"): named("b")}


def test_a_backup_that_is_leaving_one_lock_is_handed_out_nowhere() -> None:
    assert hand_out(group(backup("a", READY, LEAVING)), [guest("Ada")])[1] == ()


def test_two_codes_of_one_key_on_one_lock_do_not_share_a_stand_in() -> None:
    asking = [guest("Ada", key="stay 7"), guest("Bob", key="stay 7", arrives_in=1)]
    _, answer = hand_out(group(backup("a", READY, READY), backup("b", READY, READY)), asking)
    assert served(answer) == {named("Ada"): named("a")}


# --- Planning -----------------------------------------------------------------------------------------------------


def ready(count: int) -> list[Backup]:
    return [backup(f"ready {number}", READY) for number in range(count)]


@pytest.mark.parametrize(
    ("backups", "begin"),
    [
        pytest.param([], 5, id="new"),
        pytest.param(ready(5), 0, id="full"),
        pytest.param(ready(4), 1, id="one missing"),
        pytest.param([*ready(4), lent("a", "Ada")], 1, id="one lent"),
        pytest.param([*ready(4), backup("a", READY, claim="stay 7")], 1, id="one claimed"),
        pytest.param([*ready(4), backup("a", FILLING)], 0, id="one filling"),
        pytest.param([*ready(4), planned("a")], 0, id="one planned"),
        pytest.param([*ready(4), backup("a", LEAVING)], 0, id="one leaving still takes its place"),
        pytest.param([*ready(4), backup("a", GONE)], 1, id="one gone"),
        pytest.param([planned(str(number)) for number in range(5)], 0, id="all planned"),
    ],
)
def test_what_is_missing_is_begun(backups: list[Backup], begin: int) -> None:
    assert plan(pool(*backups), NOON) == Plan(begin=begin)


def test_what_nobody_needs_goes_the_least_useful_first() -> None:
    many = [backup("a", READY), backup("b", FILLING), backup("c", READY)]
    assert plan(pool(*many, size=2), NOON) == Plan(retire=(named("b"),))
    assert plan(pool(*many, size=1), NOON) == Plan(retire=(named("b"), named("a")))


def test_what_is_only_planned_goes_before_what_is_there_the_youngest_first() -> None:
    many = [backup("a", READY), planned("b"), planned("c")]
    assert plan(pool(*many, size=2), NOON) == Plan(drop=(named("c"),))
    assert plan(pool(*many, size=0), NOON) == Plan(drop=(named("c"), named("b")), retire=(named("a"),))


def test_what_is_lent_is_never_taken_off() -> None:
    assert plan(pool(lent("a", "Ada"), backup("b", READY, claim="stay 7"), size=0), NOON) == Plan()


def test_what_is_leaving_is_not_retired_again() -> None:
    assert plan(pool(backup("a", LEAVING), size=0), NOON) == Plan()


def test_a_disabled_pool_runs_dry() -> None:
    dry = pool(planned("a"), backup("b", FILLING), backup("c", READY), lent("d", "Ada"), is_enabled=False)
    assert plan(dry, NOON) == Plan(drop=(named("a"),), retire=(named("b"), named("c")))


@pytest.mark.parametrize(("room", "target"), [(None, 5), (9, 5), (5, 5), (4, 4), (1, 1), (0, 0), (-3, 0)])
def test_a_pool_never_takes_more_than_its_room(room: int | None, target: int) -> None:
    assert pool(room=room).target == target
    assert plan(pool(room=room), NOON).begin == target


def test_less_room_takes_off_what_does_not_fit() -> None:
    assert plan(pool(*ready(5), room=3), NOON) == Plan(retire=(named("ready 0"), named("ready 1")))


def test_a_group_keeps_whole_backups() -> None:
    assert plan(group(backup("a", READY, FILLING), size=3), NOON) == Plan(begin=2)


# --- What a lock refuses ------------------------------------------------------------------------------------------


def test_what_a_lock_refuses_is_taken_off_and_its_place_kept_until_it_is_gone() -> None:
    assert plan(pool(*ready(4), backup("a", REFUSED)), NOON) == Plan(retire=(named("a"),))


def test_what_one_lock_of_a_group_refuses_is_taken_off_all() -> None:
    assert plan(group(backup("a", READY, REFUSED), size=1), NOON).retire == (named("a"),)


def test_what_is_lent_and_refused_stays_with_its_guest() -> None:
    half = backup("a", {"opens": True, "stands_in_for": named("Ada")}, REFUSED, claim="stay 7")
    assert plan(group(half, size=0), NOON).retire == ()


def test_a_lock_that_refused_is_left_alone_for_a_while() -> None:
    refused = pool(*ready(4), refused_at=NOON)
    rested = NOON + REFILL_AFTER_REFUSAL
    assert plan(refused, rested - MICROSECOND) == Plan(wake_at=rested)
    assert plan(refused, rested) == Plan(begin=1)


def test_a_full_pool_does_not_wake_for_an_old_refusal() -> None:
    assert plan(pool(*ready(5), refused_at=NOON), NOON) == Plan()


def test_a_lock_that_rests_still_gives_up_what_is_too_much() -> None:
    assert plan(pool(planned("a"), size=0, refused_at=NOON), NOON) == Plan(drop=(named("a"),))


# --- A plan carried out -------------------------------------------------------------------------------------------


def test_a_plan_that_was_carried_out_leaves_nothing_to_plan() -> None:
    before = pool(*ready(3))
    after = carried_out(before, plan(before, NOON), [named("x"), named("y")], NOON)
    assert after.backups == (*ready(3), planned("x"), planned("y"))
    assert plan(after, NOON) == Plan()


def test_what_was_retired_is_leaving_and_what_was_dropped_is_forgotten() -> None:
    before = pool(backup("a", READY), planned("b"), size=0)
    after = carried_out(before, plan(before, NOON), [], NOON)
    assert after.backups == (backup("a", LEAVING),)
    assert after.refused_at is None


def test_retiring_what_was_refused_begins_the_rest() -> None:
    before = pool(backup("a", REFUSED), size=1)
    after = carried_out(before, plan(before, NOON), [], NOON)
    assert after.refused_at == NOON
    gone = after.model_copy(update={"backups": ()})
    assert plan(gone, NOON + MINUTE) == Plan(wake_at=NOON + REFILL_AFTER_REFUSAL)


def test_an_older_refusal_is_remembered() -> None:
    before = pool(*ready(2), size=1, refused_at=NOON)
    assert carried_out(before, plan(before, NOON), [], NOON + MINUTE).refused_at == NOON


# --- What can stand in for nobody ---------------------------------------------------------------------------------

MINE: dict[str, Any] = {"opens": True, "stands_in_for": named("Ada")}


@pytest.mark.parametrize("spare", [READY, FILLING, REFUSED])
@pytest.mark.parametrize("living", [{("stay 7", FRONT)}, {("stay 8", BACK)}, set()])
def test_a_code_whose_claim_has_left_its_lock_is_taken_off(
    spare: dict[str, Any], living: set[tuple[str, UUID]]
) -> None:
    """A guest knows its digits: it may not lie there for anybody else, nor come later, when a dead lock is back."""
    half = group(backup("a", MINE, spare, claim="stay 7"))
    assert leftovers(half, living) == (member_id(named("a"), BACK),)
    assert taken_off(half, leftovers(half, living)).backups == (
        backup("a", MINE, spare | {"is_leaving": True}, claim="stay 7"),
    )


def test_a_code_waits_for_its_claim_while_that_has_a_code_there() -> None:
    assert leftovers(group(backup("a", MINE, FILLING, claim="stay 7")), {("stay 7", BACK)}) == ()


@pytest.mark.parametrize("first", [LEAVING, GONE])
def test_a_backup_that_lost_a_code_is_taken_off_whole(first: dict[str, Any]) -> None:
    """It serves nobody and would keep a place of the pool for ever."""
    assert leftovers(group(backup("a", first, READY)), set()) == (member_id(named("a"), BACK),)


@pytest.mark.parametrize(
    "one",
    [
        planned("a"),
        backup("a", READY, FILLING),
        backup("a", LEAVING, LEAVING),
        backup("a", GONE, GONE),
        backup("a", MINE, MINE, claim="stay 7"),
        backup("a", MINE | GONE, MINE | LEAVING, claim="stay 7"),
    ],
)
def test_what_is_useful_or_leaving_is_left_alone(one: Backup) -> None:
    assert leftovers(group(one), set()) == ()


# --- Names and counts ---------------------------------------------------------------------------------------------


def test_a_lock_names_its_own_pool() -> None:
    assert pool_id([FRONT]) == pool_id([FRONT, FRONT]) == str(FRONT)


def test_a_set_of_locks_has_one_pool_in_any_order() -> None:
    assert pool_id([FRONT, BACK]) == pool_id([BACK, FRONT, BACK])
    assert pool_id([FRONT, BACK]) not in {pool_id([FRONT]), pool_id([BACK]), pool_id([FRONT, named("third")])}


def test_a_code_of_a_backup_has_one_name_per_lock() -> None:
    assert member_id(named("a"), FRONT) == member_id(named("a"), FRONT)
    assert len({member_id(named(name), lock) for name in "ab" for lock in (FRONT, BACK)}) == 4


def test_ready_codes_are_counted_per_lock() -> None:
    mixed = group(backup("a", READY, FILLING), backup("b", READY, READY), lent("c", "Ada"), backup("d", LEAVING, READY))
    assert (mixed.ready_on(FRONT), mixed.ready_on(BACK)) == (2, 1)


@pytest.mark.parametrize(
    ("one", "is_over"),
    [
        (planned("a"), False),
        (backup("a", GONE), True),
        (backup("a", GONE, LEAVING), False),
        (backup("a", GONE, GONE), True),
        (lent("a", "Ada", is_gone=True), True),
    ],
)
def test_a_backup_is_over_once_all_it_ever_had_is_gone(one: Backup, is_over: bool) -> None:
    assert one.is_over is is_over
