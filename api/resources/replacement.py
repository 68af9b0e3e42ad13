"""The `device_question` and `replacement` resources, which are Latchwork's own."""

from typing import Any
from uuid import UUID

from pydantic import Field

from api.replacement_reading import Question, Replacement
from api.resources.base import Moment, Resource
from domain.replacement import MOVED, MoveStatus, ReplacementStatus


class QuestionResource(Resource):
    """A new lock that somebody should say something of."""

    device_id: UUID
    device_name: str
    asked_at: Moment
    likely_replaced_device_id: UUID | None = Field(description="Null where none stands out.")
    likely_replaced_device_name: str | None
    because: list[str]


class ReplacementResource(Resource):
    """A lock that takes another's place, and how far its codes are."""

    device_id: UUID
    device_name: str
    replaced_device_id: UUID
    replaced_device_name: str
    status: ReplacementStatus
    can_roll_back: bool
    started_at: Moment
    changed_at: Moment
    code_count: int
    moved_count: int
    codes: list[dict[str, Any]]


def question_resource(question: Question) -> QuestionResource:
    """Show a question."""
    likely = question.likely
    return QuestionResource(
        device_id=question.device.id,
        device_name=question.device.nickname or question.device.name,
        asked_at=question.asked_at,
        likely_replaced_device_id=None if likely is None else likely.id,
        likely_replaced_device_name=None if likely is None else likely.nickname or likely.name,
        because=list(question.because),
    )


def replacement_resource(replacement: Replacement) -> ReplacementResource:
    """Show a replacement."""
    new, old = replacement.device, replacement.replaced
    return ReplacementResource(
        device_id=new.id,
        device_name=new.nickname or new.name,
        replaced_device_id=old.id,
        replaced_device_name=old.nickname or old.name,
        status=replacement.status,
        can_roll_back=replacement.can_roll_back,
        started_at=replacement.started_at,
        changed_at=replacement.changed_at,
        code_count=len(replacement.codes),
        moved_count=replacement.count(*(one for one in MOVED if one is not MoveStatus.MOVING)),
        codes=[
            {"access_code_id": str(one.code.id), "status": one.status.value, "detail": one.row.detail}
            for one in replacement.codes
        ],
    )
