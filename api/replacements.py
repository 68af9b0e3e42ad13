"""The application service of new locks and replacements: what is asked about them, what was said, and how far it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from api.device_records import device_not_found
from api.errors import TemporalUnavailableError
from api.refused import ended_first, refused_by
from api.temporal import answered
from domain.refusals import RefusalType, refuse
from domain.replacement import Answer, MoveStatus, ReplacementStatus, likely_replaced
from store import replacements
from store.database import Database
from store.replacement_tables import MovedCodeRow
from store.replacements import StoredReplacement
from store.tables import AccessCodeRow, DeviceRow
from workflows.contracts import (
    QUEUE,
    REPLACE_DEVICE_WORKFLOW,
    ReplaceDeviceInput,
    ReplacementReceipt,
    ReplacementUpdate,
    replace_device_workflow_id,
)

ANSWER_SECONDS = 30.0
"""How long it may take to write a replacement down."""

LONGEST_PLACE = 200
"""The most characters in which an operator says where a lock is."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lock that a new one may replace."""

    device: DeviceRow
    live_codes: int


@dataclass(frozen=True, slots=True)
class Question:
    """A new lock of which nobody has said what it is."""

    device: DeviceRow
    asked_at: datetime
    likely: DeviceRow | None
    """The lock that it likely replaces; None: none stands out."""
    because: tuple[str, ...]
    candidates: Sequence[Candidate]
    """Every lock that it may replace, by name."""


@dataclass(frozen=True, slots=True)
class Moving:
    """One code of a replacement, and how far it is."""

    row: MovedCodeRow
    code: AccessCodeRow

    @property
    def status(self) -> MoveStatus:
        """Say how far it is."""
        return MoveStatus(self.row.status)


@dataclass(frozen=True, slots=True)
class Replacement:
    """A lock that replaces another, and how far its codes are."""

    device: DeviceRow
    replaced: DeviceRow
    status: ReplacementStatus
    started_at: datetime
    changed_at: datetime
    codes: Sequence[Moving]

    @property
    def can_roll_back(self) -> bool:
        """Tell whether there is a lock to go back to, and anything that would."""
        is_forward = self.status in (ReplacementStatus.RUNNING, ReplacementStatus.DONE)
        return is_forward and self.replaced.removed_at is None

    def count(self, *statuses: MoveStatus) -> int:
        """Count the codes that stand so."""
        return sum(one.status in statuses for one in self.codes)


class ReplacementService:
    """What operators can do about new locks.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, client: Client, database: Database) -> None:
        self._client = client
        self._database = database

    async def questions(self, workspace_id: UUID, now: datetime) -> Sequence[Question]:
        """List the new locks that nobody has said anything of, the oldest question first.

        Which lock is likely replaced is judged by what is known now: the old one may have gone only since.
        """
        async with self._database.read() as session:
            asked = await replacements.open_questions(session, workspace_id)
            if not asked:
                return ()
            older = await replacements.replaceable(session, workspace_id)
            live = await replacements.live_codes(session, workspace_id)
        new = {device.id for _, device in asked}
        candidates = [
            Candidate(one, live.get(one.id, 0))
            for one in older
            if one.id not in new and (one.removed_at is None or live.get(one.id))
        ]
        seen = [replacements.seen(one, live.get(one.id, 0)) for one in older if one.id not in new]
        by_id = {one.id: one for one in older}
        found = []
        for row, device in asked:
            likely = likely_replaced(replacements.seen(device, 0), seen, now)
            named = None if likely is None else by_id[likely.device_id]
            found.append(Question(device, row.asked_at, named, () if likely is None else likely.because, candidates))
        return found

    async def answer(
        self, workspace_id: UUID, device_id: UUID, said: Answer, now: datetime, *, place: str | None = None
    ) -> None:
        """Write down that a new lock replaces none: it is new, at some place, or not to be asked about.

        Raises:
            RefusedError: nobody was asked about such a lock.
        """
        async with self._database.write() as session:
            if not await replacements.answer(session, workspace_id, device_id, said, now, place=place):
                raise refuse(
                    RefusalType.DEVICE_NOT_FOUND, f"nothing is asked about device {device_id}", field="device_id"
                )

    async def list(self, workspace_id: UUID) -> Sequence[Replacement]:
        """List the replacements, the newest first."""
        async with self._database.read() as session:
            return [_told(one) for one in await replacements.of_workspace(session, workspace_id)]

    async def get(self, workspace_id: UUID, device_id: UUID) -> Replacement:
        """Give the replacement by a new lock.

        Raises:
            RefusedError: it replaces none.
        """
        async with self._database.read() as session:
            found = await replacements.get(session, workspace_id, device_id)
        if found is None:
            raise refuse(RefusalType.DEVICE_NOT_FOUND, f"device {device_id} replaces none", field="device_id")
        return _told(found)

    async def start(self, workspace_id: UUID, device_id: UUID, replaces_id: UUID) -> Replacement:
        """Have a new lock take another's place; one that is under way goes on.

        Raises:
            RefusedError: there are no such locks, or they cannot replace one another now.
            TemporalUnavailableError: Temporal or its worker does not answer.
        """
        request = ReplaceDeviceInput(device_id=device_id, replaces_id=replaces_id, workspace_id=workspace_id)
        receipt = await self._ask(request, ReplacementUpdate.BEGUN)
        if receipt.replaces_id != replaces_id:
            raise refuse(
                RefusalType.INVALID_INPUT,
                f"device {device_id} is taking the place of device {receipt.replaces_id}",
                field="replaces_device_id",
                rule="one_replacement",
            )
        return await self.get(workspace_id, device_id)

    async def roll_back(self, workspace_id: UUID, device_id: UUID) -> Replacement:
        """Have the codes that were moved go back to the lock that was replaced; repeating it changes nothing.

        Raises:
            RefusedError: it replaces none, or there is no lock to go back to.
            TemporalUnavailableError: Temporal or its worker does not answer.
        """
        found = await self.get(workspace_id, device_id)
        if found.replaced.removed_at is not None:
            raise device_not_found(found.replaced.id)
        request = ReplaceDeviceInput(
            device_id=device_id, replaces_id=found.replaced.id, workspace_id=workspace_id, rolls_back=True
        )
        await self._ask(request, ReplacementUpdate.ROLL_BACK)
        return await self.get(workspace_id, device_id)

    async def _ask(self, request: ReplaceDeviceInput, update: ReplacementUpdate) -> ReplacementReceipt:
        """Start the replacement's workflow, or find it running, and wait for what the update answers."""
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            REPLACE_DEVICE_WORKFLOW,
            request,
            id=replace_device_workflow_id(request.device_id),
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary="A lock takes another's place",
        )
        asked = self._client.execute_update_with_start_workflow(
            update.value,
            start_workflow_operation=start,
            id=f"{update}-{uuid4()}",
            result_type=ReplacementReceipt,
        )
        late = f"no worker answered within {ANSWER_SECONDS:.0f} s"
        try:
            receipt: ReplacementReceipt = await answered(asked, within=ANSWER_SECONDS, otherwise=late)
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            raise TemporalUnavailableError(late) from None
        except WorkflowUpdateFailedError as error:
            if ended_first(error):
                raise TemporalUnavailableError("the replacement ended meanwhile; repeat it") from None
            raise refused_by(error) from None
        return receipt


def _told(stored: StoredReplacement) -> Replacement:
    return Replacement(
        device=stored.device,
        replaced=stored.replaced,
        status=ReplacementStatus(stored.row.status),
        started_at=stored.row.started_at,
        changed_at=stored.row.changed_at,
        codes=[Moving(row, code) for row, code in stored.moves],
    )
