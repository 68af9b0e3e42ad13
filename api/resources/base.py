"""What all resources share: how an instant is written, and a problem."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

from domain.problems import Problem, Severity


def told(instant: datetime) -> str:
    """Write an instant as Seam does: UTC, milliseconds, `Z`."""
    # Not strftime: lists of thousands would spend a tenth of their time in it.
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[
    datetime, PlainSerializer(told, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]


class Resource(BaseModel):
    """The base of everything that the API shows."""

    model_config = ConfigDict(frozen=True)


Told = dict[str, Any]
"""A problem as it is shown."""


def told_problems(problems: Sequence[Problem], severity: Severity, **flags: bool) -> list[Told]:
    """Show the problems of one severity."""
    name = f"{severity.value}_code"
    return [
        {
            name: problem.code.value,
            "message": problem.message,
            "created_at": told(problem.created_at),
            **({} if problem.change_type is None else {"change_type": problem.change_type.value}),
            **flags,
        }
        for problem in problems
        if problem.severity is severity
    ]
