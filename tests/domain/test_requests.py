"""Requests are strict where a mistake would cost a guest, and no refusal repeats what it refuses."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from domain.requests import CodeChange, CodeRequest, CodeWindow

CANARY = "7391946"
DEVICE = {"device_id": "6a2d6f0e-8f2c-4a51-9b39-3f1f2c8a9d10"}
SEALED = {"key_id": "pin-1", "nonce": "A" * 16, "ciphertext": "A" * 32}


def refusal(model: type[CodeRequest | CodeChange | CodeWindow], value: dict[str, Any]) -> ValidationError:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(value)
    return refused.value


@pytest.mark.parametrize("digits", [CANARY, int(CANARY), float(CANARY), CANARY.encode(), [CANARY], {"pin": CANARY}])
@pytest.mark.parametrize(("model", "base"), [(CodeRequest, DEVICE), (CodeChange, {})])
def test_digits_in_the_clear_are_refused_and_not_repeated(
    model: type[CodeRequest | CodeChange], base: dict[str, Any], digits: object
) -> None:
    assert CANARY not in str(refusal(model, base | {"code": digits}))


@pytest.mark.parametrize("digits", [CANARY, int(CANARY)])
def test_digits_in_the_clear_are_refused_by_name(digits: object) -> None:
    assert refusal(CodeRequest, DEVICE | {"code": digits}).errors()[0]["type"] == "plaintext_pin"


@pytest.mark.parametrize("field", ["pin", "backup_code", "Code"])
def test_unknown_field_is_refused_and_its_value_not_repeated(field: str) -> None:
    error = refusal(CodeRequest, DEVICE | {field: CANARY})
    assert error.errors()[0]["type"] == "extra_forbidden"
    assert CANARY not in str(error)


def test_sealed_digits_of_another_form_are_not_repeated() -> None:
    assert CANARY not in str(refusal(CodeRequest, DEVICE | {"code": SEALED | {"ciphertext": CANARY}}))


def test_name_that_is_too_long_is_not_repeated() -> None:
    assert CANARY not in str(refusal(CodeRequest, DEVICE | {"name": CANARY * 40}))


@pytest.mark.parametrize("field", ["starts_at", "ends_at", "arrives_at"])
@pytest.mark.parametrize("instant", ["2026-07-01T16:00:00", "2026-07-01", datetime(2026, 7, 1, 16)])  # noqa: DTZ001
def test_instant_without_an_offset_is_refused_by_name(field: str, instant: object) -> None:
    assert refusal(CodeRequest, DEVICE | {field: instant}).errors()[0]["type"] == "instant_without_offset"


@pytest.mark.parametrize(
    ("instant", "reason"),
    [
        (1782914400, "instant_not_text"),
        (1782914400.5, "instant_not_text"),
        ("tomorrow", "instant_malformed"),
        ("", "instant_malformed"),
    ],
)
def test_instant_in_another_form_is_refused_by_name(instant: object, reason: str) -> None:
    assert refusal(CodeWindow, {"starts_at": instant}).errors()[0]["type"] == reason


@pytest.mark.parametrize("instant", ["2026-07-01T16:00:00+02:00", "2026-07-01T14:00:00Z", "2026-07-01T14:00:00+00:00"])
def test_instant_with_an_offset_means_one_moment(instant: str) -> None:
    assert CodeRequest.model_validate(DEVICE | {"starts_at": instant}).starts_at == datetime(2026, 7, 1, 14, tzinfo=UTC)


def test_request_survives_its_own_json() -> None:
    request = CodeRequest.model_validate(DEVICE | {"code": SEALED, "name": "Ada", "starts_at": "2026-07-01T14:00:00Z"})
    assert CodeRequest.model_validate(json.loads(request.model_dump_json())) == request


def test_device_alone_is_a_request() -> None:
    request = CodeRequest.model_validate(DEVICE)
    assert (request.code, request.starts_at, request.ends_at) == (None, None, None)


def test_change_has_one_source_of_digits() -> None:
    assert refusal(CodeChange, {"code": SEALED, "new_digits": True}).errors()[0]["type"] == "two_sources_of_digits"


def test_change_without_fields_changes_nothing() -> None:
    change = CodeChange()
    assert (change.name, change.window, change.code, change.new_digits) == (None, None, None, False)
