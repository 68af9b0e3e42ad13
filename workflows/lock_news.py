"""One message of a vendor: it is written down, the codes that it concerns are woken, a lock that it doubts is read."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from activities.accounts import AccountActivities
    from activities.lock_news import LockNewsActivities
    from activities.orders import LockNewsOrder
    from workflows.contracts import LockNewsInput, ReconcileInput
    from workflows.options import BOOKKEEPING
    from workflows.reconciliation import reconciled


@workflow.defn(name=contracts.LOCK_NEWS_WORKFLOW)
class LockNewsWorkflow:
    """Takes in one webhook, for as long as it takes; its id makes sure that it is done once."""

    @workflow.run
    async def run(self, news: LockNewsInput) -> None:
        """Write the message down and wake whom it concerns."""
        order = LockNewsOrder.model_validate(news.model_dump())
        concerned = await workflow.execute_local_activity_method(LockNewsActivities.take, order, **BOOKKEEPING)
        if concerned.device_ids or concerned.access_code_ids:
            await workflow.execute_activity_method(
                AccountActivities.nudge,
                concerned,
                start_to_close_timeout=timedelta(minutes=2),
                summary="tell the codes that their lock has news",
            )
        if concerned.doubted_device_ids:
            await reconciled(ReconcileInput(account_id=news.account_id, device_ids=concerned.doubted_device_ids))
