"""What the sandbox does for our workflows: it guards what they call, loads their files once, is asked no more than it
must, and keeps no message alive.
"""

from dataclasses import fields
from typing import Any
from unittest.mock import Mock

import pytest
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import WorkflowSerializationContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import RestrictedWorkflowAccessError, SandboxedWorkflowRunner
from temporalio.worker.workflow_sandbox._importer import Importer
from temporalio.worker.workflow_sandbox._restrictions import RestrictionContext

from tests.store.keys import new_ring
from workers.codec import data_converter
from workers.sandbox import WORKFLOW_RUNNER, PlainInstance
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


def test_payloads_mean_the_same_to_everybody() -> None:
    """A converter or codec that worked differently from code to code would not be told for which it works."""
    converter = data_converter(new_ring())
    told = converter.with_context(WorkflowSerializationContext(namespace="default", workflow_id="access-code/1"))
    assert told.payload_converter is converter.payload_converter
    assert told.failure_converter is converter.failure_converter
    assert told.payload_codec is converter.payload_codec
    assert converter.external_storage is None


class Hoarder(PlainInstance):
    """Keeps whatever it gets and gives, as the SDK's own instance does in part."""

    def __init__(self) -> None:
        self.got = WorkflowActivation()
        self.gave = WorkflowActivationCompletion(run_id="run")

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        self.got = act
        return self.gave


def test_what_is_kept_is_a_copy() -> None:
    """A word that the SDK keeps of a message keeps the whole message in memory, with what was decoded in it."""
    hoarder: WorkflowInstance = (kept := Hoarder())
    act = WorkflowActivation(run_id="run", history_length=3)
    completion = PlainInstance(hoarder).activate(act)
    assert kept.got == act
    assert kept.got is not act
    assert completion == kept.gave
    assert completion is not kept.gave


def test_no_instance_keeps_its_first_activation(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier run left is a part of that message, and kept for as long as the workflow lives."""
    made = Mock()
    monkeypatch.setattr(SandboxedWorkflowRunner, "create_instance", made)
    left = Payloads(payloads=[Payload(data=b"left")])
    given: dict[str, Any] = {field.name: Mock() for field in fields(WorkflowInstanceDetails)} | {
        "last_completion_result": left
    }
    WORKFLOW_RUNNER.create_instance(WorkflowInstanceDetails(**given))
    (kept,) = made.call_args.args
    assert kept.last_completion_result == left
    assert kept.last_completion_result is not left
    assert kept.defn is given["defn"]
