"""A code's story: in order, without digits, and what repeats said once."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access_code import AccessCode, Ending, OnLock
from domain.drift import Found
from domain.events import EventType, digits_of
from domain.story import (
    _ANSWERS,
    _EVENTS,
    Happened,
    LineKind,
    Tried,
    lasting,
    of_attempt,
    of_attempts,
    of_event,
    standing,
    story,
)
from tests.domain.codes import DAY, HOUR, MINUTE, NOON, PRESENT, code, stay


def clock(at: datetime) -> str:
    return f"{at:%d %H:%M}"


def offline(minutes: float) -> Tried:
    return Tried(NOON + DAY + minutes * MINUTE, "remove", "RetryLaterError", "the lock is offline")


def test_retries_alike_are_said_once() -> None:
    (line,) = of_attempts([offline(10 * count) for count in range(13)])
    assert (line.times, line.at, line.until) == (13, NOON + DAY, NOON + DAY + 2 * HOUR)
    assert line.text == (
        "Tried 13 times in 2 h, each time: telling the lock to forget the code: no answer (the lock is offline)."
    )


def test_rounds_alike_are_said_once_and_others_apart() -> None:
    round_ = [Tried(NOON, "program", "accepted"), Tried(NOON, "read", "empty")]
    lines = of_attempts([*round_ * 3, Tried(NOON, "program", "accepted"), Tried(NOON, "read", "known")])
    assert [(line.times, line.kind) for line in lines] == [
        (3, LineKind.TRIED),
        (1, LineKind.TRIED),
        (1, LineKind.READ),
    ]
    assert "the vendor accepted it; looking at the lock: it shows nothing of ours" in lines[0].text


@given(st.lists(st.tuples(st.sampled_from(["program", "read", "remove"]), st.sampled_from(["accepted", "empty"]))))
def test_every_operation_is_in_the_story_once(pairs: list[tuple[str, str]]) -> None:
    tried = [Tried(NOON + place * MINUTE, *pair) for place, pair in enumerate(pairs)]
    lines = of_attempts(tried)
    assert sum(line.times for line in lines) <= len(tried)
    assert [line.at for line in lines] == sorted({line.at for line in lines})
    ends = [line.until or line.at for line in lines]
    assert ends[-1:] == [one.at for one in tried[-1:]]
    # No gap: each line begins with the operation after the last of the line before.
    follows = dict(zip((one.at for one in tried), (one.at for one in tried[1:]), strict=False))
    assert [follows[end] for end in ends[:-1]] == [line.at for line in lines[1:]]


def test_story_is_in_order_from_the_wish_to_the_proof() -> None:
    events = [
        Happened(NOON - DAY, EventType.CREATED, {}),
        Happened(NOON + MINUTE, EventType.SET_ON_DEVICE, {"code": digits_of(1)}),
        Happened(NOON + 2 * HOUR, EventType.REMOVED_FROM_DEVICE, {}),
    ]
    tried = [
        Tried(NOON + MINUTE, "read", "known"),
        Tried(NOON + MINUTE, "program", "accepted"),
        Tried(NOON + 2 * HOUR, "remove", "accepted"),
    ]
    of = stay(PRESENT, ending=Ending.DELETED, ending_at=NOON + HOUR)
    lines = story(of, events, tried, NOON + 3 * HOUR, clock)
    assert [line.text for line in lines] == [
        "The code was registered, from 01 12:00 to 02 12:00.",
        "Its time began: it should be on the lock.",
        "Looking at the lock: it shows a code with its digits.",
        "Writing the code to the lock: the vendor accepted it.",
        "It is proven on the lock.",
        "Somebody asked for its deletion.",
        "Telling the lock to forget the code: the vendor accepted it.",
        "It is proven gone from the lock.",
    ]


def test_story_ends_now_and_shows_the_first_window() -> None:
    moved = {"from": {"starts_at": None, "ends_at": f"{NOON + HOUR:%FT%TZ}"}, "to": {"ends_at": f"{NOON + DAY:%FT%TZ}"}}
    events = [Happened(NOON - HOUR, EventType.CREATED, {}), Happened(NOON, EventType.TIME_FRAME_CHANGED, moved)]
    lines = story(stay(PRESENT, starts_at=None), events, [], NOON + HOUR, clock)
    assert [line.text for line in lines] == [
        "The code was registered, from then on to 01 13:00.",
        "Its time was changed: from then on to 02 12:00.",
    ]
    assert story(stay(PRESENT), [], [], NOON + DAY, clock)[-1].text == "Its time ended: it should be gone."


def test_no_digits_and_no_names_are_told() -> None:
    said = of_attempt(Tried(NOON, "program", "rejected", "code 12345 is in use"))
    assert said.text == "Writing the code to the lock: it was refused (code … is in use)."
    renamed = {"from": {"name": "Ada 1593"}, "to": {"name": "Bob 7531"}}
    assert of_event(Happened(NOON, EventType.NAME_CHANGED, renamed), clock).text == "It got another name."
    changed = {"changed_properties": [{"property": "code", "from": digits_of(1), "to": digits_of(2)}]}
    assert of_event(Happened(NOON, EventType.CHANGED, changed), clock).text == "It was changed: code."


def test_an_error_tells_what_else_stood_wrong() -> None:
    problems = [{"code": "failed_to_set_on_device"}, {"code": "device_disconnected"}]
    line = of_event(Happened(NOON, EventType.FAILED_TO_SET, {"problems": problems}), clock)
    assert line.text.endswith("Shown besides: device_disconnected.")


def test_every_event_and_every_look_has_its_sentence() -> None:
    assert set(_EVENTS) == set(EventType)
    assert set(Found) <= set(_ANSWERS)


def test_why_a_code_was_not_adopted_is_said_without_digits() -> None:
    line = of_event(Happened(NOON, EventType.UNMANAGED_NOT_CONVERTED, {"reason": "4807 is not shown"}), clock)
    assert line.text == "It could not be adopted: … is not shown."


def test_what_is_not_known_is_said_by_its_name() -> None:
    assert of_event(Happened(NOON, "access_code.new_thing", {}), clock).text == "New thing."
    assert of_attempt(Tried(NOON, "polish", "shiny_now")).text == "Polish: shiny now."


@pytest.mark.parametrize(
    ("of", "now", "said"),
    [
        (stay(), NOON - HOUR, "Now it is unset: nothing is to be done until 01 12:00."),
        (stay(), NOON, "Now it is setting: it is being put on the lock."),
        (stay(PRESENT), NOON, "Now it is set: nothing is to be done until 02 12:00."),
        (code(PRESENT), NOON, "Now it is set: nothing is to be done until something changes."),
        (stay(PRESENT), NOON + DAY, "Now it is removing: it is being taken off the lock."),
        (
            stay(OnLock(refused_generation=1)),
            NOON + HOUR,
            "Now it is setting: the lock refused it for good; it is tried again when its digits or its name change.",
        ),
        (stay().model_copy(update={"closed": True}), NOON + DAY, "Now it is unset: nothing is to be done any more."),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_story_says_how_it_stands(of: AccessCode, now: datetime, said: str) -> None:
    assert standing(of, now, clock).text == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (61, "1 min 1 s"), (7200, "2 h"), (90_000, "1 d 1 h"), (86_460, "1 d")]
)
def test_length_of_time(seconds: int, said: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == said


def test_move_to_another_lock_is_told() -> None:
    moved = {"changed_properties": [{"property": "device_id", "from": "1", "to": "2"}]}
    told = story(stay(), [Happened(NOON, "access_code.changed", moved)], [], NOON, clock)
    assert [line.text for line in told if line.event_type] == ["It was moved to another lock."]
