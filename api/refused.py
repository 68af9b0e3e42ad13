"""How a workflow's "no" is read: the typed refusal inside the failure of an update."""

from pydantic import ValidationError
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.refusals import Refusal, RefusalType, RefusedError

_ENDED_FIRST = "AcceptedUpdateCompletedWorkflow"
"""The server's word for an update whose workflow ended before it was carried out."""


def ended_first(error: WorkflowUpdateFailedError) -> bool:
    """Tell whether the update came too late: its workflow ended before carrying it out."""
    return isinstance(error.cause, ApplicationError) and error.cause.type == _ENDED_FIRST


def refused_by(error: WorkflowUpdateFailedError) -> RefusedError:
    """Give the refusal that the update failed with; a failure of any other kind is raised on as it is.

    Raises:
        WorkflowUpdateFailedError: the failure is no refusal but a defect.
    """
    cause = error.cause
    if not isinstance(cause, ApplicationError) or cause.type not in set(RefusalType):
        raise error
    return refusal_in(cause)


def refusal_in(cause: ApplicationError) -> RefusedError:
    """Give the refusal that a failure carries; one of any other kind is raised on as it is.

    Raises:
        ApplicationError: the failure is no refusal but a defect.
    """
    if cause.type not in set(RefusalType):
        raise cause
    detail = cause.details[0] if cause.details else None
    try:
        return RefusedError(Refusal.model_validate(detail))
    except ValidationError:
        # A refusal without details, such as a store that could not be reached.
        return RefusedError(Refusal(type=RefusalType(cause.type), message=cause.message))
