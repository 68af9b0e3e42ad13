"""What is refused at registration: typed, named, without the value, and with nothing left behind."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.constraints import CodeConstraint, ConstraintType
from domain.requests import CodeChange, CodeWindow
from store.codes import CodeNotFoundError, get
from tests.house import House, refusal_of
from workflows.contracts import ACCESS_CODE_WORKFLOW, QUEUE, AccessCodeInput, UpdateName, access_code_workflow_id

CANARY = "7294618"


async def refused(house: House, request: Any, code_id: Any = None) -> Any:
    """Start a code that must be refused, and give the refusal; nothing of it may be left."""
    code_id = code_id or uuid4()
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await house.start(request, code_id=code_id)
    with pytest.raises(WorkflowFailureError) as failed:
        await house.client.get_workflow_handle(access_code_workflow_id(code_id)).result()
    refusal = await refusal_of(caught.value)
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == refusal["type"]
    assert failed.value.cause.non_retryable
    async with house.database.read() as session:
        with pytest.raises(CodeNotFoundError):
            await get(session, code_id)
    assert await house.pins(code_id) == []
    assert CANARY not in repr(caught.value.cause)
    return refusal


async def test_an_unknown_device_is_refused(house: House) -> None:
    refusal = await refused(house, AccessCodeInput(device_id=uuid4()))
    assert (refusal["type"], refusal["field"]) == ("device_not_found", "device_id")


async def test_another_workspaces_device_is_unknown(house: House) -> None:
    lock = await house.device("Front Door")
    refusal = await refused(house, AccessCodeInput(device_id=lock.id, workspace_id=uuid4()))
    assert refusal["type"] == "device_not_found"


async def test_an_end_in_the_past_is_refused(house: House) -> None:
    lock = await house.device("Front Door")
    refusal = await refused(house, await house.request(lock, starts_in=None, lasts=-timedelta(hours=1)))
    assert (refusal["field"], refusal["rule"]) == ("ends_at", "ends_in_future")
    assert refusal["shape"].endswith("ago")


async def test_an_end_before_the_start_is_refused(house: House) -> None:
    lock = await house.device("Front Door")
    refusal = await refused(house, await house.request(lock, lasts=-timedelta(minutes=5)))
    assert (refusal["field"], refusal["rule"]) == ("ends_at", "ends_after_start")


async def test_digits_of_a_length_that_the_lock_does_not_take_are_refused(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}", supported_code_lengths=(4,))
    code_id = uuid4()
    refusal = await refused(house, await house.request(lock, code=house.seal(CANARY, code_id)), code_id)
    assert (refusal["type"], refusal["field"]) == ("code_constraints_violated", "code")
    assert (refusal["rule"], refusal["shape"]) == ("code_length", "7 digits")


async def test_digits_that_break_a_constraint_are_refused(house: House) -> None:
    rule = CodeConstraint(constraint_type=ConstraintType.CANNOT_CONTAIN_089)
    lock = await house.new_lock(f"Lock {uuid4()}", code_constraints=(rule,))
    code_id = uuid4()
    refusal = await refused(house, await house.request(lock, code=house.seal(CANARY, code_id)), code_id)
    assert (refusal["rule"], refusal["shape"]) == ("cannot_contain_089", "7 digits")


async def test_digits_that_begin_like_anothers_are_refused_where_the_lock_tells_codes_apart_by_that(
    house: House,
) -> None:
    rule = CodeConstraint(constraint_type=ConstraintType.UNIQUE_FIRST_FOUR_DIGITS)
    lock = await house.new_lock(f"Lock {uuid4()}", code_constraints=(rule,))
    first, second = uuid4(), uuid4()
    await house.start(await house.request(lock, code=house.seal(CANARY, first)), code_id=first)
    request = await house.request(lock, code=house.seal(CANARY[:4] + "05", second))
    assert (await refused(house, request, second))["rule"] == "unique_first_four_digits"


async def test_digits_sealed_for_another_code_are_refused(house: House) -> None:
    lock = await house.device("Front Door")
    refusal = await refused(house, await house.request(lock, code=house.seal(CANARY, uuid4())))
    assert (refusal["field"], refusal["rule"]) == ("code", "sealed_pin")


async def test_the_same_digits_in_an_overlapping_window_are_refused(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    first, second = uuid4(), uuid4()
    await house.start(await house.request(lock, code=house.seal(CANARY, first)), code_id=first)
    request = await house.request(lock, starts_in=timedelta(hours=20), code=house.seal(CANARY, second))
    refusal = await refused(house, request, second)
    assert (refusal["type"], refusal["field"]) == ("duplicate_access_code", "code")


async def test_the_same_digits_in_another_window_or_on_another_lock_are_welcome(house: House) -> None:
    lock, other = await house.new_lock(f"Lock {uuid4()}"), await house.new_lock(f"Lock {uuid4()}")
    for target, starts_in in ((lock, 1), (lock, 100), (other, 1)):
        code_id = uuid4()
        request = await house.request(target, starts_in=timedelta(hours=starts_in), code=house.seal(CANARY, code_id))
        await house.start(request, code_id=code_id)


async def test_moving_a_code_into_a_window_where_its_digits_are_taken_is_refused(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    first, second = uuid4(), uuid4()
    taken = await house.start(await house.request(lock, code=house.seal(CANARY, first)), code_id=first)
    request = await house.request(lock, starts_in=timedelta(hours=100), code=house.seal(CANARY, second))
    life = await house.start(request, code_id=second)
    before = await life.stored()
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await life.update(
            UpdateName.CHANGE, CodeChange(window=CodeWindow(starts_at=taken.starts_at, ends_at=life.ends_at))
        )
    assert (await refusal_of(caught.value))["type"] == "duplicate_access_code"
    assert (await life.stored()).code == before.code


async def test_a_lock_without_access_codes_is_refused(house: House) -> None:
    refusal = await refused(house, await house.request(await house.device("Barn")))
    assert (refusal["type"], refusal["field"]) == ("access_codes_not_supported", "device_id")


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("starts_at", "2040-01-01T10:00:00", "instant_without_offset"),
        ("ends_at", "tomorrow", "instant_malformed"),
        ("code", CANARY, "plaintext_pin"),
        ("code", int(CANARY), "plaintext_pin"),
        ("colour", CANARY, "extra_forbidden"),
    ],
)
async def test_a_foreign_clients_malformed_input_is_refused_like_any_other(
    house: House, field: str, value: object, rule: str
) -> None:
    lock = await house.device("Front Door")
    refusal = await refused(house, {"device_id": str(lock.id), field: value})
    assert refusal["type"] == ("plaintext_pin" if rule == "plaintext_pin" else "invalid_input")
    assert (refusal["field"], refusal["rule"]) == (field, rule)
    assert CANARY not in str(refusal)


@pytest.mark.parametrize("arrived", ["digits", 7, None, [], {}])
async def test_an_argument_that_is_no_request_is_refused(house: House, arrived: Any) -> None:
    assert (await refused(house, arrived))["type"] == "invalid_input"


async def test_a_malformed_change_is_refused_and_the_code_goes_on(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock))
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await life.update(UpdateName.CHANGE, {"code": CANARY})
    assert isinstance(caught.value.cause, ApplicationError)
    assert "plaintext_pin" in caught.value.cause.message
    assert CANARY not in repr(caught.value.cause)
    await house.pass_time(until=life.starts_at + timedelta(seconds=10))
    assert await house.opens(lock, await life.pin())


async def test_a_workflow_id_that_names_no_code_is_refused(house: House) -> None:
    lock = await house.device("Front Door")
    handle = await house.client.start_workflow(
        ACCESS_CODE_WORKFLOW,
        AccessCodeInput(device_id=lock.id),
        id=f"booking-{uuid4()}",
        task_queue=QUEUE,
        run_timeout=timedelta(days=1),
    )
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    assert isinstance(caught.value.cause, ApplicationError)
    assert "access-code/<uuid>" in caught.value.cause.message


async def test_two_starts_of_one_id_are_one_code(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    request, code_id = await house.request(lock), uuid4()
    first = await house.start(request, code_id=code_id)
    second = await house.start(request, code_id=code_id)
    assert first.receipt == second.receipt
    assert await first.events() == ["created"]


async def test_a_lock_that_refuses_for_good_is_told_at_once_and_not_asked_again(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock))
    await house.fault(lock, "reject")
    await house.pass_time(until=life.starts_at + timedelta(seconds=5))
    assert await life.problems() == {"code_constraints_violated", "failed_to_set_on_device"}
    # No policy's time, but that of one attempt, which a busy machine takes more than a second for.
    assert await life.seconds_of("failed_to_set_on_device") == pytest.approx(0, abs=4)
    calls = len(await house.calls(lock))
    await house.heal(lock)
    await house.pass_time(until=life.starts_at + timedelta(hours=5))
    assert len(await house.calls(lock)) == calls

    await life.update(UpdateName.CHANGE, CodeChange(new_digits=True))
    await house.pass_time(until=await house.now() + timedelta(seconds=5))
    assert await house.opens(lock, await life.pin())
    assert await life.problems() == set()


async def test_digits_that_an_unproven_code_still_holds_wait_for_its_proof(house: House) -> None:
    """A caller's digits may come back; while the old code is exposed they are a duplicate, not a second code."""
    lock = await house.new_lock(f"Lock {uuid4()}")
    first, second = uuid4(), uuid4()
    request = await house.request(lock, lasts=timedelta(hours=1), code=house.seal(CANARY, first))
    old = await house.start(request, code_id=first)
    again = await house.request(lock, starts_in=timedelta(hours=3), code=house.seal(CANARY, second))
    new = await house.start(again, code_id=second)
    assert old.ends_at is not None
    await house.pass_time(until=old.ends_at - timedelta(minutes=1))
    await house.fault(lock, "lying_success", on="remove")
    await house.pass_time(until=new.starts_at + timedelta(minutes=5))
    assert "duplicate_code_on_device" in await new.problems()
    assert len(await house.truth(lock)) == 1

    await house.heal(lock)
    await house.pass_time(until=new.starts_at + timedelta(hours=1))
    assert await new.problems() == set()
    assert (await old.stored()).code.closed
    assert await house.opens(lock, CANARY)


async def test_a_full_lock_says_so_and_takes_the_code_when_a_slot_is_free(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}", max_active_codes_supported=1)
    first = await house.start(await house.request(lock, lasts=timedelta(hours=3)))
    second = await house.start(await house.request(lock, starts_in=timedelta(hours=2)))
    await house.pass_time(until=second.starts_at + timedelta(minutes=2))
    assert "no_space_for_access_code_on_device" in await second.problems()
    assert first.ends_at is not None
    await house.pass_time(until=first.ends_at + timedelta(minutes=16))
    assert await house.opens(lock, await second.pin())
    assert await second.problems() == set()
