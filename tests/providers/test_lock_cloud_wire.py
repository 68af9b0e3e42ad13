"""Answers that contradict themselves are believed in nothing, and what is kept of them holds no digit."""

from typing import Any

import pytest

from providers.base import NonsenseError
from providers.lock_cloud_wire import CodeList, parse, redacted


def listing(*codes: dict[str, Any]) -> CodeList:
    """Read a list of codes."""
    return parse(CodeList, {"lock_id": "front-door", "access_codes": list(codes)})


def code(reference: str, slot: int | None = None) -> dict[str, Any]:
    """Make one line of it."""
    return {"id": reference, "slot": slot, "name": "Keypad", "code": "480715"}


@pytest.mark.parametrize(
    ("codes", "consistent"),
    [
        ([], True),
        ([code("a", 1), code("b", 2)], True),
        ([code("a"), code("b")], True),
        ([code("a", 1), code("a", 2)], False),
        ([code("a", 1), code("b", 1)], False),
    ],
    ids=["empty", "two", "no slots told", "one id twice", "one slot twice"],
)
def test_a_list_with_one_id_or_one_slot_twice_contradicts_itself(codes: list[dict[str, Any]], consistent: bool) -> None:
    assert listing(*codes).is_consistent() is consistent


@pytest.mark.parametrize(
    "body",
    [
        {"lock_id": "l", "access_codes": [{"code": "480715"}]},
        {"codes": [4, 8, 0, 7, 1, 5]},
        {"code": 480715},
        ["４８０７"],
        "480715",
        {"access_codes": "480715" * 1000},
    ],
)
def test_what_is_kept_of_a_senseless_answer_has_no_digit(body: object) -> None:
    assert not any(character.isdigit() for character in redacted(body))
    with pytest.raises(NonsenseError) as caught:
        parse(CodeList, body)
    told = f"{caught.value} {caught.value.answer}"
    assert not any(character.isdigit() for character in told)
    assert len(told) < 500
