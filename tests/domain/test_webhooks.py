"""When endpoints are told, when they are told again, and when they are given up."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.refusals import RefusedError
from domain.webhooks import (
    DISABLE_AFTER,
    LONGEST_RETRY_AFTER,
    LONGEST_URL,
    Answer,
    check_event_types,
    check_url,
    delay_before_retry,
    failing_since,
    has_failed_too_long,
    judge,
    wants,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        *((status, Answer.DELIVERED) for status in (200, 202, 204, 299)),
        *((status, Answer.FAILED) for status in (100, 199, 300, 301, 304, 307, 400, 404, 409, 429, 500, 503)),
        (410, Answer.GONE),
    ],
)
def test_only_success_delivers_and_only_410_ends(status: int, answer: Answer) -> None:
    assert judge(status) is answer


@pytest.mark.parametrize(
    ("wanted", "event_type", "told"),
    [
        (["*"], "access_code.created", True),
        (["access_code.created"], "access_code.created", True),
        (["access_code.created", "device.removed"], "device.removed", True),
        (["access_code.created"], "access_code.created.more", False),
        (["access_code"], "access_code.created", False),
        (["access_code.*"], "access_code.created", False),
        ([], "access_code.created", False),
    ],
)
def test_types_match_exactly_or_all(wanted: list[str], event_type: str, told: bool) -> None:
    assert wants(wanted, event_type) is told


def test_a_test_is_for_nobody_who_did_not_ask_for_it() -> None:
    assert not wants(["*", "webhook.test"], "webhook.test")


def test_delays_are_the_published_ones() -> None:
    delays = [delay_before_retry(failures, chance=0) for failures in range(1, 9)]
    assert delays == [
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=5),
        timedelta(hours=10),
        timedelta(hours=10),
        None,
    ]


def test_jitter_lengthens_by_a_tenth_at_most() -> None:
    assert delay_before_retry(2, chance=1.0) == timedelta(minutes=5.5)
    assert delay_before_retry(2, chance=0.5) == timedelta(minutes=5.25)


@pytest.mark.parametrize(
    ("retry_after", "delay"),
    [
        (timedelta(0), timedelta(minutes=5)),
        (timedelta(minutes=4), timedelta(minutes=5)),
        (timedelta(minutes=7), timedelta(minutes=7)),
        (timedelta(days=300), LONGEST_RETRY_AFTER),
    ],
)
def test_retry_after_lengthens_within_bounds(retry_after: timedelta, delay: timedelta) -> None:
    assert delay_before_retry(2, chance=0, retry_after=retry_after) == delay


def test_retry_after_buys_no_further_attempt() -> None:
    assert delay_before_retry(8, chance=0, retry_after=timedelta(hours=1)) is None


def test_an_unbroken_failure_is_counted_from_its_beginning() -> None:
    later = NOON + timedelta(days=4)
    assert failing_since(None, None, NOON) == NOON
    assert failing_since(NOON, NOON + timedelta(days=1), later) == NOON


def test_a_failure_after_a_long_silence_is_a_new_one() -> None:
    """An endpoint with few events, down once a month ago, is not disabled at its next hiccup."""
    later = NOON + timedelta(days=30)
    assert failing_since(NOON, NOON + timedelta(days=1), later) == later


def test_five_days_are_too_long() -> None:
    assert not has_failed_too_long(NOON, NOON + DISABLE_AFTER - timedelta(seconds=1))
    assert has_failed_too_long(NOON, NOON + timedelta(days=5))


@pytest.mark.parametrize("url", ["https://hooks.example/a?b=c", "https://hooks.example:8443", "https://192.0.2.7/"])
def test_https_addresses_are_taken(url: str) -> None:
    assert check_url(url, for_development=False) == url


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://hooks.example/",
            "ftp://hooks.example/",
            "hooks.example",
            "",
            "https://",
            "https:///path",
            "https://[",
        ),
        *("https://user@hooks.example/", "https://user:pw@hooks.example/", "https://hooks.example/#part"),
        *("https://hooks.example:99999/", "https://hooks.example/\n", "https://hooks.example/" + "a" * LONGEST_URL),
    ],
)
def test_other_addresses_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(RefusedError) as refused:
        check_url(url, for_development=False)
    assert "hooks.example" not in str(refused.value.refusal)


def test_development_does_without_tls() -> None:
    assert check_url("http://127.0.0.1:9000/", for_development=True)


@pytest.mark.parametrize("types", [["*"], ["access_code.set_on_device"], ["access_code.issued", "lock.unlocked"]])
def test_event_types_are_taken_even_where_we_write_none(types: list[str]) -> None:
    assert check_event_types(types) == tuple(types)


@pytest.mark.parametrize("types", [[], [""], ["everything"], ["access_code.*"], ["*", "Access_Code.created"]])
def test_what_looks_like_no_event_type_is_refused(types: list[str]) -> None:
    with pytest.raises(RefusedError) as refused:
        check_event_types(types)
    assert refused.value.refusal.type == "invalid_event_types"


def test_doubles_among_event_types_are_dropped() -> None:
    assert check_event_types(["a.b", "c.d", "a.b"]) == ("a.b", "c.d")
