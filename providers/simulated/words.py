"""How locks and codes are put into JSON: for the API, which may hide digits, and for the truth, which never does."""

from datetime import datetime

from domain.devices import DeviceFacts
from providers.simulated.locks import Lock, StoredCode

JSON = dict[str, object]


def described(facts: DeviceFacts, *, is_online: bool) -> JSON:
    """The facts of a lock in the API's words: durations in seconds."""
    told = facts.model_dump(mode="json", exclude={"lock_id", "capabilities", "online"})
    able = facts.capabilities
    capabilities = able.model_dump(exclude={"window_resolution", "reads_lag", "writes_settle", "min_gap"}) | {
        "window_resolution_seconds": able.window_resolution.total_seconds(),
        "reads_lag_seconds": able.reads_lag.total_seconds(),
        "writes_settle_seconds": able.writes_settle.total_seconds(),
        "min_gap_seconds": able.min_gap.total_seconds(),
    }
    return {"id": facts.lock_id, **told, "online": is_online, "capabilities": capabilities}


def listed(lock: Lock, code: StoredCode, *, is_masked: bool) -> JSON:
    """One code as the API lists it; digits are hidden where the lock, or this one answer, hides them."""
    digits: str | None = "*" * len(code.pin) if lock.facts.capabilities.masks_codes else code.pin
    return {
        "id": code.id,
        "lock_id": lock.facts.lock_id,
        "slot": code.slot,
        "name": code.name,
        "code": None if is_masked else digits,
    }


def truth(lock: Lock, *, at: datetime, is_online: bool) -> JSON:
    """Everything about one lock as it is, digits included; `at` is what its own clock shows."""
    slots = [_slot(lock, lock.codes[slot], at) for slot in sorted(lock.codes)]
    return {"lock": headline(lock, is_online=is_online), "slots": slots}


def headline(lock: Lock, *, is_online: bool) -> JSON:
    """The lock as the list of truths has it."""
    return {"id": lock.facts.lock_id, "name": lock.facts.name, "online": is_online, "locked": lock.facts.locked}


def _slot(lock: Lock, code: StoredCode, at: datetime) -> JSON:
    window = code.window
    return {
        "slot": code.slot,
        "pin": code.pin,
        "name": code.name,
        "window": window and {"starts_at": _iso(window.starts_at), "ends_at": _iso(window.ends_at)},
        "active_now": window is None or window.holds(lock.shows(at)),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
