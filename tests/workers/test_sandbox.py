"""What the sandbox does for our workflows: it guards what they call, and loads their files once."""

import pytest
from temporalio.worker.workflow_sandbox import RestrictedWorkflowAccessError
from temporalio.worker.workflow_sandbox._importer import Importer
from temporalio.worker.workflow_sandbox._restrictions import RestrictionContext

from workers.sandbox import WORKFLOW_RUNNER
from workers.worker import WORKFLOWS


def _importer() -> Importer:
    context = RestrictionContext()
    context.is_runtime = True
    return Importer(WORKFLOW_RUNNER.restrictions, context)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_workflow_is_loaded_once(workflow: type) -> None:
    """A class of its own for each run costs every code a third of its memory and half of its start."""
    with _importer().applied():
        inside = __import__(workflow.__module__, fromlist=[workflow.__name__])
    assert getattr(inside, workflow.__name__) is workflow


def test_sandbox_still_guards_the_machine() -> None:
    """Files are loaded once, but what they call is watched."""
    with _importer().applied(), pytest.raises(RestrictedWorkflowAccessError):
        open(__file__)  # noqa: SIM115
