"""One comparison of an account's locks with the books, as its schedule starts it."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from workflows.contracts import ReconcileInput, ReconcileResult
    from workflows.reconciliation import reconciled


@workflow.defn(name=contracts.RECONCILE_WORKFLOW)
class ReconcileWorkflow:
    """Reads every lock that is due, and has what others did to codes put right."""

    @workflow.run
    async def run(self, request: ReconcileInput) -> ReconcileResult:
        """Look at the account, then at each of its locks that is due."""
        return await reconciled(request)
