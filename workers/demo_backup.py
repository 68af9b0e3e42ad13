"""The second part of the demo's story: a guest's code fails, and a code that lay ready on the lock stands in for it."""

from datetime import timedelta
from uuid import UUID

from pydantic import SecretStr

from domain.requests import DeviceChange
from workers.demo_guest import GONE_WITHIN, Guest
from workers.demo_parts import wall

BACKED_UP_LASTS = timedelta(seconds=14)
"""Long enough for the failure, the backup, the lock's recovery and the refilling."""
POOL_SIZE = 3
"""Backup codes that lie ready on the demo's lock, instead of five."""
BACKUP_AFTER_SECONDS = 2
"""When the backup is due in the demo, instead of after two minutes."""
BACKED_UP_POLICY: dict[str, float] = {
    "backup_pool_size": POOL_SIZE,
    "backup_after": BACKUP_AFTER_SECONDS,
    "delay_after": 1,
    "retry_cap": 3,
}

_FILLED_WITHIN = timedelta(seconds=25)
"""How long a pool may take to fill, on a machine that is busy with other things."""


async def backed_up(guest: Guest) -> None:
    """The lock takes no new codes when the guest arrives; what lies on it already still opens."""
    await fills(guest, "the operator has this lock keep backup codes")
    await guest.register()
    await guest.door.disturb(kind="http_429", on="program")
    guest.cast.teller.note(
        guest.scene,
        "this lock's cloud is too busy to take new codes from now on; a backup is due "
        f"{BACKUP_AFTER_SECONDS} s after the start instead of two minutes (a duration of its own)",
    )
    await guest.stays_shut()
    backup = await has_a_backup(guest)
    await guest.door.heal()
    guest.cast.teller.note(guest.scene, "the lock's cloud takes new codes again")
    await guest.gets_in()
    await full_again(guest)
    await both_leave(guest, backup)


class Backup:
    """The code that stands in for a guest's own."""

    def __init__(self, guest: Guest, code_id: UUID, pin: SecretStr) -> None:
        self.id = code_id
        self._guest = guest
        self._pin = pin

    async def shut(self) -> str | None:
        """Look whether the door opens with it."""
        return None if await self._guest.door.opens(self._pin) else "it stays shut"

    async def open(self) -> str | None:
        """Look whether the door does not open with it any more."""
        return "it still opens" if await self._guest.door.opens(self._pin) else None


async def fills(guest: Guest, note: str) -> None:
    """Have the lock keep backup codes, and see them on it."""
    change = DeviceChange(device_id=guest.device.id, backup_access_code_pool_enabled=True)
    await guest.cast.devices.update(change)
    guest.cast.teller.note(guest.scene, note)

    async def not_full() -> str | None:
        count = await guest.door.codes()
        return None if count == POOL_SIZE else f"{count} on the lock"

    by = wall() + _FILLED_WITHIN
    await guest.until(f"{POOL_SIZE} codes that nobody knows lie on the lock", not_full, by=by)
    await guest.until(
        "Latchwork read them back: the pool is full", lambda: missing(guest), by=by, asked="asked in the store"
    )


async def missing(guest: Guest) -> str | None:
    """Look whether the pool is full."""
    pools = await guest.cast.devices.pools(guest.device.workspace_id, guest.device.id)
    ready = sum(pool.ready for pool in pools)
    return None if ready == POOL_SIZE else f"{ready} ready"


async def has_a_backup(guest: Guest) -> Backup:
    """See that the guest has a code that opens the door, while their own does not."""

    async def none() -> str | None:
        return "none stands in" if (await guest.stored()).code.backup.access_code_id is None else None

    due = guest.starts_at + timedelta(seconds=BACKUP_AFTER_SECONDS)
    await guest.until(
        "a backup code stands in by itself", none, by=guest.ends_at, since=due, asked="asked in the store"
    )
    code_id = (await guest.stored()).code.backup.access_code_id
    assert code_id is not None  # noqa: S101  # it was just seen
    backup = Backup(guest, code_id, await guest.cast.service.reveal(code_id, guest.cast.keyring))
    await guest.until("the door opens with the backup code", backup.shut, by=guest.ends_at)
    await guest.until("and not with the guest's own", guest.still_open, by=guest.ends_at)
    return backup


async def full_again(guest: Guest) -> None:
    """See that another code took the place of the one that was pulled."""

    async def not_all() -> str | None:
        count = await guest.door.codes()
        return None if count == POOL_SIZE + 2 else f"{count} on the lock"

    expected = f"the lock holds the guest's code, the backup and {POOL_SIZE} new ones"
    await guest.until(expected, not_all, by=guest.ends_at)
    await guest.until("the pool is full again", lambda: missing(guest), by=guest.ends_at, asked="asked in the store")


async def both_leave(guest: Guest, backup: Backup) -> None:
    """See that both codes are gone after the end, and that the pool's others are still there."""
    by = guest.ends_at + GONE_WITHIN
    await guest.waits_for_its_end()
    await guest.until("the door does not open with the guest's code", guest.still_open, by=by, since=guest.ends_at)
    await guest.until("nor with the backup code", backup.open, by=by, since=guest.ends_at)

    async def more_left() -> str | None:
        count = await guest.door.codes()
        return None if count == POOL_SIZE else f"{count} on the lock"

    async def unproven() -> str | None:
        codes = {"the guest's": await guest.stored(), "the backup": await guest.cast.service.get(backup.id)}
        left = [name for name, stored in codes.items() if not stored.code.closed]
        return f"not yet: {', '.join(left)}" if left else None

    await guest.until(f"the {POOL_SIZE} that nobody knows are left on the lock", more_left, by=by)
    await guest.until("Latchwork has proven both gone", unproven, by=by, asked="asked in the store")
    guest.cast.teller.wait(guest.scene, None)
