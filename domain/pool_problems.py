"""What a lock shows of its backup codes: raised and cleared by facts, and slow to change its mind.

    empty_backup_access_code_pool      nothing ready                       until something is
    partial_backup_access_code_pool    something ready, and what is        until the pool is full
                                       missing is late or has no place
    many_active_backup_codes           three or more stand in at once      until at most one does

Three codes that failed within one stay are no chance any more: the lock is sick, and a second guest who leaves does
not make it well.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from domain.problems import ProblemCode, Problems, cleared, has, raised

MANY_ACTIVE, FEW_ACTIVE = 3, 1
"""How many stand-ins at once raise `many_active_backup_codes`, and at how many it clears."""

POOL_PROBLEMS = (ProblemCode.EMPTY_POOL, ProblemCode.PARTIAL_POOL, ProblemCode.MANY_ACTIVE_BACKUPS)


class Stock(BaseModel):
    """What one pool has on one lock."""

    model_config = ConfigDict(frozen=True)

    size: int
    ready: int = 0
    is_late: bool = False
    """A code that is to lie ready is refused or not confirmed in time."""
    is_cramped: bool = False
    """The lock has no place for all of them."""

    @property
    def is_empty(self) -> bool:
        """Nothing is ready."""
        return self.size > 0 and self.ready == 0

    @property
    def is_stuck(self) -> bool:
        """Something is missing and will not come by itself soon."""
        return self.ready < self.size and (self.is_late or self.is_cramped)


def with_stock(problems: Problems, stocks: list[Stock], active: int, now: datetime) -> Problems:
    """Bring a lock's problems up to date: `stocks` of its enabled pools, `active` backup codes that stand in."""
    problems = _turned(problems, ProblemCode.EMPTY_POOL, any(stock.is_empty for stock in stocks), now)
    is_full = all(stock.ready >= stock.size for stock in stocks)
    partial = not is_full and (has(problems, ProblemCode.PARTIAL_POOL) or any(stock.is_stuck for stock in stocks))
    problems = _turned(problems, ProblemCode.PARTIAL_POOL, partial, now)
    many = active >= MANY_ACTIVE or (active > FEW_ACTIVE and has(problems, ProblemCode.MANY_ACTIVE_BACKUPS))
    return _turned(problems, ProblemCode.MANY_ACTIVE_BACKUPS, many, now)


def _turned(problems: Problems, code: ProblemCode, stands: bool, now: datetime) -> Problems:
    return raised(problems, code, now) if stands else cleared(problems, (code,))
