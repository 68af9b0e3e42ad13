"""The `device` resource: a lock's stored facts in Seam's shape.

A capability that is true works now; one that the lock never has is left out.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from api.resources.base import Moment, Resource, Told, told_problems
from domain.devices import DeviceFacts
from domain.problems import Problem, ProblemCode, Problems, Severity, raised
from store.devices import facts_of, problems_of
from store.tables import ConnectedAccountRow, DeviceRow

LOW_BATTERY, CRITICAL_BATTERY, FULL_BATTERY = 0.25, 0.1, 0.75


class DeviceResource(Resource):
    """A lock as the API shows it."""

    device_id: UUID
    device_type: str
    display_name: str
    nickname: str | None
    capabilities_supported: list[str]
    properties: dict[str, Any]
    location: dict[str, Any] | None
    connected_account_id: UUID
    workspace_id: UUID
    errors: list[Told]
    warnings: list[Told]
    created_at: Moment
    is_managed: bool
    custom_metadata: dict[str, Any]
    space_ids: tuple[UUID, ...] = ()
    can_program_online_access_codes: bool
    can_unlock_with_code: bool
    can_remotely_lock: bool
    can_remotely_unlock: bool


def device_resource(
    row: DeviceRow, account: ConnectedAccountRow, *, has_pool: bool = False, image_url: str
) -> DeviceResource:
    """Show a lock; `has_pool`: its backup pool is to be kept full; `image_url`: where a picture of it is."""
    facts = facts_of(row)
    problems = device_problems(row, account)
    takes_codes = facts.capabilities.can_program_online_access_codes
    return DeviceResource(
        device_id=row.id,
        device_type=f"{account.provider}_lock",
        display_name=row.nickname or row.name,
        nickname=row.nickname,
        capabilities_supported=["access_code", "lock"] if takes_codes else ["lock"],
        properties={**_properties(row, facts, has_pool=has_pool), "image_url": image_url, "image_alt_text": "Lock"},
        location={"time_zone": facts.time_zone, "timezone": facts.time_zone} if facts.time_zone else None,
        connected_account_id=row.account_id,
        workspace_id=row.workspace_id,
        errors=_told(problems, Severity.ERROR),
        warnings=_told(problems, Severity.WARNING),
        created_at=row.created_at,
        is_managed=row.is_managed,
        custom_metadata=row.custom_metadata,
        can_program_online_access_codes=takes_codes,
        can_unlock_with_code=takes_codes,
        can_remotely_lock=facts.capabilities.can_remotely_lock,
        can_remotely_unlock=facts.capabilities.can_remotely_unlock,
    )


def device_problems(row: DeviceRow, account: ConnectedAccountRow) -> Problems:
    """List a lock's own problems and its account's."""
    silent: datetime | None = None if row.online or row.removed_at else row.seen_at or row.created_at
    shared = (
        (ProblemCode.ACCOUNT_DISCONNECTED, account.disconnected_at),
        (ProblemCode.DEVICE_REMOVED, row.removed_at),
        (ProblemCode.DEVICE_DISCONNECTED, silent),
    )
    problems: Problems = problems_of(row)
    for problem, since in shared:
        problems = problems if since is None else raised(problems, problem, since)
    return problems


def _told(problems: Problems, severity: Severity) -> list[Told]:
    return [
        shown
        for problem in problems
        for shown in told_problems(
            [problem],
            severity,
            **{_flag(problem, severity): True},
        )
    ]


def _flag(problem: Problem, severity: Severity) -> str:
    kind = "connected_account" if problem.code is ProblemCode.ACCOUNT_DISCONNECTED else "device"
    return f"is_{kind}_{severity.value}"


def _properties(row: DeviceRow, facts: DeviceFacts, *, has_pool: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "online": row.online,
        "name": row.nickname or row.name,
        "appearance": {"name": row.name},
        "model": {"display_name": facts.model or "lock", "manufacturer_display_name": facts.manufacturer or ""},
        "has_direct_power": False,
        "supported_code_lengths": list(facts.supported_code_lengths),
        "code_constraints": [
            constraint.model_dump(mode="json", exclude_none=True) for constraint in facts.code_constraints
        ],
        "supports_backup_access_code_pool": facts.capabilities.supports_backup_access_code_pool,
        "backup_access_code_pool_enabled": has_pool,
    }
    optional = {
        "manufacturer": facts.manufacturer,
        "max_active_codes_supported": facts.max_active_codes_supported,
        "battery_level": facts.battery_level,
        "locked": facts.locked,
    }
    shown |= {name: value for name, value in optional.items() if value is not None}
    if facts.battery_level is not None:
        shown["battery"] = {"level": facts.battery_level, "status": _battery(facts.battery_level)}
    return shown


def _battery(level: float) -> str:
    if level <= CRITICAL_BATTERY:
        return "critical"
    if level <= LOW_BATTERY:
        return "low"
    return "full" if level >= FULL_BATTERY else "good"
