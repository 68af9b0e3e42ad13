"""What one workflow's history costs: events, and Temporal Cloud's billable actions.

The rule is Temporal's own list (https://docs.temporal.io/cloud/actions), for what our codes do:

    workflow started                            1
    update accepted                             1
    signal received                             1
    timer started                               1   also that of a `wait_condition` with a timeout
    activity scheduled                          1   and each retry, which a history shows as the attempt that ended it
    search attributes upserted                  1   for each command; those given at the start are free
    local activities of one workflow task       1   together; a history shows them as markers

Queries and what is not listed (details, summaries, priorities) leave no event and cost nothing or are not counted.
"""

from collections import Counter
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

_ONE_EACH = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "start",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: "update",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signal",
    EventType.EVENT_TYPE_TIMER_STARTED: "timer",
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activity",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "search attributes",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """The price of one history; `actions` by what they are for."""

    events: int
    actions: Counter[str]


def cost_of(history: WorkflowHistory) -> Cost:
    """Count a history by the rule above."""
    actions = Counter(_ONE_EACH[event.event_type] for event in history.events if event.event_type in _ONE_EACH)
    retries = sum(
        event.activity_task_started_event_attributes.attempt - 1
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
    )
    markers = (
        event.marker_recorded_event_attributes
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED
    )
    tasks_with_local = {
        marker.workflow_task_completed_event_id for marker in markers if marker.marker_name == LOCAL_ACTIVITY_MARKER
    }
    return Cost(
        events=len(history.events),
        actions=actions + Counter({"retries": retries, "local activities": len(tasks_with_local)}),
    )


LOCAL_ACTIVITY_MARKER = "core_local_activity"
