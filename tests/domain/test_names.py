"""The mark survives every lock's bound on names, and no guest's name can pass for one."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.names import carries_mark, lock_name, mark

CODE_ID = UUID("1a2b3c4d-0000-4000-8000-000000000001")
MARK = "1a2b3c4d.2"

GENERATIONS = st.integers(1, 9_999)
NAMES = st.none() | st.text(max_size=40)


def test_mark_is_id_and_generation() -> None:
    assert mark(CODE_ID, 2) == MARK


@pytest.mark.parametrize(
    ("name", "max_length", "expected"),
    [
        ("Anna Smith", None, "1a2b3c4d.2 Anna Smith"),
        ("Anna Smith", 20, "1a2b3c4d.2 Anna Smit"),
        ("Anna Smith", 16, "1a2b3c4d.2 Anna"),
        ("Anna Smith", 11, "1a2b3c4d.2"),
        ("Anna Smith", 10, "1a2b3c4d.2"),
        ("Anna Smith", 9, "1a2b3c4.2"),
        ("Anna Smith", 3, "1.2"),
        ("Anna Smith", 2, "1a"),
        (None, None, "1a2b3c4d.2"),
        ("José\tŽižka\n", None, "1a2b3c4d.2 Jose Zizka"),
        ("李 Wang", None, "1a2b3c4d.2 Wang"),
    ],
)
def test_name_is_cut_before_the_mark(name: str | None, max_length: int | None, expected: str) -> None:
    assert lock_name(name, MARK, max_length) == expected


@settings(deadline=None)
@given(code_id=st.uuids(), generation=GENERATIONS, name=NAMES, max_length=st.none() | st.integers(11, 64))
def test_mark_is_found_again(code_id: UUID, generation: int, name: str | None, max_length: int | None) -> None:
    sign = mark(code_id, generation)
    shown = lock_name(name, sign, max_length)
    assert carries_mark(shown, sign)
    assert carries_mark(shown.upper(), sign)
    assert not carries_mark(shown, mark(code_id, generation + 1))


@settings(deadline=None)
@given(code_id=st.uuids(), generation=GENERATIONS, name=NAMES, max_length=st.integers(1, 64))
def test_name_is_printable_and_within_bounds(code_id: UUID, generation: int, name: str | None, max_length: int) -> None:
    shown = lock_name(name, mark(code_id, generation), max_length)
    assert 0 < len(shown) <= max_length
    assert shown.isascii()
    assert shown.isprintable()


@pytest.mark.parametrize("shown", ["1a2b3c4.2", "1a2b3c.2", " 1A2B3C4.2 "])
def test_shortened_mark_is_proof_while_enough_is_left(shown: str) -> None:
    assert carries_mark(shown, MARK)


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "1a2b3.2",
        "1a2b3c4d.",
        "1a2b3c4d",
        "1a2b3c4d.1",
        "1a2b3c4d.22",
        "1a2b3c5.2",
        "1a2b3c4.2 Anna",
        "Anna 1a2b3c4d.2",
        "1a2b3c4d.2Anna",
    ],
)
def test_other_names_prove_nothing(shown: str) -> None:
    assert not carries_mark(shown, MARK)


def test_guest_named_like_a_mark_is_not_taken_for_that_code() -> None:
    theirs = lock_name("9f8e7d6c.1", MARK, None)
    assert not carries_mark(theirs, "9f8e7d6c.1")
