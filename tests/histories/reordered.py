"""The workflow of a careless colleague: the right commands, with one more before them."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from workflows import contracts
    from workflows.access_code import AccessCodeWorkflow
    from workflows.contracts import AccessCodeReceipt, ReceivedInput


@workflow.defn(name=contracts.ACCESS_CODE_WORKFLOW, failure_exception_types=[ValidationError])
class ReorderedWorkflow(AccessCodeWorkflow):
    """Sleeps before it registers."""

    @workflow.init
    def __init__(self, received: ReceivedInput | None = None) -> None:
        super().__init__(received)

    @workflow.run
    async def run(self, received: ReceivedInput | None = None) -> AccessCodeReceipt:
        """Live as ever, a second later."""
        await workflow.sleep(timedelta(seconds=1))
        return await super().run(received)
