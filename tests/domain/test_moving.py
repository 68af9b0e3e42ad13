"""A code on its way from lock to lock: what it begins with there, what it leaves here, and what it takes back."""

from uuid import UUID

from domain.access_code import AccessCode, Ending, MadeRoom, OnLock, Presence
from domain.devices import Capabilities
from domain.exposure import Exposure, ExposureReason, exposure
from domain.lifecycle import Action, decide, held_from, is_clear, opens, status
from domain.moving import emptied, in_step, is_in_force, left_behind, moved, remnant_id, taken_back
from domain.names import mark
from domain.native_windows import LockClock
from domain.observation import AboutToRemove, SeenOnLock, observe
from domain.policy import Policy
from domain.problems import ProblemCode, raised
from tests.domain.codes import DAY, HOUR, MAYBE, MINUTE, NOON, PRESENT, code, stay

LATER = NOON + HOUR
PLAIN = Capabilities()


def to_another_lock(of: AccessCode) -> AccessCode:
    return moved(of, LATER, policy=Policy(), updates_in_place=True, native=None)


def seen(of: AccessCode) -> AccessCode:
    return observe(of, SeenOnLock(of.wish.generation), LATER + MINUTE, PLAIN).code


def left_by(of: AccessCode) -> AccessCode:
    left = left_behind(of, LATER)
    assert left is not None
    return left


def test_remnant_bears_the_mark_of_its_code() -> None:
    code_id, random = UUID(int=7 << 96 | 3), UUID("3c1d3c1d-aaaa-4bbb-8ccc-dddddddddddd")
    assert mark(remnant_id(code_id, random), 4) == mark(code_id, 4)
    assert remnant_id(code_id, random).hex[8:] == random.hex[8:]


def test_moved_code_is_wanted_as_before_and_nowhere_yet() -> None:
    before = stay(PRESENT, ends_at=NOON + DAY)
    trouble = raised(before.problems, ProblemCode.FAILED_TO_SET, NOON)
    made_room = MadeRoom(generation=1, pin_generation=1)
    after = to_another_lock(before.model_copy(update={"problems": trouble, "made_room": made_room}))
    assert after.made_room is None
    assert (after.wish.starts_at, after.wish.ends_at) == (before.wish.starts_at, before.wish.ends_at)
    assert (after.wish.generation, after.wish.pin_generation) == (2, 1), (
        "the lock must be told; the digits are the same"
    )
    assert after.problems == ()
    assert is_clear(after)
    assert decide(after, LATER).action is Action.PROGRAM


def test_lateness_begins_with_the_move() -> None:
    after = to_another_lock(stay())
    assert decide(after, LATER).notice is None
    assert decide(after, LATER + Policy().delay_after).notice is ProblemCode.DELAY_IN_SETTING


def test_code_moved_to_a_lock_that_keeps_windows_is_told_ahead() -> None:
    ahead = moved(
        stay(starts_at=NOON + DAY, ends_at=NOON + 2 * DAY),
        NOON,
        policy=Policy(native_lead=2 * DAY),
        updates_in_place=True,
        native=LockClock(),
    )
    assert decide(ahead, NOON).action is Action.LOAD


def test_nothing_is_left_where_nothing_was() -> None:
    assert left_behind(stay(), NOON) is None


def test_what_is_proven_stays_wanted_until_the_code_is_proven_elsewhere() -> None:
    before = stay(PRESENT)
    left, after = left_by(before), to_another_lock(before)
    assert is_in_force(left)
    assert decide(left, LATER).action is Action.WAIT
    assert opens(left, LATER)
    assert in_step(left, after, LATER) == left
    gone = in_step(left, seen(after), LATER + MINUTE)
    assert gone.wish.ending is Ending.MOVED
    assert decide(gone, LATER + MINUTE).action is Action.REMOVE
    assert exposure(gone, None, LATER + MINUTE) == Exposure(since=LATER + MINUTE, reason=ExposureReason.MOVED)


def test_what_is_in_doubt_goes_at_once() -> None:
    left = left_by(stay(MAYBE))
    assert not is_in_force(left)
    assert decide(left, LATER).action is Action.REMOVE


def test_only_proven_digits_are_wanted_where_the_code_was() -> None:
    """Newer digits that were on their way are not written to a lock that is being left."""
    left = left_by(stay(PRESENT, generation=2, pin_generation=2, newest=2))
    assert (left.wish.generation, left.wish.pin_generation) == (1, 1)
    assert decide(left, LATER).action is Action.WAIT


def test_older_digits_in_force_outlast_newer_ones_in_doubt() -> None:
    doubtful = OnLock(presence=Presence.MAYBE, generation=2, unsettled_writes=1)
    before = stay(doubtful, in_place=False, generation=2, pin_generation=2, newest=2)
    left = left_by(before.model_copy(update={"former": PRESENT}))
    assert is_in_force(left)
    assert decide(left, LATER).action is Action.REMOVE, "of the newer ones"


def test_remnant_asks_for_no_backup_and_shows_no_trouble_of_its_code() -> None:
    before = stay(PRESENT).model_copy(update={"problems": raised((), ProblemCode.USING_BACKUP, NOON)})
    left = left_by(before)
    assert (left.problems, left.policy.pulls_backup) == ((), False)


def test_remnant_follows_the_window_and_the_end_of_its_code() -> None:
    before = stay(PRESENT)
    left, after = left_by(before), to_another_lock(before)
    longer = after.model_copy(update={"wish": after.wish.model_copy(update={"ends_at": NOON + 2 * DAY})})
    assert in_step(left, longer, LATER).wish.ends_at == NOON + 2 * DAY
    ended = after.model_copy(update={"wish": after.wish.model_copy(update={"ending": Ending.DELETED})})
    assert in_step(left, ended, LATER).wish.ending is Ending.MOVED


def test_code_taken_back_is_as_proven_as_its_remnant() -> None:
    before = stay(PRESENT)
    left, after = left_by(before), to_another_lock(before)
    back = taken_back(after, left, LATER, policy=Policy())
    assert opens(back, LATER)
    assert decide(back, LATER).action is Action.WAIT
    assert (back.wish.generation, back.wish.pin_generation, back.wish.newest) == (1, 1, 2)
    assert back.wish.next_generation == 3, "no number is used twice"


def test_code_taken_back_has_the_digits_that_are_there() -> None:
    before = stay(PRESENT)
    left, after = left_by(before), to_another_lock(before)
    other = after.model_copy(update={"wish": after.wish.model_copy(update={"generation": 3, "pin_generation": 3})})
    assert taken_back(other, left, LATER, policy=Policy()).wish.pin_generation == 1


def test_code_taken_back_from_a_removal_under_way_looks_before_it_believes() -> None:
    before = stay(PRESENT)
    gone = in_step(left_by(before), seen(to_another_lock(before)), LATER)
    going = observe(gone, AboutToRemove(MINUTE), LATER, PLAIN).code
    back = taken_back(seen(to_another_lock(before)), going, LATER, policy=Policy())
    assert status(back, LATER) == "setting"
    assert decide(back, LATER).action is Action.PROGRAM
    assert back.on_lock.doubtful_until == LATER + MINUTE


def test_emptied_remnant_is_over() -> None:
    left = emptied(left_by(stay(PRESENT)), LATER)
    assert (left.closed, is_clear(left)) == (True, True)
    assert decide(left, LATER).action is Action.FINISH
    assert exposure(left, None, LATER) is None


def test_ongoing_code_is_moved_as_one() -> None:
    after = to_another_lock(code(PRESENT))
    assert held_from(after) is None
    assert decide(after, LATER).action is Action.PROGRAM
