"""One look at an account's locks: what is new is written down, and codes hear that their lock is back."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from workflows.account_look import look_at_account
    from workflows.contracts import SyncAccountInput, SyncAccountResult


@workflow.defn(name=contracts.SYNC_ACCOUNT_WORKFLOW)
class SyncAccountWorkflow:
    """Discovers and refreshes the devices of one account, once."""

    @workflow.run
    async def run(self, request: SyncAccountInput) -> SyncAccountResult:
        """Ask the vendor, write down what is new, and tell the codes of locks that are back."""
        synced = await look_at_account(request.account_id)
        return SyncAccountResult(devices=synced.devices, added=synced.added, connected=len(synced.back))
