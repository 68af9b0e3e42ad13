"""The workflow by which the world asks for an access code: its messages, and the life behind them.

It holds nothing but the shell; what a code does is `workflows/life.py`.
"""

from pydantic import ValidationError
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    # For whoever runs it in a sandbox that passes nothing through; by full names, because there
    # `from workflows import contracts` would make every model anew for every code.
    import workflows.contracts as contracts
    from domain.requests import CodeChange
    from workflows.contracts import AccessCodeReceipt, DeleteRequest, PullBackupRequest, ReceivedInput
    from workflows.life import CodeLife


@workflow.defn(name=contracts.ACCESS_CODE_WORKFLOW, failure_exception_types=[ValidationError])
class AccessCodeWorkflow:
    """Puts one code on one lock in time, proves it, takes it off in time, and proves that too."""

    @workflow.init
    def __init__(self, received: ReceivedInput | None = None) -> None:
        self._life = CodeLife(received)

    @workflow.run
    async def run(self, received: ReceivedInput | None = None) -> AccessCodeReceipt:
        """Live until the code is proven gone."""
        return await self._life.live()

    @workflow.update(name=contracts.UpdateName.REGISTERED, description="Wait until the code is registered or refused.")
    async def registered(self) -> AccessCodeReceipt:
        """Answer once the registration's outcome is known."""
        return await self._life.registered()

    @workflow.update(name=contracts.UpdateName.CHANGE, description="Change name, window or digits.")
    async def change(self, change: CodeChange) -> AccessCodeReceipt:
        """Answer once the change is written down; the lock follows."""
        return await self._life.change(change)

    @workflow.update(name=contracts.UpdateName.DELETE, description="Take the code off the lock, for good.")
    async def delete(self, request: DeleteRequest | None = None) -> AccessCodeReceipt:
        """Answer once the deletion is written down; the code is gone when the workflow has ended."""
        return await self._life.delete()

    @workflow.update(name=contracts.UpdateName.PULL_BACKUP, description="Have a backup code stand in.")
    async def pull_backup(self, request: PullBackupRequest | None = None) -> AccessCodeReceipt:
        """Answer once a backup code stands in; repeating it gives the same one."""
        return await self._life.pull_backup()

    @workflow.signal(name=contracts.CHANGED_SIGNAL, description="The code's row was changed by somebody else.")
    def changed(self) -> None:
        """Read the row again."""
        self._life.changed()

    @workflow.signal(name=contracts.DEVICE_CONNECTED_SIGNAL, description="The lock is back: try again at once.")
    def device_connected(self) -> None:
        """Wake what waits to be tried again."""
        self._life.device_connected()

    @workflow.query(name=contracts.STATE_QUERY, description="What is wanted, known and wrong; never the digits.")
    def state(self) -> AccessCodeReceipt:
        """Tell how the code stands."""
        return self._life.state()
