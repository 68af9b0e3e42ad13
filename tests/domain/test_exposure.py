"""When a code is exposed, since when, and why it should be gone."""

from datetime import datetime

import pytest

from domain.access_code import AccessCode, Ending
from domain.exposure import Exposure, ExposureReason, Left, exposure
from tests.domain.codes import ABSENT, DAY, HOUR, MAYBE, MICROSECOND, NOON, PRESENT, code, stay

END = NOON + DAY
R = ExposureReason
LEFT = Left(at=NOON, because=R.ACCOUNT_DELETED)
DELETED = {"ending": Ending.DELETED, "ending_at": NOON + HOUR}

TABLE: list[tuple[str, AccessCode, Left | None, datetime, Exposure | None]] = [
    ("in its time", stay(PRESENT), None, END - MICROSECOND, None),
    ("past its end, at once", stay(PRESENT), None, END, Exposure(since=END, reason=R.ENDED)),
    ("past its end, in doubt", stay(MAYBE), None, END + DAY, Exposure(since=END, reason=R.ENDED)),
    ("past its end and gone", stay(ABSENT), None, END + DAY, None),
    ("deleted", stay(PRESENT, **DELETED), None, NOON + HOUR, Exposure(since=NOON + HOUR, reason=R.DELETED)),
    (
        "cancelled",
        code(PRESENT, ending=Ending.CANCELLED, ending_at=NOON),
        None,
        NOON,
        Exposure(since=NOON, reason=R.CANCELLED),
    ),
    (
        "deleted after its end",
        stay(PRESENT, ending=Ending.DELETED, ending_at=END + HOUR),
        None,
        END + DAY,
        Exposure(since=END, reason=R.ENDED),
    ),
    (
        "its end moved into the past",
        stay(PRESENT, ends_at=NOON - DAY, starts_at=None, changed_at=NOON),
        None,
        NOON,
        Exposure(since=NOON, reason=R.ENDED),
    ),
    ("loaded before its time", stay(PRESENT), None, NOON - HOUR, None),
    ("left while live", stay(PRESENT), LEFT, NOON + HOUR, Exposure(since=NOON, reason=R.ACCOUNT_DELETED)),
    ("left before it was set", stay(ABSENT), LEFT, NOON, Exposure(since=NOON, reason=R.ACCOUNT_DELETED)),
    ("left and proven gone", stay(ABSENT).model_copy(update={"closed": True}), LEFT, END + DAY, None),
    (
        "released and forgotten",
        stay(PRESENT, ending=Ending.RELEASED, ending_at=NOON).model_copy(update={"closed": True}),
        None,
        END + DAY,
        None,
    ),
    (
        "released, and nobody has seen to it",
        stay(PRESENT, ending=Ending.RELEASED, ending_at=NOON).model_copy(update={"closed": True}),
        Left(at=NOON, because=R.RELEASED),
        END + DAY,
        Exposure(since=NOON, reason=R.RELEASED),
    ),
]


@pytest.mark.parametrize(("what", "exposed", "left", "now", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_exposure(what: str, exposed: AccessCode, left: Left | None, now: datetime, expected: Exposure | None) -> None:
    assert exposure(exposed, left, now) == expected
