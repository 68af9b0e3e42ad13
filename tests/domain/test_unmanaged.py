"""Which codes of others are the same as before: by the vendor's id, by digits, and only last by place and name."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.drift import Entry
from domain.unmanaged import Listed, is_exactly, told_apart

ONE, TWO = UUID(int=1), UUID(int=2)


def entry(reference: str | None = "ac_1", slot: int = 1, name: str = "Keypad", pin: str | None = "p1") -> Entry:
    """Make one line of a lock's list."""
    return Entry(reference, slot, name, pin)


@pytest.mark.parametrize(
    "seen",
    [
        entry(),
        entry(slot=5, name="Renamed", pin="p2"),
        entry(reference="ac_9", slot=5, name="Anew"),
        entry(pin=None),
    ],
    ids=["unchanged", "same id", "same digits", "digits hidden this time"],
)
def test_a_code_is_known_again(seen: Entry) -> None:
    told = told_apart([Listed(ONE, entry())], [seen])
    assert (told.seen, told.new, told.missing) == (((ONE, seen),), (), ())


def test_another_code_in_the_same_place_is_another() -> None:
    other = entry(reference="ac_9", pin="p2")
    told = told_apart([Listed(ONE, entry())], [other])
    assert (told.seen, told.new, told.missing) == ((), (other,), (ONE,))


def test_the_vendors_id_goes_before_equal_digits() -> None:
    """Two codes that changed digits with each other are two changed codes."""
    listed = [Listed(ONE, entry()), Listed(TWO, entry("ac_2", 2, pin="p2"))]
    seen = [entry(pin="p2"), entry("ac_2", 2, pin="p1")]
    assert dict(told_apart(listed, seen).seen) == {ONE: seen[0], TWO: seen[1]}


def test_place_and_name_count_only_where_the_lock_tells_nothing_else() -> None:
    hidden = entry(reference=None, pin=None)
    assert told_apart([Listed(ONE, hidden)], [hidden]).seen == ((ONE, hidden),)
    assert told_apart([Listed(ONE, hidden)], [entry(reference=None)]).seen == ()


ENTRIES = st.builds(
    Entry,
    st.sampled_from([None, "a", "b", "c"]),
    st.integers(1, 3),
    st.sampled_from(["Keypad", "Ada"]),
    st.sampled_from([None, "p1", "p2", "p3"]),
)


@given(known=st.lists(ENTRIES, max_size=4), shown=st.lists(ENTRIES, max_size=4))
def test_every_entry_and_every_code_is_told_of_once(known: list[Entry], shown: list[Entry]) -> None:
    listed = [Listed(UUID(int=number), one) for number, one in enumerate(known)]
    told = told_apart(listed, shown)
    assert sorted([*(code_id for code_id, _ in told.seen), *told.missing]) == [one.id for one in listed]
    assert sorted(map(repr, [*(one for _, one in told.seen), *told.new])) == sorted(map(repr, shown))


@pytest.mark.parametrize(
    ("shown", "exact"),
    [
        (entry(), True),
        (entry(slot=4, name="Renamed"), True),
        (entry(pin="p2"), False),
        (entry(reference="ac_9"), False),
        (entry(pin=None), False),
    ],
)
def test_only_the_same_digits_under_the_same_id_are_exactly_it(shown: Entry, exact: bool) -> None:
    assert is_exactly(entry(), shown) is exact


def test_hidden_digits_are_never_exactly_it() -> None:
    assert not is_exactly(entry(pin=None), entry(pin=None))
