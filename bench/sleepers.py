"""Codes that sleep: asked for today, due next week."""

from datetime import UTC, datetime, timedelta

from bench.stack import Stack
from domain.requests import CodeRequest
from store.accounts import DEFAULT_WORKSPACE_ID

_BEGINS_IN, _LASTS = timedelta(days=7), timedelta(days=2)


def sleeping_request(stack: Stack, number: int) -> CodeRequest:
    """Make the request for a code that sleeps, on one lock after the other."""
    starts_at = datetime.now(UTC) + _BEGINS_IN
    device_id = stack.device_ids[number % len(stack.device_ids)]
    return CodeRequest(
        device_id=device_id, workspace_id=DEFAULT_WORKSPACE_ID, starts_at=starts_at, ends_at=starts_at + _LASTS
    )
