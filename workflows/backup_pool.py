"""The workflow of a backup pool: it sleeps until it is told something, and then looks at its rows.

It holds nothing but the shell; what a pool does is `workflows/pool_life.py`.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from workflows.contracts import BackupPoolInput, PoolPull, PoolPullAnswer
    from workflows.pool_life import PoolLife


@workflow.defn(name=contracts.BACKUP_POOL_WORKFLOW)
class BackupPoolWorkflow:
    """Keeps backup codes ready on its locks and hands each to one code only."""

    @workflow.init
    def __init__(self, pool: BackupPoolInput) -> None:
        self._life = PoolLife(pool)

    @workflow.run
    async def run(self, pool: BackupPoolInput) -> None:
        """Live until the pool is disabled and nothing of it is on a lock."""
        await self._life.live()

    @workflow.update(name=contracts.POOL_PULL_UPDATE, description="Have a backup code stand in for a code.")
    async def pull(self, pull: PoolPull) -> PoolPullAnswer:
        """Answer with the backup code, or that none is ready."""
        return await self._life.pull(pull)

    @workflow.signal(name=contracts.POOL_WAKE_SIGNAL, description="Something that concerns the pool was written down.")
    def wake(self) -> None:
        """Look at the rows again."""
        self._life.wake()
