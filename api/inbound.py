"""Webhooks in: where a lock vendor tells us what happened, instead of being asked.

A message counts only when it is signed with the account's secret (Standard Webhooks) within the last five minutes, and
once.  It is checked here and handed over whole, sealed with the PIN key, because it may hold digits: what it says, and
how far that is believed, is decided where drivers are known (`activities/lock_news.py`).

A repetition is answered like the first delivery and has no effect: a vendor whose answer got lost must not go on.
"""

import asyncio
import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from standardwebhooks import Webhook, WebhookVerificationError
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.bodies import UnreadableBodyError, bounded_body
from api.errors import TemporalUnavailableError, log_outage
from store import accounts, inbound
from store.credentials import open_credentials
from store.database import Database, StoreUnavailableError
from store.keyring import KeyRing, KeyRingError
from workflows.contracts import LOCK_NEWS_WORKFLOW, QUEUE, LockNewsInput, lock_news_workflow_id

MAX_BODY_BYTES = 64 * 1024
"""A message about one code is below 1 KB; one about a lock is shorter."""
ANSWER_SECONDS = 5.0
"""Vendors give up after ten seconds or so, and then send again."""
RETRY_AFTER_SECONDS = 5

_MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,128}")


class UnverifiedError(Exception):
    """Not signed by the account's vendor, or not lately; which of them is nobody's business who cannot sign."""


class WebhookIntake:
    """Checks vendors' messages and hands them over."""

    def __init__(
        self, client: Client, database: Database, keyring: KeyRing, *, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        """`answer_seconds` bounds how long Temporal may take to say that it has the message."""
        self._answer_seconds = answer_seconds
        self._client = client
        self._database = database
        self._keyring = keyring

    async def take(self, account_id: UUID, headers: Mapping[str, str], body: bytes) -> None:
        """See to it that a message is taken in, once; repeating it is no matter.

        Raises:
            UnverifiedError: it is not to be believed.
            TemporalUnavailableError, StoreUnavailableError: the vendor must send it again.
        """
        message_id = headers.get("webhook-id", "")
        async with self._database.read() as session:
            account = await accounts.get_account(session, account_id)
            secret = None
            if account is not None and account.removed_at is None:
                secret = open_credentials(self._keyring, account).get("webhook_secret")
            _verify(secret, headers, body)
            if await inbound.is_taken(session, account_id, message_id):
                return
        await self._hand_over(account_id, message_id, body)

    async def _hand_over(self, account_id: UUID, message_id: str, body: bytes) -> None:
        sealed = inbound.seal_message(self._keyring, account_id, message_id, body)
        start = self._client.start_workflow(
            LOCK_NEWS_WORKFLOW,
            LockNewsInput(
                account_id=account_id,
                message_id=message_id,
                sealed=base64.b64encode(sealed).decode(),
                received_at=datetime.now(UTC),
            ),
            id=lock_news_workflow_id(account_id, message_id),
            task_queue=QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary="A lock vendor's webhook",
        )
        try:
            await asyncio.wait_for(start, self._answer_seconds)
        except WorkflowAlreadyStartedError:
            return
        except (RPCError, RuntimeError, TimeoutError):
            # A client that never reached its server says RuntimeError.
            raise TemporalUnavailableError("Temporal cannot take this now") from None


def _verify(secret: str | None, headers: Mapping[str, str], body: bytes) -> None:
    """Check signature, age and id.  The comparison takes the same time however much of a signature is right.

    Raises:
        UnverifiedError: any of them is wrong, or there is no secret to check with.
    """
    if secret is None or not _MESSAGE_ID.fullmatch(headers.get("webhook-id", "")):
        raise UnverifiedError
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        # A ValueError is a header, or a body, that is not even shaped like one.
        raise UnverifiedError from None


def inbound_router(intake: WebhookIntake) -> APIRouter:
    """The route that vendors are told."""
    router = APIRouter(prefix="/webhooks/in", include_in_schema=False)

    @router.post("/{account_id}")
    async def receive(account_id: str, request: Request) -> Response:
        try:
            body = await bounded_body(request, MAX_BODY_BYTES)
            await intake.take(_account_id(account_id), request.headers, body)
        except UnverifiedError:
            return _refusal(401, "unauthorized", "the message is not signed as it should be")
        except UnreadableBodyError:
            return _refusal(413, "payload_too_large", f"more than {MAX_BODY_BYTES} bytes")
        except (TemporalUnavailableError, StoreUnavailableError, KeyRingError) as error:
            log_outage(error)
            answer = _refusal(503, "service_unavailable", "not now; send it again")
            answer.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
            return answer
        return JSONResponse({"ok": True})

    return router


def _account_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise UnverifiedError from None


def _refusal(status: int, error_type: str, message: str) -> Response:
    return JSONResponse({"error": {"type": error_type, "message": message}, "ok": False}, status)
