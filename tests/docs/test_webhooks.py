"""The page on webhooks promises what the code does, and its snippets verify what the code signs."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from domain.webhooks import (
    ANSWER_WITHIN,
    DISABLE_AFTER,
    JITTER,
    LONGEST_RETRY_AFTER,
    RETRY_DELAYS,
    SECRETS_OVERLAP,
)
from store.webhook_secrets import SECRET_BYTES, new_secret
from tests.docs.pages import DOCS, section

SNIPPETS = re.findall(r"```python\n(.*?)```", (DOCS / "webhooks.md").read_text(encoding="utf-8"), re.DOTALL)


def test_table_of_retries_is_the_schedule() -> None:
    rows = re.findall(r"^\| (\d) \| (?:at once|(\d+) (\w+)) \|$", section("webhooks.md", "Retries"), re.MULTILINE)
    assert [int(attempt) for attempt, *_ in rows] == list(range(1, len(RETRY_DELAYS) + 2))
    assert tuple(timedelta(**{unit: int(number)}) for _, number, unit in rows[1:]) == RETRY_DELAYS


def test_numbers_in_the_text_are_the_codes() -> None:
    assert JITTER == 0.1
    assert f"up to\n{LONGEST_RETRY_AFTER // timedelta(hours=1)} hours" in section("webhooks.md", "Retries")
    assert f"fail for {DISABLE_AFTER.days} days" in section("webhooks.md", "Retries")
    assert f"For {SECRETS_OVERLAP // timedelta(hours=1)} hours" in section("webhooks.md", "Changing the secret")
    assert f"within {ANSWER_WITHIN.seconds} seconds" in section("webhooks.md", "What a receiver must do")


@pytest.mark.parametrize("snippet", SNIPPETS, ids=["seam", "standardwebhooks"])
def test_snippet_takes_what_is_ours_and_nothing_else(snippet: str) -> None:
    page: dict[str, Any] = {}
    exec(snippet, page)  # noqa: S102 - what a reader would do with the page
    secret, body = new_secret(bytes(SECRET_BYTES)).get_secret_value(), '{"event_id":"1","event_type":"a.b"}'
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("1", now, body),
    }
    assert page["received"](secret, body, headers)["event_id"] == "1"
    with pytest.raises(Exception, match="No matching signature"):
        page["received"](secret, body + " ", headers)
