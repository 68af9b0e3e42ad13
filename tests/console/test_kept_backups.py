"""Since when somebody keeps a backup code by hand, judged by what people did."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from console.kept_backups import kept_since
from domain.audit import AuditAction
from store.user_tables import AuditRow
from tests.domain.codes import DAY, NOON

CODE, ORIGINAL = uuid4(), uuid4()


def deed(action: AuditAction, after: timedelta, of: UUID = CODE, subject: UUID | None = None) -> AuditRow:
    told = None if subject is None else str(subject)
    return AuditRow(
        workspace_id=uuid4(),
        occurred_at=NOON + after,
        user_id=uuid4(),
        user_name="olga",
        action=action,
        access_code_id=of,
        subject=told,
    )


GENERATED = deed(AuditAction.BACKUP_GENERATED, 0 * DAY)


@pytest.mark.parametrize(
    ("deeds", "days"),
    [
        ([], None),
        ([deed(AuditAction.CODE_CREATED, 0 * DAY)], None),
        ([deed(AuditAction.CODE_REVEALED, 2 * DAY), GENERATED], 0),
        ([deed(AuditAction.BACKUP_ROTATED, 3 * DAY), GENERATED], 3),
        ([deed(AuditAction.BACKUP_PULLED, 1 * DAY, ORIGINAL, CODE)], 1),
        ([deed(AuditAction.BACKUP_PULLED, 1 * DAY, ORIGINAL, uuid4())], None),
        ([deed(AuditAction.BACKUP_GENERATED, 1 * DAY, ORIGINAL)], None),
    ],
)
def test_code_is_kept_since_it_was_generated_rotated_or_pulled(deeds: list[AuditRow], days: int | None) -> None:
    assert kept_since(deeds, CODE) == (None if days is None else NOON + days * DAY)
