"""The `exposure` resource, which is Latchwork's own: a code that should be gone from its lock and is not proven gone."""

from typing import Any
from uuid import UUID

from pydantic import Field

from api.exposures import Exposed
from api.resources.base import Moment, Resource, Told, told, told_problems
from domain.exposure import ExposureReason
from domain.problems import Severity
from domain.story import Line


class ExposureResource(Resource):
    """An exposure as the API shows it."""

    access_code_id: UUID | None = Field(description="Null for a backup code that nobody has.")
    device_id: UUID
    device_name: str
    is_backup: bool
    exposed_since: Moment
    reason: ExposureReason
    message: str
    errors: list[Told]
    warnings: list[Told]
    attempt_count: int
    attempts: list[dict[str, Any]]


def exposure_resource(exposed: Exposed) -> ExposureResource:
    """Show an exposure."""
    return ExposureResource(
        access_code_id=exposed.access_code_id,
        device_id=exposed.device_id,
        device_name=exposed.device_name,
        is_backup=exposed.is_backup,
        exposed_since=exposed.since,
        reason=exposed.reason,
        message=exposed.message,
        errors=told_problems(exposed.problems, Severity.ERROR),
        warnings=told_problems(exposed.problems, Severity.WARNING),
        attempt_count=exposed.tried,
        attempts=[told_line(line) for line in exposed.attempts],
    )


def told_line(line: Line) -> dict[str, Any]:
    """Show one sentence of a story."""
    return {
        "kind": line.kind.value,
        "occurred_at": told(line.at),
        "last_occurred_at": told(line.until or line.at),
        "times": line.times,
        "description": line.text,
    }
