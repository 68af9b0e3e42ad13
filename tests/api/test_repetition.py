"""A request that is sent again, by whoever and after whatever, is carried out once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, func, select

from api.answers import BUSY, Answer
from api.errors import TemporalUnavailableError
from api.http.repetition import without_secrets
from store.api_tables import ActionAttemptRow, AnswerRow
from store.tables import AccessCodeRow, DeviceRow
from tests.api.door import Door, in_hours


async def _codes_on(door: Door, lock: DeviceRow) -> int:
    async with door.house.database.read() as session:
        query = select(func.count()).select_from(AccessCodeRow).where(AccessCodeRow.device_id == lock.id)
        return (await session.exec(query)).one()


async def _attempts_on(door: Door, lock: DeviceRow) -> int:
    async with door.house.database.read() as session:
        query = select(func.count()).select_from(ActionAttemptRow).where(ActionAttemptRow.device_id == lock.id)
        return (await session.exec(query)).one()


async def _create(door: Door, lock: DeviceRow | None, key: str, **body: Any) -> httpx.Response:
    device_id = str(uuid4()) if lock is None else str(lock.id)
    body = {"device_id": device_id, "starts_at": "2030-01-01T10:00:00Z", **body}
    return await door.http.post("/access_codes/create", json=body, headers={"idempotency-key": key})


async def test_same_key_and_body_get_the_first_answer_digits_included(door: Door) -> None:
    lock, key = await door.lock(), str(uuid4())
    first, second = [await _create(door, lock, key, name="Ada") for _ in range(2)]
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert len(first.json()["access_code"]["code"]) >= 4
    assert await _codes_on(door, lock) == 1


async def test_kept_answer_holds_no_digits(door: Door) -> None:
    lock, key = await door.lock(), str(uuid4())
    await _create(door, lock, key, code="730916")
    async with door.house.database.read() as session:
        row = (await session.exec(select(AnswerRow).where(col(AnswerRow.key) == f"key {key}"))).one()
    assert row.status == 200
    assert "730916" not in str(row.model_dump())


async def test_same_key_with_another_body_is_refused(door: Door) -> None:
    lock, key = await door.lock(), str(uuid4())
    await _create(door, lock, key)
    other = await _create(door, lock, key, name="Other")
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
    assert await _codes_on(door, lock) == 1


async def test_keys_of_two_callers_are_two_keys(door: Door) -> None:
    lock, key = await door.lock(), str(uuid4())
    await _create(door, lock, key)
    token = (await door.services.keys.mint(f"second {uuid4()}")).token.get_secret_value()
    body = {"device_id": str(lock.id), "starts_at": "2030-01-01T10:00:00Z"}
    headers = {"idempotency-key": key, "authorization": f"Bearer {token}"}
    assert (await door.http.post("/access_codes/create", json=body, headers=headers)).status_code == 200
    assert await _codes_on(door, lock) == 2


async def test_refusal_is_kept_like_any_answer(door: Door) -> None:
    key, nowhere = str(uuid4()), str(uuid4())
    first, second = [await _create(door, None, key, device_id=nowhere) for _ in range(2)]
    assert (first.status_code, first.json()) == (404, second.json())


async def test_concurrent_sendings_make_one_code(door: Door) -> None:
    lock, key = await door.lock(), str(uuid4())
    answers = await asyncio.gather(*(_create(door, lock, key) for _ in range(8)))
    done = [answer for answer in answers if answer.status_code == 200]
    others = [answer for answer in answers if answer.status_code != 200]
    assert done
    assert len({answer.json()["access_code"]["access_code_id"] for answer in done}) == 1
    assert {(answer.status_code, answer.json()["error"]["type"]) for answer in others} <= {
        (409, "idempotency_key_in_use")
    }
    assert await _codes_on(door, lock) == 1


async def test_crash_after_the_code_was_made_gives_the_same_code_to_the_retry(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between Temporal's answer and ours: the row of the request stays taken, without an answer.

    The action attempt is written with the code, so that nobody has to make up for it."""
    lock, key = await door.lock(), str(uuid4())

    class Killed(BaseException):
        pass

    async def killed(*_: object, **__: object) -> None:
        raise Killed

    async def never(*_: object, **__: object) -> None:
        """A process that is dead lets nothing go."""

    with monkeypatch.context() as patched:
        patched.setattr(door.services.codes.__class__, "get", killed)
        patched.setattr("store.answers.let_go", never)
        assert (await _create(door, lock, key)).status_code == 500
    assert await _codes_on(door, lock) == await _attempts_on(door, lock) == 1
    waiting = await _create(door, lock, key)
    assert (waiting.status_code, waiting.json()["error"]["type"]) == (409, "idempotency_key_in_use")
    await _age(door, f"key {key}")
    answer = await _create(door, lock, key)
    assert answer.status_code == 200
    assert await _codes_on(door, lock) == await _attempts_on(door, lock) == 1
    attempt_id = answer.json()["action_attempt"]["action_attempt_id"]
    shown = await door.asked("/action_attempts/get", action_attempt_id=attempt_id)
    assert shown["action_attempt"] == answer.json()["action_attempt"]


async def test_outage_is_not_kept_and_the_retry_succeeds(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, key = await door.lock(), str(uuid4())

    async def away(*_: object, **__: object) -> None:
        raise TemporalUnavailableError("away")

    with monkeypatch.context() as patched:
        patched.setattr(door.services.codes.__class__, "get", away)
        refused = await _create(door, lock, key)
    assert (refused.status_code, refused.json()["error"]["type"]) == (503, "service_unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert (await _create(door, lock, key)).status_code == 200
    assert await _codes_on(door, lock) == 1


@pytest.mark.parametrize("key", ["", "a" * 256, "a\tb"])
async def test_unfit_keys_are_invalid(door: Door, key: str) -> None:
    answer = await _create(door, None, key)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_input")


async def test_repeated_delete_gets_the_first_answer_after_the_code_is_gone(door: Door) -> None:
    code = await door.code(starts_at=in_hours(1))
    query = {"access_code_id": code["access_code_id"], "_strict": "true"}
    first = await door.http.delete("/access_codes/delete", params=query)
    await door.until_gone(code["access_code_id"])
    second = await door.http.delete("/access_codes/delete", params=query)
    assert (first.status_code, first.json()) == (200, second.json())


async def test_put_repeats_its_answer_until_something_else_is_asked_of_the_code(door: Door) -> None:
    code = await door.code(starts_at=in_hours(1))
    names = [{"access_code_id": code["access_code_id"], "name": name} for name in ("A", "B")]
    first, again = [await door.http.put("/access_codes/update", json=names[0]) for _ in range(2)]
    assert first.json() == again.json()
    await door.http.put("/access_codes/update", json=names[1])
    third = await door.http.put("/access_codes/update", json=names[0])
    assert third.json() != first.json()
    shown = await door.asked("/access_codes/get", access_code_id=code["access_code_id"])
    assert shown["access_code"]["name"] == "A"
    await door.http.patch("/access_codes/update", json=names[1])
    await door.http.put("/access_codes/update", json=names[0])
    shown = await door.asked("/access_codes/get", access_code_id=code["access_code_id"])
    assert shown["access_code"]["name"] == "A"


async def test_repeated_create_multiple_makes_one_code_each(door: Door) -> None:
    locks = [await door.lock() for _ in range(2)]
    body = {"device_ids": [str(lock.id) for lock in locks], "starts_at": "2030-01-01T10:00:00Z"}
    first, second = await asyncio.gather(*(door.http.put("/access_codes/create_multiple", json=body) for _ in range(2)))
    assert (first.status_code, first.json()) == (200, second.json())
    assert [await _codes_on(door, lock) for lock in locks] == [1, 1]
    assert len({code["code"] for code in first.json()["access_codes"]}) == 1


def test_every_place_where_an_answer_shows_digits_or_secrets_is_stripped() -> None:
    code = {"access_code_id": "a", "code": "4711"}
    webhook = {"webhook_id": "w", "secret": "whsec_4711"}
    attempt = {"result": {"access_code": code}}
    body = {"access_code": code, "access_codes": [code], "action_attempt": attempt, "webhook": webhook}
    kept = without_secrets(Answer(200, body))
    assert "4711" not in str(kept)
    assert (kept["_digits_of"], kept["_secrets_of"]) == (["a"], ["w"])


async def _age(door: Door, key: str) -> None:
    """Have the time pass after which whoever took a request must be dead."""
    async with door.house.database.write() as session:
        row = (await session.exec(select(AnswerRow).where(col(AnswerRow.key) == key))).one()
        assert row.busy_until > datetime.now(UTC)
        assert row.busy_until < datetime.now(UTC) + BUSY + timedelta(seconds=1)
        row.busy_until = datetime.now(UTC) - timedelta(seconds=1)
