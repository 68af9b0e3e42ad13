"""One message of a vendor: it is written down, and the codes that it concerns are woken."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from activities.accounts import AccountActivities
    from activities.lock_news import LockNewsActivities
    from activities.orders import LockNewsOrder
    from workflows.contracts import LockNewsInput
    from workflows.options import BOOKKEEPING


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
