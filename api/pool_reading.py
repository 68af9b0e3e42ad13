"""How the backup codes of locks stand, as the store has them: no Temporal is needed."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from domain.problems import Problems
from store import devices
from store.backup_pools import PooledCode, backup_codes_on, pools_of
from store.database import Database
from store.tables import DeviceRow


@dataclass(frozen=True, slots=True)
class PoolHealth:
    """The backup codes of one pool on one lock: counts, never which or what."""

    pool_id: str
    device: DeviceRow
    is_enabled: bool
    target: int
    ready: int
    filling: int
    lent: int
    problems: Problems

    @property
    def is_shared(self) -> bool:
        """It spans several locks."""
        return self.pool_id != str(self.device.id)


class PoolReader:
    """What operators can learn of backup pools.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pools(self, workspace_id: UUID, device_id: UUID | None = None) -> list[PoolHealth]:
        """Say how the backup codes stand on every lock that has a pool; on one lock where that is given."""
        async with self._database.read() as session:
            rows = await devices.list_devices(session, workspace_id)
            chosen = [row for row in rows if device_id in (None, row.id)]
            health = []
            for device in chosen:
                by_pool: dict[str, list[PooledCode]] = defaultdict(list)
                for code in await backup_codes_on(session, device.id):
                    by_pool[code.pool_id].append(code)
                for pool in await pools_of(session, device.id):
                    on_lock = by_pool[pool.id]
                    health.append(
                        PoolHealth(
                            pool_id=pool.id,
                            device=device,
                            is_enabled=pool.enabled and device.is_managed,
                            target=pool.target,
                            ready=sum(code.is_ready for code in on_lock),
                            filling=sum(code.claim is None and not code.is_ready for code in on_lock),
                            lent=sum(code.row.stands_in_for is not None for code in on_lock),
                            problems=devices.problems_of(device),
                        )
                    )
        return health
