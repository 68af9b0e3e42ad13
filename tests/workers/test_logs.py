"""No secret leaves by a log line, and nothing else is taken out of one."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from workers.logs import REDACTED, redact, redact_text, set_up_logs
from workers.settings import LogFormat, LogLevel

CANARY = "739184"


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    set_up_logs(LogFormat.JSON, LogLevel.INFO)
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


@pytest.mark.parametrize("key", ["pin", "code", "credentials", "api_key", "vendor_token", "Authorization", "secret"])
def test_values_under_secret_names_are_dropped_at_any_depth(key: str) -> None:
    assert redact({"outer": [{key: CANARY}]}) == {"outer": [{key: REDACTED}]}


@pytest.mark.parametrize("key", ["error_code", "access_code_id", "status_code", "tokens_left", "pinned"])
def test_names_that_only_look_alike_stay(key: str) -> None:
    assert redact({key: "x"}) == {key: "x"}


@pytest.mark.parametrize(
    "text",
    [
        f"pin={CANARY}",
        f'{{"code": "{CANARY}"}}',
        f"Authorization: Bearer {CANARY}",
        f"api_key='{CANARY}', x",
        f"code={CANARY}&x=1",
    ],
)
def test_text_of_libraries_is_masked_behind_secret_names(text: str) -> None:
    assert CANARY not in redact_text(text)
    assert REDACTED in redact_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "status code: 404",
        "took 12345 ms at 2026-11-22T23:01:06",
        "workflow access-code/7c7901eb-4e7f-4214-8c12-0b6fa4bc324a",
        "exit code 1",
    ],
)
def test_ids_times_and_counts_stay(text: str) -> None:
    assert redact_text(text) == text


def test_own_lines_and_those_of_libraries_have_one_shape(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(LogFormat.JSON, LogLevel.INFO)
    structlog.get_logger("ours").info("hello", pin=CANARY, device="Front Door")
    logging.getLogger("theirs").warning("pin=%s for %s", CANARY, "Front Door")
    ours, theirs = lines(capsys)
    assert ours["event"] == "hello"
    assert ours["pin"] == REDACTED
    assert ours["device"] == "Front Door"
    assert theirs["event"] == f"pin={REDACTED} for Front Door"
    assert ours["level"], theirs["level"] == ("info", "warning")


def test_exceptions_are_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(LogFormat.JSON, LogLevel.INFO)
    try:
        raise ValueError(f"pin={CANARY}")
    except ValueError:
        logging.getLogger("theirs").exception("it failed")
    (line,) = lines(capsys)
    assert CANARY not in json.dumps(line)
