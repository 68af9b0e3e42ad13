"""What a lock's own word proves, case by case."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.hearing import Told, confirms, contradicts

BEGAN = datetime(2027, 3, 1, 12, tzinfo=UTC)
AFTER, BEFORE = BEGAN + timedelta(seconds=1), BEGAN - timedelta(seconds=1)
PIN, MARK = "index-of-4829", "1a2b3c4d.2"


def word(*, is_there: bool = True, at: datetime = AFTER, pin_index: str | None = PIN, mark: str | None = MARK) -> Told:
    return Told(is_there=is_there, happened_at=at, pin_index=pin_index, mark=mark)


@pytest.mark.parametrize(
    "told",
    [word(), word(pin_index=None), word(mark=None), word(at=BEGAN), word(mark="1a2b3c.2")],
    ids=["all", "digits hidden", "no name", "in the same instant", "a shortened mark"],
)
def test_a_word_that_shows_what_was_written_proves_it(told: Told) -> None:
    assert confirms(told, pin_index=PIN, mark=MARK, since=BEGAN)


@pytest.mark.parametrize(
    "told",
    [
        word(is_there=False),
        word(at=BEFORE),
        word(pin_index="index-of-another"),
        word(mark="1a2b3c4d.1"),
        word(mark="ffffffff.2"),
        word(pin_index="index-of-another", mark=None),
        word(pin_index=None, mark="1a2b3c4d.1"),
        word(pin_index=None, mark=None),
    ],
    ids=[
        "gone",
        "older than the attempt",
        "other digits",
        "an older generation",
        "another code",
        "other digits, no name",
        "an older generation, hidden",
        "nothing shown",
    ],
)
def test_any_other_word_proves_nothing(told: Told) -> None:
    assert not confirms(told, pin_index=PIN, mark=MARK, since=BEGAN)


@pytest.mark.parametrize(
    ("told", "contradicted"),
    [
        (word(), False),
        (word(pin_index=None), False),
        (word(is_there=False), True),
        (word(is_there=False, pin_index=None), True),
        (word(pin_index="index-of-another"), True),
    ],
    ids=["as proven", "digits hidden", "gone", "gone, hidden", "other digits"],
)
def test_a_word_contradicts_what_was_proven(told: Told, contradicted: bool) -> None:
    assert contradicts(told, [PIN]) is contradicted
