"""The driver for lock clouds in the shape that Seam publishes for lock makers.

    GET /locks · GET /locks/{id} · GET|POST /locks/{id}/access_codes · PATCH|DELETE /access_codes/{id}
    POST /locks/{id}/lock · POST /locks/{id}/unlock

One method call is one exchange; only `remove` without a reference lists first, to find what to remove.  The vendor
addresses codes by its own id, so what is ours is recognised by that id, by equal digits, or by our mark in the name,
never by position or timing.  An answer about another lock is believed in nothing.

Our extension, which a cloud may ignore: `slot` in the order and in listed codes.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Annotated, Self
from urllib.parse import quote

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, SecretStr, TypeAdapter

from domain.devices import DeviceFacts
from providers.base import (
    Accepted,
    Credentials,
    Empty,
    Known,
    LockGoneError,
    Masked,
    MoveResult,
    NonsenseError,
    Place,
    ProviderError,
    Reading,
    Rejected,
    RejectReason,
    RetryLaterError,
    Unknown,
    Unreadable,
    Window,
    WriteResult,
)
from providers.http import EventHooks, Reply, VendorClient, read_error, write_failure
from providers.lock_cloud_doors import move_result
from providers.lock_cloud_keypad import type_in
from providers.lock_cloud_wire import (
    DEVICE_OFFLINE,
    LOCK_GONE,
    NOT_SUPPORTED,
    REJECTIONS,
    Ack,
    CodeList,
    ListedCode,
    LockDescription,
    LockList,
    parse,
    redacted,
)


def _http_url(value: str) -> str:
    url = TypeAdapter(AnyHttpUrl).validate_python(value)
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("an address without user, query and fragment is needed")
    return value.rstrip("/")


def _header_safe(token: SecretStr) -> SecretStr:
    # A token with a line break or a space would fail at every call, far from where it was typed.
    if not re.fullmatch(r"[\x21-\x7e]+", token.get_secret_value()):
        raise ValueError("printable characters without spaces are needed")
    return token


def _webhook_secret(secret: SecretStr) -> SecretStr:
    # Standard Webhooks: 24 to 64 random bytes in base64, behind a prefix.
    if not re.fullmatch(r"whsec_[A-Za-z0-9+/]{32,88}={0,2}", secret.get_secret_value()):
        raise ValueError("whsec_ and 24 to 64 bytes in base64 are needed")
    return secret


class LockCloudCredentials(BaseModel):
    """What an account of a lock cloud signs in with, and what its cloud signs webhooks with if it sends any."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: Annotated[str, AfterValidator(_http_url)]
    token: Annotated[SecretStr, AfterValidator(_header_safe)]
    webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] | None = None


class LockCloudDriver:
    """One account at one lock cloud; see `providers.base.Driver` for what each method promises."""

    def __init__(self, client: VendorClient, *, has_webhook: bool = False) -> None:
        self._client = client
        self._has_webhook = has_webhook

    @classmethod
    def open(cls, credentials: Credentials, *, timeout_seconds: float, event_hooks: EventHooks | None = None) -> Self:
        """Sign in with the account's credentials; nothing is sent yet.

        Raises:
            pydantic.ValidationError: a credential is missing, unknown or malformed.
        """
        account = LockCloudCredentials.model_validate(dict(credentials))
        bearer = f"Bearer {account.token.get_secret_value()}"
        return cls(
            VendorClient(
                account.base_url,
                timeout_seconds=timeout_seconds,
                headers={"Authorization": bearer},
                event_hooks=event_hooks,
            ),
            has_webhook=account.webhook_secret is not None,
        )

    @property
    def has_webhook(self) -> bool:
        """Whether the account has a secret for webhooks."""
        return self._has_webhook

    async def discover(self) -> Sequence[DeviceFacts]:
        """List the account's locks."""
        reply = await self._client.ask("/locks")
        if not reply.is_success or reply.error_code:
            raise read_error(reply)
        return [lock.facts() for lock in parse(LockList, reply.body).locks]

    async def describe(self, lock_id: str) -> DeviceFacts:
        """Ask for one lock's facts."""
        reply = await self._client.ask(f"/locks/{_segment(lock_id)}")
        if error := _lock_read_error(reply):
            raise error
        facts = parse(LockDescription, reply.body).facts()
        if facts.lock_id != lock_id:
            raise NonsenseError("the description is of another lock")
        return facts

    async def read(self, place: Place, pin: SecretStr) -> Reading:
        """Look for our code: by reference, by equal digits, by mark, and last at what else its slot holds."""
        codes = await self._list(place.lock_id)
        if isinstance(codes, Unreadable):
            return codes
        found = _find_ours(codes, place, pin) or _first(codes, lambda code: code.slot == place.slot)
        return found.reading() if found else Empty()

    async def read_all(
        self, lock_id: str, slots: Collection[int] | None = None
    ) -> Sequence[Known | Masked] | Unreadable:
        """Everything on the lock, codes of others included: one call, whichever slots are asked for."""
        codes = await self._list(lock_id)
        return codes if isinstance(codes, Unreadable) else [code.reading() for code in codes]

    async def program(
        self, place: Place, pin: SecretStr, name: str, window: Window | None, idempotency_key: str
    ) -> WriteResult:
        """POST the code, or PATCH it where the reference is known."""
        body = {"name": name, "code": pin.get_secret_value(), **_times(window)}
        if place.reference is None:
            path = f"/locks/{_segment(place.lock_id)}/access_codes"
            reply = await self._client.order(
                "POST", path, idempotency_key=idempotency_key, body=body | {"slot": place.slot}
            )
            return _write_result(reply, place, is_about_lock=True)
        path = f"/access_codes/{_segment(place.reference)}"
        reply = await self._client.order("PATCH", path, idempotency_key=idempotency_key, body=body)
        result = _write_result(reply, place)
        if isinstance(result, Rejected) and isinstance(reply, Reply) and reply.error_code == NOT_SUPPORTED:
            return Rejected(RejectReason.NOT_IN_PLACE, result.message)  # what was not supported is the change
        return result

    async def remove(self, place: Place, pin: SecretStr, idempotency_key: str) -> WriteResult:
        """DELETE our code.  Without a reference it is looked for first; what is not found needs no removal.

        Raises:
            RetryLaterError: it had to be looked for, and the lock could not be read.
        """
        reference = place.reference
        if reference is None:
            codes = await self._list(place.lock_id)
            if isinstance(codes, Unreadable):
                raise RetryLaterError(codes.message, retry_after=codes.retry_after, offline=codes.offline)
            found = _find_ours(codes, place, pin)
            if found is None:
                return Accepted()
            reference = found.reference
        reply = await self._client.order(
            "DELETE", f"/access_codes/{_segment(reference)}", idempotency_key=idempotency_key
        )
        return _removal_result(reply, place, reference)

    async def lock(self, lock_id: str, idempotency_key: str) -> MoveResult:
        """Have the door locked."""
        return await self._move(lock_id, "lock", idempotency_key)

    async def unlock(self, lock_id: str, idempotency_key: str) -> MoveResult:
        """Have the door unlocked."""
        return await self._move(lock_id, "unlock", idempotency_key)

    async def type_in(self, lock_id: str, pin: SecretStr, name: str) -> Accepted | Rejected | None:
        """Play at somebody at the keypad, where the cloud is a simulation."""
        return await type_in(self._client, _segment(lock_id), pin, name)

    async def aclose(self) -> None:
        """Release the connections."""
        await self._client.aclose()

    async def _move(self, lock_id: str, verb: str, idempotency_key: str) -> MoveResult:
        path = f"/locks/{_segment(lock_id)}/{verb}"
        return move_result(await self._client.order("POST", path, idempotency_key=idempotency_key), lock_id)

    async def _list(self, lock_id: str) -> Sequence[ListedCode] | Unreadable:
        reply = await self._client.ask(f"/locks/{_segment(lock_id)}/access_codes")
        if reply.error_code == DEVICE_OFFLINE:
            return Unreadable("the lock is offline", offline=True, retry_after=reply.retry_after)
        if error := _lock_read_error(reply):
            raise error
        answer = parse(CodeList, reply.body)
        if not answer.is_about(lock_id):
            raise NonsenseError("the list is of another lock", answer=redacted(reply.body))
        if not answer.is_consistent():
            raise NonsenseError("the list has one id, or one slot, twice", answer=redacted(reply.body))
        return answer.access_codes


def _lock_read_error(reply: Reply) -> ProviderError | None:
    """None when the reply is a success that also says so in its body."""
    if reply.error_code == DEVICE_OFFLINE:
        return RetryLaterError("the lock is offline", retry_after=reply.retry_after, offline=True)
    if reply.status == 404 or reply.error_code in LOCK_GONE:
        return LockGoneError("the vendor knows no such lock")
    return None if reply.is_success and reply.error_code is None else read_error(reply)


def _write_result(reply: Reply | Unknown, place: Place, *, is_about_lock: bool = False) -> WriteResult:
    """What a POST or PATCH came to; `is_about_lock`: the path names the lock, so a 404 is about the lock."""
    if isinstance(reply, Unknown):
        return reply
    if refusal := _refusal(reply):
        return refusal
    if is_about_lock and reply.status == 404:
        raise LockGoneError("the vendor knows no such lock")
    if not reply.is_success or reply.error_code:
        return write_failure(reply)
    return _acknowledged(reply, place, place.reference)


def _removal_result(reply: Reply | Unknown, place: Place, reference: str) -> WriteResult:
    if isinstance(reply, Unknown):
        return reply
    if refusal := _refusal(reply):
        return refusal
    if reply.status == 404 or reply.status == 204:
        # Nothing there (any more) is what was wanted; the caller's read proves it.
        return Accepted(reference)
    if not reply.is_success or reply.error_code:
        return write_failure(reply)
    return Accepted(reference) if reply.body is None else _acknowledged(reply, place, reference)


def _refusal(reply: Reply) -> Rejected | None:
    """What the vendor's own word for a failed write means; None when it gave none that we know.

    Raises:
        RetryLaterError: the lock is offline, and the vendor keeps no orders for it.
        LockGoneError: the vendor knows no such lock.
    """
    code = reply.error_code
    if code == DEVICE_OFFLINE:
        raise RetryLaterError("the lock is offline", retry_after=reply.retry_after, offline=True)
    if code in LOCK_GONE:
        raise LockGoneError("the vendor knows no such lock")
    # The code is one of our own table, so quoting it quotes no foreign text.
    return Rejected(REJECTIONS[code], f"the lock refused: {code}") if code and code in REJECTIONS else None


def _acknowledged(reply: Reply, place: Place, reference: str | None) -> Accepted | Unknown:
    try:
        ack = parse(Ack, reply.body)
    except NonsenseError as error:
        return Unknown(str(error))
    if ack.lock_id != place.lock_id:
        return Unknown("the reply is about another lock")
    if reference is not None and ack.reference != reference:
        return Unknown("the reply is about another code")
    return Accepted(ack.reference)


def _find_ours(codes: Iterable[ListedCode], place: Place, pin: SecretStr) -> ListedCode | None:
    listed = tuple(codes)
    by_reference = _first(listed, lambda code: place.reference is not None and code.reference == place.reference)
    return (
        by_reference
        or _first(listed, lambda code: code.code is not None and code.code == pin)
        or _first(listed, lambda code: _bears(code.name, place.mark))
    )


def _first(codes: Iterable[ListedCode], is_it: Callable[[ListedCode], bool]) -> ListedCode | None:
    return next((code for code in codes if is_it(code)), None)


def _bears(name: str, mark: str) -> bool:
    """Whether the name contains the mark as a whole: the mark of generation 1 is no part of that of 12."""
    if not mark:
        return False
    before = r"(?<![0-9A-Za-z])" if mark[0].isalnum() else ""
    after = r"(?![0-9A-Za-z])" if mark[-1].isalnum() else ""
    return re.search(before + re.escape(mark) + after, name) is not None


def _times(window: Window | None) -> dict[str, str | None]:
    """Both bounds, null where there is none, so that a PATCH also takes a window away."""
    starts_at, ends_at = (window.starts_at, window.ends_at) if window else (None, None)
    return {
        "starts_at": starts_at.isoformat() if starts_at else None,
        "ends_at": ends_at.isoformat() if ends_at else None,
    }


def _segment(text: str) -> str:
    """An id as one path segment, whatever is in it.  A lone dot would climb the path even when quoted.

    Raises:
        LockGoneError: no vendor has an id like that.
    """
    if text in ("", ".", ".."):
        raise LockGoneError("an empty id names nothing")
    return quote(text, safe="")
