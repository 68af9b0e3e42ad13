"""What a happy code may cost: 34 events, 10 billable actions, and four calls to its vendor.

The code is started as the API starts it and lives on a real Temporal server; its history is counted, not estimated.
"""

from datetime import timedelta
from uuid import uuid4

from api.access_codes import AccessCodeService
from domain.requests import CodeRequest
from tests.costs import cost_of
from tests.house import House
from workers.worker import attempt_timeout
from workflows.contracts import access_code_workflow_id

MOST_EVENTS = 34
MOST_ACTIONS = 10


async def test_a_happy_code_stays_within_its_budget(house: House) -> None:
    lock = await house.new_lock("Budget")
    starts_at = await house.now() + timedelta(seconds=1)
    # A window shorter than one attempt would need a timer beside it; no guest's is.
    ends_at = starts_at + attempt_timeout(house.settings.provider_timeout) + timedelta(seconds=1)
    code_id = uuid4()
    service = AccessCodeService(house.client, house.database, house.keyring)

    await service.create(
        CodeRequest(device_id=lock.id, workspace_id=lock.workspace_id, starts_at=starts_at, ends_at=ends_at),
        access_code_id=code_id,
        pin=None,
    )
    handle = house.client.get_workflow_handle(access_code_workflow_id(code_id))
    await handle.result()

    cost = cost_of(await handle.fetch_history())
    print(f"\na happy code: {cost.events} events, {cost.actions.total()} actions {dict(cost.actions)}")
    assert cost.events <= MOST_EVENTS
    assert cost.actions.total() <= MOST_ACTIONS
    assert [call["operation"] for call in await house.calls(lock)] == ["program", "read", "remove", "read"]
