"""What every driver must do, whatever its vendor: subclass `DriverContract` and give it a `bench`.

The truth is always asked of the lock, never of the driver.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from providers.base import (
    Accepted,
    AccountDisconnectedError,
    DoorDriver,
    Driver,
    Empty,
    Known,
    LockGoneError,
    Masked,
    NonsenseError,
    NotMoved,
    Place,
    ProviderError,
    Rejected,
    RejectReason,
    RetryLaterError,
    Unknown,
    Unreadable,
    Window,
    WriteResult,
)

PIN, OTHER_PIN = SecretStr("482915"), SecretStr("739164")
MARK = "lw-kq.1"
NAME = f"Jane {MARK}"
STARTS_AT = datetime(2027, 3, 1, 15, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bench:
    """A driver, the control side of its cloud, and the locks of each sort there."""

    driver: Driver
    control: httpx.AsyncClient
    plain: str = "front-door"
    masked: str = "attic"
    native: str = "pool-house"
    small: str = "tool-shed"
    six_digits: str = "courtyard"

    async def truth(self, lock_id: str) -> list[dict[str, Any]]:
        """What the lock holds."""
        slots: list[dict[str, Any]] = (await self.control.get(f"/_truth/{lock_id}")).json()["slots"]
        return slots

    async def pins(self, lock_id: str) -> list[str]:
        """The digits the lock holds."""
        return [slot["pin"] for slot in await self.truth(lock_id)]

    async def fault(self, lock_id: str, kind: str, **parameters: object) -> None:
        """Set a fault."""
        (await self.control.post(f"/_faults/{lock_id}", json={"kind": kind, **parameters})).raise_for_status()

    async def set_clock(self, now: datetime) -> None:
        """Stand the cloud's clock."""
        (await self.control.post("/_clock", json={"now": now.isoformat()})).raise_for_status()

    async def calls(self, lock_id: str) -> list[str]:
        """The operations that the cloud saw."""
        return [call["operation"] for call in (await self.control.get(f"/_calls/{lock_id}")).json()["calls"]]

    def place(self, lock_id: str | None = None, slot: int = 1) -> Place:
        """Where our code is to be."""
        return Place(lock_id or self.plain, slot, MARK)

    async def put(self, place: Place, pin: SecretStr = PIN, window: Window | None = None) -> WriteResult:
        """Program our code."""
        return await self.driver.program(place, pin, NAME, window, "put")

    async def put_known(self, place: Place) -> Place:
        """Program our code; the place with its reference."""
        result = await self.put(place)
        assert isinstance(result, Accepted)
        return replace(place, reference=result.reference)

    async def take(self, place: Place, pin: SecretStr = PIN) -> WriteResult:
        """Remove our code."""
        return await self.driver.remove(place, pin, "take")


Act = Callable[[Bench], Awaitable[object]]


async def _read(bench: Bench) -> object:
    return await bench.driver.read(bench.place(), PIN)


async def _put(bench: Bench) -> object:
    return await bench.put(bench.place())


async def _take(bench: Bench) -> object:
    return await bench.take(replace(bench.place(), reference="ac_never"))


EVERY_CALL = pytest.mark.parametrize("act", [_read, _put], ids=["read", "program"])


class DriverContract:
    """The promises of `providers.base.Driver`, one test each."""

    async def test_programmed_code_is_on_lock(self, bench: Bench) -> None:
        assert isinstance(await bench.put(bench.place(slot=3)), Accepted)
        assert [(slot["slot"], slot["pin"], slot["name"]) for slot in await bench.truth(bench.plain)] == [
            (3, PIN.get_secret_value(), NAME)
        ]

    async def test_each_method_is_one_exchange(self, bench: Bench) -> None:
        place = await bench.put_known(bench.place())
        await bench.driver.read(place, PIN)
        await bench.take(place)
        assert await bench.calls(bench.plain) == ["program", "read", "remove"]

    async def test_read_tells_known_digits(self, bench: Bench) -> None:
        place = await bench.put_known(bench.place())
        assert await bench.driver.read(place, PIN) == Known(PIN, place.reference, 1, NAME)
        assert await bench.driver.read_all(bench.plain) == [Known(PIN, place.reference, 1, NAME)]

    async def test_read_finds_code_without_reference(self, bench: Bench) -> None:
        await bench.put(bench.place(slot=4))
        elsewhere = Place(bench.plain, 1, "other-mark")
        assert isinstance(await bench.driver.read(elsewhere, PIN), Known)
        assert isinstance(await bench.driver.read(bench.place(slot=9), OTHER_PIN), Known)

    async def test_door_moves_where_the_lock_can(self, bench: Bench) -> None:
        assert isinstance(bench.driver, DoorDriver)
        for act, locked in ((bench.driver.unlock, False), (bench.driver.lock, True)):
            assert isinstance(await act(bench.plain, "k"), Accepted)
            assert (await bench.driver.describe(bench.plain)).locked is locked
        assert isinstance(await bench.driver.unlock(bench.masked, "k"), NotMoved)

    @pytest.mark.parametrize(
        ("fault", "answer"),
        [("jammed", NotMoved), ("lost_reply", Unknown), ("malformed", Unknown), ("wrong_lock", Unknown)],
    )
    async def test_door_that_may_not_have_moved_is_no_success(self, bench: Bench, fault: str, answer: type) -> None:
        assert isinstance(bench.driver, DoorDriver)
        await bench.fault(bench.plain, fault)
        assert isinstance(await bench.driver.unlock(bench.plain, "k"), answer)

    async def test_door_of_a_lock_that_is_away_raises(self, bench: Bench) -> None:
        assert isinstance(bench.driver, DoorDriver)
        await bench.fault(bench.plain, "offline")
        with pytest.raises(RetryLaterError) as away:
            await bench.driver.unlock(bench.plain, "k")
        assert away.value.offline

    async def test_mark_of_later_generation_is_not_ours(self, bench: Bench) -> None:
        await bench.driver.program(bench.place(slot=4), PIN, f"Jane {MARK}2", None, "k")
        assert await bench.driver.read(bench.place(slot=9), OTHER_PIN) == Empty()

    async def test_foreign_code_in_slot_is_shown(self, bench: Bench) -> None:
        await bench.control.post(f"/_truth/{bench.plain}/keypad", json={"slot": 1, "pin": "555777"})
        reading = await bench.driver.read(bench.place(), PIN)
        assert isinstance(reading, Known)
        assert reading.pin == SecretStr("555777")

    async def test_masking_lock_reads_masked(self, bench: Bench) -> None:
        place = await bench.put_known(bench.place(bench.masked))
        assert await bench.driver.read(place, PIN) == Masked(place.reference, 1, NAME)
        assert isinstance(await bench.driver.read(bench.place(bench.masked, slot=7), PIN), Masked)

    async def test_masked_answer_reads_masked(self, bench: Bench) -> None:
        place = await bench.put_known(bench.place())
        await bench.fault(bench.plain, "masked_read", count=1)
        assert isinstance(await bench.driver.read(place, PIN), Masked)
        assert isinstance(await bench.driver.read(place, PIN), Known)

    async def test_empty_lock_reads_empty(self, bench: Bench) -> None:
        assert await bench.driver.read(bench.place(), PIN) == Empty()

    async def test_removed_code_is_off_lock(self, bench: Bench) -> None:
        place = await bench.put_known(bench.place())
        assert isinstance(await bench.take(place), Accepted)
        assert await bench.truth(bench.plain) == []

    async def test_code_is_removed_without_reference(self, bench: Bench) -> None:
        await bench.put(bench.place())
        assert isinstance(await bench.take(bench.place()), Accepted)
        assert await bench.truth(bench.plain) == []

    async def test_removal_is_idempotent(self, bench: Bench) -> None:
        place = await bench.put_known(bench.place())
        results = [await bench.take(place), await bench.take(place), await bench.take(bench.place())]
        assert all(isinstance(result, Accepted) for result in results)

    async def test_removal_leaves_foreign_code_in_slot(self, bench: Bench) -> None:
        await bench.control.post(f"/_truth/{bench.plain}/keypad", json={"slot": 1, "pin": "555777"})
        await bench.take(bench.place())
        assert await bench.pins(bench.plain) == ["555777"]

    async def test_change_in_place_keeps_one_code(self, bench: Bench) -> None:
        place = await bench.put_known(bench.place())
        assert await bench.put(place, OTHER_PIN) == Accepted(place.reference)
        assert await bench.pins(bench.plain) == [OTHER_PIN.get_secret_value()]

    async def test_change_of_lost_code_is_unknown(self, bench: Bench) -> None:
        place = await bench.put_known(bench.place())
        await bench.control.post(f"/_truth/{bench.plain}/reset")
        assert isinstance(await bench.put(place, OTHER_PIN), Unknown)

    async def test_native_window_reaches_lock(self, bench: Bench) -> None:
        window = Window(STARTS_AT, STARTS_AT + timedelta(days=2))
        await bench.set_clock(STARTS_AT - timedelta(hours=1))
        await bench.put(bench.place(bench.native), window=window)
        (slot,) = await bench.truth(bench.native)
        assert datetime.fromisoformat(slot["window"]["starts_at"]) == window.starts_at
        assert datetime.fromisoformat(slot["window"]["ends_at"]) == window.ends_at
        assert slot["active_now"] is False

    @pytest.mark.parametrize("kind", ["lost_reply", "reset_before"])
    async def test_write_without_answer_is_unknown(self, bench: Bench, kind: str) -> None:
        await bench.fault(bench.plain, kind, on="program", count=1)
        assert isinstance(await bench.put(bench.place()), Unknown)
        expected = [PIN.get_secret_value()] if kind == "lost_reply" else []
        assert await bench.pins(bench.plain) == expected

    @pytest.mark.parametrize("kind", ["lost_reply", "reset_before"])
    async def test_removal_without_answer_is_unknown(self, bench: Bench, kind: str) -> None:
        place = await bench.put_known(bench.place())
        await bench.fault(bench.plain, kind, on="remove", count=1)
        assert isinstance(await bench.take(place), Unknown)
        expected = [] if kind == "lost_reply" else [PIN.get_secret_value()]
        assert await bench.pins(bench.plain) == expected

    async def test_read_without_answer_is_retried_later(self, bench: Bench) -> None:
        await bench.fault(bench.plain, "reset_before", on="read", count=1)
        with pytest.raises(RetryLaterError):
            await _read(bench)

    @pytest.mark.parametrize("kind", ["http_409", "http_500", "http_502", "malformed"])
    @pytest.mark.parametrize("effect", [False, True])
    async def test_doubtful_answer_to_write_is_unknown(self, bench: Bench, kind: str, effect: bool) -> None:
        await bench.fault(bench.plain, kind, count=1, effect=effect)
        assert isinstance(await bench.put(bench.place()), Unknown)
        assert await bench.pins(bench.plain) == ([PIN.get_secret_value()] if effect else [])

    async def test_answer_slower_than_timeout_is_unknown(self, bench: Bench) -> None:
        await bench.fault(bench.plain, "slow", on="program", count=1, delay_seconds=1.7)
        assert isinstance(await bench.put(bench.place()), Unknown)
        assert await bench.pins(bench.plain) == [PIN.get_secret_value()]

    @pytest.mark.parametrize("kind", ["malformed", "wrong_lock"])
    async def test_senseless_read_is_never_believed(self, bench: Bench, kind: str) -> None:
        await bench.fault(bench.plain, kind)
        with pytest.raises(NonsenseError):
            await _read(bench)
        with pytest.raises(NonsenseError):
            await bench.driver.describe(bench.plain)

    async def test_reply_about_other_lock_is_unknown(self, bench: Bench) -> None:
        place = await bench.put_known(bench.place())
        await bench.fault(bench.plain, "wrong_lock", count=3)
        results = [
            await bench.put(bench.place(slot=2), OTHER_PIN),
            await bench.put(place, OTHER_PIN),
            await bench.take(place),
        ]
        assert all(isinstance(result, Unknown) for result in results)
        assert await bench.pins(bench.plain) == [PIN.get_secret_value()]

    @pytest.mark.parametrize(("kind", "parameters"), [("offline", {}), ("flapping", {"period_seconds": 600})])
    async def test_offline_lock_is_named_so(self, bench: Bench, kind: str, parameters: dict[str, int]) -> None:
        place = await bench.put_known(bench.place())
        await bench.fault(bench.plain, kind, **parameters)
        reading = await bench.driver.read(place, PIN)
        assert isinstance(reading, Unreadable)
        assert reading.offline
        for act in (bench.put(place), bench.take(place), bench.take(bench.place())):
            with pytest.raises(RetryLaterError) as caught:
                await act
            assert caught.value.offline
        assert (await bench.driver.describe(bench.plain)).online is False
        assert await bench.pins(bench.plain) == [PIN.get_secret_value()]

    @EVERY_CALL
    @pytest.mark.parametrize("kind", ["http_401", "account_disconnected"])
    async def test_refused_account_is_disconnected(self, bench: Bench, act: Act, kind: str) -> None:
        await bench.fault("_", kind)
        for call in (act, _take):
            with pytest.raises(AccountDisconnectedError):
                await call(bench)

    @EVERY_CALL
    async def test_unknown_lock_is_gone(self, bench: Bench, act: Act) -> None:
        place = await bench.put_known(bench.place())
        await bench.fault(bench.plain, "http_404_device")
        for call in (act(bench), bench.take(place), bench.driver.describe(bench.plain)):
            with pytest.raises(LockGoneError):
                await call

    @EVERY_CALL
    @pytest.mark.parametrize("kind", ["http_429", "http_503"])
    async def test_busy_vendor_names_its_delay(self, bench: Bench, act: Act, kind: str) -> None:
        await bench.fault(bench.plain, kind, retry_after=7)
        with pytest.raises(RetryLaterError) as caught:
            await act(bench)
        assert caught.value.retry_after == timedelta(seconds=7)
        assert await bench.truth(bench.plain) == []

    async def test_duplicate_digits_are_rejected(self, bench: Bench) -> None:
        await bench.put(bench.place())
        result = await bench.put(bench.place(slot=2))
        assert isinstance(result, Rejected)
        assert result.reason is RejectReason.DUPLICATE_PIN

    async def test_occupied_slot_is_rejected(self, bench: Bench) -> None:
        await bench.put(bench.place())
        result = await bench.put(bench.place(), OTHER_PIN)
        assert isinstance(result, Rejected)
        assert result.reason is RejectReason.SLOT_OCCUPIED

    async def test_full_lock_has_no_space(self, bench: Bench) -> None:
        result = await bench.put(bench.place(bench.small, slot=4))
        assert isinstance(result, Rejected)
        assert result.reason is RejectReason.NO_SPACE

    @pytest.mark.parametrize(
        ("kind", "reason"),
        [("slots_full", RejectReason.NO_SPACE), ("reject", RejectReason.CONSTRAINTS_VIOLATED)],
    )
    async def test_refusal_has_its_reason(self, bench: Bench, kind: str, reason: RejectReason) -> None:
        await bench.fault(bench.plain, kind)
        result = await bench.put(bench.place())
        assert isinstance(result, Rejected)
        assert result.reason is reason
        assert await bench.truth(bench.plain) == []

    async def test_digits_against_rules_are_rejected(self, bench: Bench) -> None:
        result = await bench.put(bench.place(bench.six_digits), SecretStr("120456"))
        assert isinstance(result, Rejected)
        assert result.reason is RejectReason.CONSTRAINTS_VIOLATED

    async def test_lying_success_is_no_proof(self, bench: Bench) -> None:
        await bench.fault(bench.plain, "lying_success", count=1)
        place = await bench.put_known(bench.place())
        assert await bench.driver.read(place, PIN) == Empty()

    async def test_delayed_effect_comes_later(self, bench: Bench) -> None:
        await bench.set_clock(STARTS_AT)
        await bench.fault(bench.plain, "delayed_effect", count=1, delay_seconds=60)
        place = await bench.put_known(bench.place())
        assert await bench.driver.read(place, PIN) == Empty()
        await bench.set_clock(STARTS_AT + timedelta(seconds=60))
        assert isinstance(await bench.driver.read(place, PIN), Known)

    async def test_stale_read_shows_the_past(self, bench: Bench) -> None:
        await bench.set_clock(STARTS_AT)
        place = await bench.put_known(bench.place())
        await bench.set_clock(STARTS_AT + timedelta(seconds=30))
        await bench.take(place)
        await bench.fault(bench.plain, "stale_read", seconds_ago=10)
        assert isinstance(await bench.driver.read(place, PIN), Known)
        assert await bench.truth(bench.plain) == []

    async def test_skewed_clock_moves_window(self, bench: Bench) -> None:
        await bench.set_clock(STARTS_AT - timedelta(minutes=5))
        await bench.put(bench.place(bench.native), window=Window(STARTS_AT, None))
        await bench.fault(bench.native, "clock_skew", skew_seconds=600)
        (slot,) = await bench.truth(bench.native)
        assert slot["active_now"] is True

    async def test_description_carries_what_the_lock_can(self, bench: Bench) -> None:
        described = {facts.lock_id: facts for facts in await bench.driver.discover()}
        assert described[bench.plain] == await bench.driver.describe(bench.plain)
        assert described[bench.masked].capabilities.masks_codes
        assert described[bench.native].capabilities.has_native_scheduling
        assert described[bench.six_digits].supported_code_lengths == (6,)

    @pytest.mark.parametrize("kind", ["http_500", "malformed", "reset_before", "http_429", "wrong_lock"])
    @EVERY_CALL
    async def test_digits_and_credentials_stay_inside(
        self, bench: Bench, act: Act, kind: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        await bench.fault(bench.plain, kind)
        try:
            told = repr(await act(bench))
        except ProviderError as error:
            told = repr(error) + repr(error.__context__) + repr(error.__cause__)
        for secret in (PIN.get_secret_value(), "Bearer", "simulated-lock-cloud"):
            assert secret not in told
            assert secret not in caplog.text
