"""How what was asked for stands, for every way a code can go."""

import pytest

from domain.access_code import AccessCode, Ending, OnLock
from domain.action_attempts import ActionType, AttemptStatus, outcome
from domain.pending_mutations import pending_mutations
from domain.problems import ProblemCode, raised
from tests.domain.codes import HOUR, MAYBE, NOON, PRESENT, code

NEW, SET, WRITTEN = code(), code(PRESENT), code(MAYBE)


def _later(known: AccessCode) -> AccessCode:
    """Ask for other digits of a code."""
    wish = known.wish.model_copy(update={"generation": 2, "pin_generation": 2})
    return known.model_copy(update={"wish": wish})


def _ended(known: AccessCode, ending: Ending | None = None) -> AccessCode:
    wish = known.wish.model_copy(update={"ending": ending, "ending_at": NOON, "ends_at": NOON})
    return known.model_copy(update={"wish": wish, "closed": True, "on_lock": OnLock()})


FAILED = _ended(NEW.model_copy(update={"problems": raised((), ProblemCode.FAILED_TO_SET, NOON)}))
REFUSED = code(OnLock(refused_generation=1))


@pytest.mark.parametrize(
    ("known", "was_seen", "expected"),
    [
        (NEW, False, "pending"),
        (WRITTEN, False, "pending"),
        (SET, True, "success"),
        (REFUSED, False, "error"),
        (_later(SET), True, "success"),
        (_later(WRITTEN), False, "pending"),
        (_ended(SET), True, "success"),
        (_ended(SET, Ending.DELETED), True, "success"),
        (_ended(NEW, Ending.DELETED), False, "error"),
        (FAILED, True, "error"),
    ],
    ids=[
        "new",
        "written and not seen",
        "set",
        "refused",
        "set, and changed since",
        "changed before it was seen",
        "over after it was set",
        "deleted after it was set",
        "deleted before it was set",
        "over without having worked",
    ],
)
def test_creation_stands_as_its_code_does(known: AccessCode, was_seen: bool, expected: str) -> None:
    stands = outcome(ActionType.CREATE, known, generation=1, was_seen=was_seen, now=NOON)
    assert stands.status == expected
    assert (stands.error is not None) is (expected == "error")


def test_creation_waits_for_the_start_even_where_the_code_is_there() -> None:
    wish = SET.wish.model_copy(update={"starts_at": NOON + HOUR})
    early = SET.model_copy(update={"wish": wish})
    assert outcome(ActionType.CREATE, early, generation=1, was_seen=True, now=NOON).status == "pending"
    assert outcome(ActionType.CREATE, early, generation=1, was_seen=True, now=NOON + HOUR).status == "success"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (SET, AttemptStatus.PENDING),
        (_ended(SET, Ending.DELETED).model_copy(update={"closed": False}), AttemptStatus.PENDING),
        (_ended(SET, Ending.DELETED), AttemptStatus.SUCCESS),
    ],
)
def test_deletion_succeeds_when_the_code_is_proven_gone(known: AccessCode, expected: AttemptStatus) -> None:
    assert outcome(ActionType.DELETE, known, generation=1, was_seen=True, now=NOON).status is expected


def test_pending_mutations_tell_what_the_lock_does_not_show_yet() -> None:
    window = {"starts_at": NOON + HOUR, "ends_at": NOON + 2 * HOUR}
    deferred = NEW.model_copy(update={"wish": NEW.wish.model_copy(update=window)})
    leaving = SET.model_copy(update={"wish": SET.wish.model_copy(update={"ending": Ending.DELETED})})
    renamed = SET.model_copy(update={"wish": SET.wish.model_copy(update={"generation": 2})})
    shown = {
        name: [one.mutation_code.value for one in pending_mutations(known, NOON)]
        for name, known in {
            "new": NEW,
            "deferred": deferred,
            "set": SET,
            "new digits": _later(SET),
            "renamed": renamed,
            "leaving": leaving,
            "gone": _ended(SET, Ending.DELETED),
        }.items()
    }
    assert shown == {
        "new": ["creating"],
        "deferred": ["deferring_creation"],
        "set": [],
        "new digits": ["updating_code"],
        "renamed": ["updating_name"],
        "leaving": ["deleting"],
        "gone": [],
    }
