"""Whether a requested code may be registered, judged by stored facts alone.

An offline lock is no reason to refuse: what is judged here is the request, not the day the lock is having.
"""

from datetime import datetime

from domain.devices import DeviceFacts
from domain.refusals import RefusalType, refuse


def check_device(facts: DeviceFacts, *, is_managed: bool = True, pooled: bool = False) -> None:
    """Refuse a lock that takes no access codes, is not managed, or cannot have the backup pool that is asked for.

    Raises:
        RefusedError: it is such a lock.
    """
    if not is_managed:
        raise refuse(
            RefusalType.DEVICE_UNMANAGED,
            f"the device {facts.name!r} is not managed; manage it first",
            field="device_id",
            rule="is_managed",
        )
    if pooled and not facts.capabilities.supports_backup_access_code_pool:
        raise refuse(
            RefusalType.BACKUP_POOL_NOT_SUPPORTED,
            f"the device {facts.name!r} cannot have a backup pool",
            field="use_backup_access_code_pool",
            rule="supports_backup_access_code_pool",
        )
    if not facts.capabilities.can_program_online_access_codes:
        raise refuse(
            RefusalType.ACCESS_CODES_NOT_SUPPORTED,
            f"the device {facts.name!r} takes no access codes; choose another device",
            field="device_id",
            rule="can_program_online_access_codes",
        )


def check_order(starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Refuse a window that ends before it starts.

    Raises:
        RefusedError: it does.
    """
    if starts_at is None or ends_at is None or starts_at < ends_at:
        return
    raise refuse(
        RefusalType.INVALID_INPUT,
        "ends_at must be after starts_at",
        field="ends_at",
        rule="ends_after_start",
        shape="equal to starts_at" if starts_at == ends_at else f"{starts_at - ends_at} before starts_at",
    )


def check_window(starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> None:
    """Refuse a window that can never open a door.

    Raises:
        RefusedError: it ends before it starts, or has ended.
    """
    check_order(starts_at, ends_at)
    if ends_at is not None and ends_at <= now:
        raise refuse(
            RefusalType.INVALID_INPUT,
            "ends_at must be in the future",
            field="ends_at",
            rule="ends_in_future",
            shape=f"{now - ends_at} ago",
        )
