"""The simulated cloud: its truth, its clock, its faults, and what real locks do that is not nice."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr, ValidationError

from domain.devices import Capabilities
from providers.simulated import DEMO_TOKEN, Clock, Lock, LockCloud, seeded_locks
from providers.simulated.answers import Answer, Request
from providers.simulated.faults import FaultKind, FaultSpec, FaultTarget, Operation
from providers.simulated.orders import Order

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
CALL = Request("POST", "/", DEMO_TOKEN)
DOOR = "front-door"


@pytest.fixture
def still_cloud() -> LockCloud:
    """A cloud whose clock stands; no network."""
    cloud = LockCloud(seeded_locks(), seed=7)
    cloud.clock.set(NOW)
    return cloud


def _create(cloud: LockCloud, pin: str, slot: int | None = None, lock: str = DOOR, name: str = "Jane") -> Answer:
    return cloud.create(CALL, lock, Order(name=name, code=SecretStr(pin), slot=slot))


def _code_id(answer: Answer) -> str:
    assert answer.body is not None
    return str(answer.body["access_code_id"])


def _pins(cloud: LockCloud, lock: str = DOOR) -> dict[int, str]:
    return {slot: code.pin for slot, code in cloud.lock(lock).codes.items()}


def _fault(cloud: LockCloud, kind: FaultKind, lock: str = DOOR, **parameters: object) -> None:
    cloud.faults.put(lock, FaultSpec.model_validate({"kind": kind, **parameters}), cloud.clock.now())


def _error_code(answer: Answer) -> object:
    assert answer.body is not None
    return answer.body.get("error_code")


def test_cloud_assigns_lowest_free_slot(still_cloud: LockCloud) -> None:
    _create(still_cloud, "4829", slot=1)
    _create(still_cloud, "4830")
    assert _pins(still_cloud) == {1: "4829", 2: "4830"}


def test_small_lock_fills_up(still_cloud: LockCloud) -> None:
    answers = [_create(still_cloud, f"482{at}", lock="tool-shed") for at in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 409]
    assert _error_code(answers[3]) == "NO_SPACE"


@pytest.mark.parametrize(
    ("lock", "pin", "name", "code"),
    [
        (DOOR, "123", "Jane", "INVALID_PIN"),
        (DOOR, "12ab", "Jane", "INVALID_PIN"),
        ("courtyard", "4829", "Jane", "INVALID_PIN"),
        ("courtyard", "126543", "Jane", "INVALID_PIN"),
        ("courtyard", "480915", "Jane", "INVALID_PIN"),
        ("courtyard", "482915", "J" * 21, "INVALID_NAME"),
        ("barn", "4829", "Jane", "NOT_SUPPORTED"),
    ],
)
def test_lock_refuses_what_breaks_its_rules(still_cloud: LockCloud, lock: str, pin: str, name: str, code: str) -> None:
    assert _error_code(_create(still_cloud, pin, lock=lock, name=name)) == code


def test_write_once_lock_refuses_a_change(still_cloud: LockCloud) -> None:
    code_id = _code_id(_create(still_cloud, "4829", lock="cellar"))
    answer = still_cloud.change(CALL, code_id, Order(code=SecretStr("5930")))
    assert _error_code(answer) == "NOT_SUPPORTED"
    assert _pins(still_cloud, "cellar") == {1: "4829"}


def test_delayed_duplicate_is_silently_dropped(still_cloud: LockCloud) -> None:
    _fault(still_cloud, FaultKind.DELAYED_EFFECT, count=1, delay_seconds=60)
    assert _create(still_cloud, "4829", slot=1).status == 200
    assert _create(still_cloud, "4829", slot=2).status == 200
    still_cloud.clock.set(NOW + timedelta(minutes=2))
    assert _pins(still_cloud) == {2: "4829"}


def test_deleting_a_pending_code_deletes_nothing(still_cloud: LockCloud) -> None:
    _fault(still_cloud, FaultKind.DELAYED_EFFECT, count=1, delay_seconds=60)
    code_id = _code_id(_create(still_cloud, "4829"))
    assert still_cloud.delete(CALL, code_id).status == 200
    still_cloud.clock.set(NOW + timedelta(minutes=2))
    assert _pins(still_cloud) == {1: "4829"}
    assert still_cloud.delete(CALL, code_id).status == 200
    assert _pins(still_cloud) == {}
    assert still_cloud.delete(CALL, code_id).status == 404


def test_factory_reset_forgets_what_was_under_way(still_cloud: LockCloud) -> None:
    _create(still_cloud, "4829")
    _fault(still_cloud, FaultKind.DELAYED_EFFECT, count=1, delay_seconds=60)
    _create(still_cloud, "5930")
    still_cloud.reset(DOOR)
    still_cloud.clock.set(NOW + timedelta(minutes=2))
    assert _pins(still_cloud) == {}


def test_window_opens_the_door_only_inside(still_cloud: LockCloud) -> None:
    window = {"starts_at": NOW + timedelta(hours=1), "ends_at": NOW + timedelta(hours=2)}
    still_cloud.create(CALL, "pool-house", Order(code=SecretStr("4829"), **window))
    opened = []
    for minutes in (59, 60, 119, 120):
        still_cloud.clock.set(NOW + timedelta(minutes=minutes))
        opened.append(still_cloud.lock("pool-house").opens("4829", still_cloud.lock_time("pool-house")))
    assert opened == [False, True, True, False]


def test_lock_that_keeps_local_time_goes_by_the_clock_on_its_wall(still_cloud: LockCloud) -> None:
    """On the night on which the clock goes back, half past two comes twice."""
    lock = _keeping_local_time(still_cloud)
    window = {"starts_at": datetime(2026, 10, 25, 2, 30), "ends_at": datetime(2026, 10, 25, 4)}  # noqa: DTZ001
    still_cloud.create(CALL, DOOR, Order(code=SecretStr("4829"), **window))
    back = datetime(2026, 10, 25, 1, tzinfo=UTC)
    opened = [lock.opens("4829", back + timedelta(minutes=minutes)) for minutes in (-31, -30, -1, 0, 29, 30, 119, 120)]
    assert opened == [False, True, True, False, False, True, True, False]


def test_lock_that_keeps_local_time_cuts_off_what_it_has_no_place_for(still_cloud: LockCloud) -> None:
    lock = _keeping_local_time(still_cloud)
    starts_at = datetime(2026, 7, 1, 16, 5, 59)  # noqa: DTZ001
    still_cloud.create(CALL, DOOR, Order(code=SecretStr("4829"), starts_at=starts_at))
    (code,) = lock.codes.values()
    assert code.window is not None
    assert code.window.starts_at == starts_at.replace(second=0)


@pytest.mark.parametrize("keeps_local_time", [True, False])
def test_times_of_the_other_kind_are_refused(still_cloud: LockCloud, *, keeps_local_time: bool) -> None:
    _keeping_local_time(still_cloud, keeps_local_time=keeps_local_time)
    starts_at = datetime(2026, 7, 1, 16, tzinfo=UTC if keeps_local_time else None)
    answer = still_cloud.create(CALL, DOOR, Order(code=SecretStr("4829"), starts_at=starts_at))
    assert answer.body is not None
    assert answer.body["error_code"] == "BAD_REQUEST"


def _keeping_local_time(cloud: LockCloud, *, keeps_local_time: bool = True) -> Lock:
    lock = cloud.lock(DOOR)
    able = Capabilities(
        has_native_scheduling=True,
        windows_in_local_time=keeps_local_time,
        window_resolution=timedelta(minutes=1),
    )
    lock.facts = lock.facts.model_copy(update={"capabilities": able, "time_zone": "Europe/Berlin"})
    return lock


def test_lock_without_schedules_ignores_the_window(still_cloud: LockCloud) -> None:
    still_cloud.create(CALL, DOOR, Order(code=SecretStr("4829"), starts_at=NOW + timedelta(hours=1)))
    assert still_cloud.lock(DOOR).opens("4829", NOW)


def test_fault_ends_with_its_count(still_cloud: LockCloud) -> None:
    _fault(still_cloud, FaultKind.HTTP_500, count=2)
    statuses = [still_cloud.list_codes(CALL, DOOR).status for _ in range(3)]
    assert statuses == [500, 500, 200]


def test_fault_ends_with_its_seconds(still_cloud: LockCloud) -> None:
    _fault(still_cloud, FaultKind.HTTP_500, seconds=60)
    assert still_cloud.list_codes(CALL, DOOR).status == 500
    still_cloud.clock.set(NOW + timedelta(seconds=60))
    assert still_cloud.list_codes(CALL, DOOR).status == 200


def test_fault_strikes_only_its_operation_and_lock(still_cloud: LockCloud) -> None:
    _fault(still_cloud, FaultKind.HTTP_500, on=FaultTarget.READ)
    assert _create(still_cloud, "4829").status == 200
    assert still_cloud.list_codes(CALL, "studio").status == 200
    assert still_cloud.list_codes(CALL, DOOR).status == 500


def test_flapping_lock_is_off_then_on(still_cloud: LockCloud) -> None:
    _fault(still_cloud, FaultKind.FLAPPING, period_seconds=20)
    online = []
    for seconds in (0, 9, 10, 19, 20):
        still_cloud.clock.set(NOW + timedelta(seconds=seconds))
        online.append(still_cloud.is_online(DOOR))
    assert online == [False, False, True, True, False]


def test_dice_repeat_with_the_seed() -> None:
    def statuses(seed: int) -> list[int | None]:
        cloud = LockCloud(seeded_locks(), seed=seed)
        _fault(cloud, FaultKind.HTTP_500, probability=0.5)
        return [cloud.list_codes(CALL, DOOR).status for _ in range(40)]

    assert statuses(3) == statuses(3)
    assert {200, 500} == set(statuses(3))
    assert statuses(3) != statuses(4)


def test_modifiers_and_an_answer_meet_in_one_call(still_cloud: LockCloud) -> None:
    _fault(still_cloud, FaultKind.SLOW, delay_seconds=3)
    _fault(still_cloud, FaultKind.LOST_REPLY, count=1)
    answer = _create(still_cloud, "4829")
    assert (answer.status, answer.wait_seconds) == (None, 3)
    assert _pins(still_cloud) == {1: "4829"}


@pytest.mark.parametrize("kind", ["slow", "flapping", "delayed_effect", "stale_read", "clock_skew"])
def test_fault_without_its_parameter_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="needs"):
        FaultSpec.model_validate({"kind": kind})


def test_log_has_every_call_without_digits(still_cloud: LockCloud) -> None:
    _fault(still_cloud, FaultKind.LOST_REPLY, count=1)
    _create(still_cloud, "482915")
    still_cloud.list_codes(Request("GET", "/", "wrong"), DOOR)
    lines = [(call.operation, call.fault, call.status) for call in still_cloud.calls]
    assert lines == [(Operation.PROGRAM, "lost_reply", None), (Operation.READ, None, 401)]
    assert "482915" not in repr(still_cloud.calls)
    assert "482915" not in repr(still_cloud.lock(DOOR).codes)


def test_seeded_locks_begin_with_six_plain() -> None:
    facts = [lock.facts for lock in seeded_locks(1)]
    assert len(facts) >= 8
    assert all(lock.supported_code_lengths == (4, 5, 6, 7, 8) and not lock.code_constraints for lock in facts[:6])
    assert facts == [lock.facts for lock in seeded_locks(1)]


def test_clock_needs_an_aware_instant() -> None:
    with pytest.raises(ValueError, match="aware"):
        Clock().set(datetime(2027, 3, 1))  # noqa: DTZ001 - the point of the test
