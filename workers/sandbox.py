"""How workflows run here: in the SDK's sandbox, which is entered for their own work and for nothing else.

The sandbox passes our packages through (docs/decisions/0026).  And for every payload that leaves or reaches a workflow
the SDK would enter it three times more, to ask for whom its converter and its storage work; each time is code compiled
and an importer put in place and taken away.  Our converter works alike for everybody, and there is no such storage, so
that the answer is known: nobody in particular.

What comes and goes is copied on the way.  The SDK keeps a word here and there of the messages that it got and gave, and
each word keeps its whole message in memory, with all that was decoded and encrypted in it: 11 KB of a sleeping code.
"""

from dataclasses import replace
from typing import TypeVar

from google.protobuf.message import Message
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info

_NOBODY = StorageDriverStoreContext(target=None)

M = TypeVar("M", bound=Message)


def _copied(message: M) -> M:
    """Copy a message into memory of its own."""
    return message.FromString(message.SerializeToString())


class PlainInstance(WorkflowInstance):
    """A workflow whose payloads mean the same to everybody."""

    def __init__(self, sandboxed: WorkflowInstance) -> None:
        self._sandboxed = sandboxed

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """Have it go on."""
        return _copied(self._sandboxed.activate(_copied(act)))

    def get_serialization_context(self, command_info: object) -> SerializationContext | None:
        """Say for whom a payload is converted: for nobody in particular."""
        return None

    def get_external_store_context(self, command_info: object) -> StorageDriverStoreContext:
        """Say for whom a payload would be stored elsewhere."""
        return _NOBODY

    def get_info(self) -> Info:
        """Say which workflow it is."""
        return self._sandboxed.get_info()

    def get_thread_id(self) -> int | None:
        """Say on which thread it is at work, to find it where it is stuck."""
        return self._sandboxed.get_thread_id()


class Sandbox(SandboxedWorkflowRunner):
    """The SDK's sandbox, asked less, and kept from keeping."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Make a workflow ready to run."""
        last = det.last_completion_result  # a part of the first activation
        return PlainInstance(super().create_instance(replace(det, last_completion_result=_copied(last))))


WORKFLOW_RUNNER = Sandbox(
    # The workflows' own files, too: the sandbox would load them anew for every run (docs/decisions/0026).
    restrictions=SandboxRestrictions.default.with_passthrough_modules("activities", "domain", "workflows")
)
