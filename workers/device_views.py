"""A lock as the command shows it, and its pools: counts and problems, never which codes lie ready or what they are."""

from typing import Any

from api.pool_reading import PoolHealth
from api.slots import SlotCalendar
from domain.slot_plan import DaySlots
from store import devices
from store.tables import DeviceRow
from workers.moments import show_moment
from workers.problem_views import problem_codes, problem_facts


def device_brief(row: DeviceRow) -> dict[str, Any]:
    """Give the columns of a listing."""
    facts = devices.facts_of(row)
    return {
        "device_id": row.id,
        "name": row.name,
        "online": row.online,
        "is_managed": row.is_managed,
        "model": facts.model,
        "battery": None if facts.battery_level is None else f"{facts.battery_level:.0%}",
        "time_zone": facts.time_zone,
        "problems": problem_codes(devices.problems_of(row)),
    }


def device_facts(row: DeviceRow, *, as_json: bool) -> dict[str, Any]:
    """Give everything that is known of one lock."""
    facts = devices.facts_of(row)
    brief = device_brief(row)
    del brief["problems"]
    return {
        **brief,
        "workspace_id": row.workspace_id,
        "lock_id": row.lock_id,
        "manufacturer": facts.manufacturer,
        "supported_code_lengths": list(facts.supported_code_lengths),
        "max_active_codes_supported": facts.max_active_codes_supported,
        "code_constraints": [rule.model_dump(exclude_none=True) for rule in facts.code_constraints]
        if as_json
        else [rule.constraint_type for rule in facts.code_constraints],
        "capabilities": facts.capabilities.model_dump(mode="json")
        if as_json
        else [name for name, value in facts.capabilities if value is True],
        "seen_at": row.seen_at if as_json else show_moment(row.seen_at, facts.time_zone),
        **problem_facts(devices.problems_of(row), as_json=as_json),
    }


def pool_brief(health: PoolHealth) -> dict[str, Any]:
    """Give the columns of a listing of pools."""
    return {
        "device_id": health.device.id,
        "device_name": health.device.name,
        "is_shared": health.is_shared,
        "is_enabled": health.is_enabled,
        "target": health.target,
        "ready": health.ready,
        "filling": health.filling,
        "lent": health.lent,
        "problems": problem_codes(health.problems),
    }


def slots_of_day(day: DaySlots, calendar: SlotCalendar) -> dict[str, Any]:
    """Give the columns of a lock's calendar."""
    return {
        "day": f"{day.day:%Y-%m-%d}",
        "slots": calendar.capacity,
        "used_by_guests": day.used,
        "free": day.free,
        "held_by_backups_now": calendar.backups,
    }
