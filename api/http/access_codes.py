"""The routes of access codes: creating, reading, changing and deleting them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.generating import suggested_digits
from api.http.failures import ApiError, invalid
from api.http.guests_of_codes import give, introduced
from api.http.paging import Paged, marked, page_asked, pagination
from api.http.parameters import Ids, OfOneCode, OfOneDevice, Parameters, Pin, Text, When
from api.http.showing import show_code, show_codes, show_new_attempt
from api.http.table import Body, Call
from api.resources.access_code import AccessCodeResource
from api.resources.action_attempt import ActionAttemptResource
from domain.access_code import AccessCodeType, Wish
from domain.action_attempts import ActionType
from domain.guests import Guest
from domain.refusals import RefusalType, refuse
from domain.requests import CodeChange, CodeRequest, CodeWindow
from domain.scopes import Scope
from store.code_lists import CodeFilter
from store.codes import StoredCode
from store.device_lists import DeviceFilter
from store.pages import Mark, Page
from workflows.contracts import AccessCodeReceipt

DEFAULT_LIMIT = 55_000
BUNCH = 200
"""Codes that are shown in one go: a tenth of a second of work, in which the process answers nobody else."""
SHORTEST_LENGTH, LONGEST_LENGTH = 4, 20
ROUNDINGS = {word: timedelta(hours=1) for word in ("1hour", "1h")} | {
    word: timedelta(days=1) for word in ("1day", "1d")
}
"""What `max_time_rounding` allows."""


class _Told(Parameters):
    """What creating and changing have in common."""

    name: Text | None = None
    code: Pin | None = None
    starts_at: When | None = None
    ends_at: When | None = None
    attempt_for_offline_device: bool | None = None
    allow_external_modification: bool | None = None
    is_external_modification_allowed: bool | None = None

    @property
    def lets_others_change(self) -> bool | None:
        """Whether changes at the lock are honoured, under either name; None: nothing was said of it."""
        told = self.is_external_modification_allowed
        return self.allow_external_modification if told is None else told


class WantedCode(_Told):
    """What creating one code and several have in common."""

    prefer_native_scheduling: bool | None = None
    preferred_code_length: float | None = Field(default=None, ge=1, le=20)
    use_backup_access_code_pool: bool | None = None


class CreateAccessCode(WantedCode):
    """Parameters of `/access_codes/create`; `guest` and `guest_id` are Latchwork's own."""

    guest: Guest | None = None
    guest_id: UUID | None = None

    device_id: UUID
    common_code_key: Annotated[Text, Field(min_length=1)] | None = None
    is_offline_access_code: bool | None = None
    use_offline_access_code: bool | None = None
    is_one_time_use: bool | None = None
    max_time_rounding: Literal["1hour", "1day", "1h", "1d"] | None = None
    sync: bool | None = None


class GetAccessCode(Parameters):
    """Parameters of `/access_codes/get`: an id, or a device and digits."""

    access_code_id: UUID | None = None
    device_id: UUID | None = None
    code: Pin | None = None


class ListAccessCodes(Paged):
    """Parameters of `/access_codes/list`."""

    device_id: UUID | None = None
    access_code_ids: Ids | None = None
    access_method_id: UUID | None = None
    access_grant_id: UUID | None = None
    access_grant_key: Text | None = None
    customer_key: Text | None = None
    user_identifier_key: Text | None = None
    search: Text | None = None


class UpdateAccessCode(_Told):
    """Parameters of `/access_codes/update`; `guest` and `guest_id` are Latchwork's own."""

    guest: Guest | None = None
    """A correction of who the guest is, or the first word of it."""
    guest_id: UUID | None = None

    access_code_id: UUID
    device_id: UUID | None = None
    """The lock to which the code is moved; the one that it is on changes nothing."""
    type: AccessCodeType | None = None
    is_managed: bool | None = None
    sync: bool | None = None


class DeleteAccessCode(OfOneCode):
    """Parameters of `/access_codes/delete`."""

    device_id: UUID | None = None
    sync: bool | None = None


class ReportConstraints(OfOneDevice):
    """Parameters of `/access_codes/report_device_constraints`: lengths one by one, or from and to."""

    supported_code_lengths: list[int] | None = Field(default=None, min_length=1, max_length=LONGEST_LENGTH)
    min_code_length: int | None = Field(default=None, ge=SHORTEST_LENGTH, le=LONGEST_LENGTH)
    max_code_length: int | None = Field(default=None, ge=SHORTEST_LENGTH, le=LONGEST_LENGTH)


async def create(call: Call[CreateAccessCode]) -> Body:
    """Register a code and answer with it at once; the lock follows."""
    asked, services = call.asked, call.services
    _refuse_what_no_lock_can(asked)
    await refuse_silent_locks(call, [asked.device_id])
    call.count(asked.device_id)
    attempt_id = call.id_of("action_attempt")
    request = code_request(asked, asked.device_id, call.workspace_id).model_copy(
        update={
            "action_attempt_id": attempt_id,
            "common_code_key": asked.common_code_key,
            "max_time_rounding": asked.max_time_rounding and ROUNDINGS[asked.max_time_rounding],
        }
    )
    async with introduced(call, call.operation_id):
        receipt = await services.codes.create(request, access_code_id=call.operation_id, pin=asked.code)
    async with services.database.snapshot():
        stored = await services.codes.get(receipt.access_code_id, workspace_id=call.workspace_id)
        shown = await show_code(call, stored)
    return {"access_code": shown, "action_attempt": show_new_attempt(attempt_id, ActionType.CREATE)}


async def get(call: Call[GetAccessCode]) -> Body:
    """Show one code."""
    asked, codes = call.asked, call.services.codes
    if asked.access_code_id is not None:
        stored = await codes.get(asked.access_code_id, workspace_id=call.workspace_id)
        if asked.device_id not in (None, stored.device.id):
            raise _not_there(stored)
    elif asked.device_id is not None and asked.code is not None:
        if not call.caller.may(Scope.PINS):
            raise ApiError.forbidden(Scope.PINS)
        stored = await codes.find(call.workspace_id, asked.device_id, asked.code, call.services.keyring)
    else:
        raise invalid("give access_code_id, or device_id and code")
    return {"access_code": await show_code(call, stored)}


async def list_codes(call: Call[ListAccessCodes]) -> Body:
    """Show the workspace's codes, newest first."""
    asked = call.asked
    page = page_asked(asked, DEFAULT_LIMIT)
    foreign = (asked.access_method_id, asked.access_grant_id, asked.access_grant_key)
    if any(word is not None for word in (*foreign, asked.customer_key, asked.user_identifier_key)):
        # Nothing here is ever filed under these.
        return {"access_codes": [], "pagination": pagination(asked, None, call.url)}
    wanted = CodeFilter(device_id=asked.device_id, ids=asked.access_code_ids, search=asked.search)
    shown, last = await _shown(call, wanted, page)
    return {"access_codes": shown, "pagination": pagination(asked, last, call.url)}


async def _shown(
    call: Call[ListAccessCodes], wanted: CodeFilter, page: Page
) -> tuple[list[AccessCodeResource], Mark | None]:
    """Show a page, a bunch at a time: others are answered in between.  Give the mark of the last one if more follow."""
    shown, last = list[AccessCodeResource](), page.after
    while True:
        bunch = Page(min(BUNCH, page.limit - len(shown)), last)
        found = await call.services.codes.page(call.workspace_id, wanted, bunch)
        stored, last = marked(found, bunch, lambda one: one.row)
        shown += await show_codes(call, stored)
        if last is None or len(shown) == page.limit:
            return shown, last


async def update(call: Call[UpdateAccessCode]) -> Body:
    """Change a code; the lock follows."""
    asked, services = call.asked, call.services
    if asked.is_managed is False:
        raise invalid("a code cannot be made unmanaged; delete it instead", "is_managed")
    stored = await _mine(call, asked.access_code_id, None)
    is_moved = asked.device_id not in (None, stored.device.id)
    lock = asked.device_id if asked.device_id is not None else stored.device.id
    await refuse_silent_locks(call, [lock])
    call.count(lock)
    change = CodeChange(
        device_id=lock if is_moved else None,
        name=asked.name,
        window=_window(asked, stored),
        is_external_modification_allowed=asked.lets_others_change,
    )
    receipt = await services.codes.change(stored.row.id, change, pin=asked.code, update_id=str(call.operation_id))
    await give(call, stored.row.id)
    return {"action_attempt": await _begun(call, ActionType.UPDATE, receipt)}


async def delete(call: Call[DeleteAccessCode]) -> Body:
    """Have a code removed from its lock; it answers 404 once it is proven gone."""
    services = call.services
    stored = await _mine(call, call.asked.access_code_id, call.asked.device_id)
    call.count(stored.device.id)
    receipt = await services.codes.delete(stored.row.id)
    return {"action_attempt": await _begun(call, ActionType.DELETE, receipt)}


async def generate_code(call: Call[OfOneDevice]) -> Body:
    """Suggest digits that would do for a new code; they are not kept."""
    if not call.caller.may(Scope.PINS):
        raise ApiError.forbidden(Scope.PINS)
    device, _ = await call.services.devices.get(call.workspace_id, DeviceFilter(ids=[call.asked.device_id]))
    pin = await suggested_digits(call.services.database, call.services.keyring, device, call.now)
    shown = {"device_id": device.id, "code": pin.get_secret_value()}
    return {"generated_code": shown, "access_code": shown}


async def report_device_constraints(call: Call[ReportConstraints]) -> Body:
    """Take the lengths of codes that a lock takes, where its vendor does not tell them."""
    asked = call.asked
    if (asked.supported_code_lengths is None) == (asked.min_code_length is None or asked.max_code_length is None):
        raise invalid("give supported_code_lengths, or both min_code_length and max_code_length")
    lengths = asked.supported_code_lengths
    if lengths is None:
        assert asked.min_code_length is not None and asked.max_code_length is not None  # noqa: S101, PT018
        lengths = list(range(asked.min_code_length, asked.max_code_length + 1))
    if not lengths or not all(SHORTEST_LENGTH <= length <= LONGEST_LENGTH for length in lengths):
        raise invalid(f"lengths are {SHORTEST_LENGTH} to {LONGEST_LENGTH}", "supported_code_lengths")
    facts = {"supported_code_lengths": sorted(set(lengths))}
    await call.services.devices.report(call.workspace_id, {asked.device_id: facts})
    return {}


def code_request(asked: WantedCode, device_id: UUID, workspace_id: UUID) -> CodeRequest:
    """Give the request for one code on a lock, without its digits."""
    length = asked.preferred_code_length
    return CodeRequest(
        device_id=device_id,
        workspace_id=workspace_id,
        name=asked.name,
        preferred_code_length=None if length is None else int(length),
        starts_at=asked.starts_at,
        ends_at=asked.ends_at,
        is_external_modification_allowed=bool(asked.lets_others_change),
        use_backup_access_code_pool=bool(asked.use_backup_access_code_pool),
        prefer_native_scheduling=asked.prefer_native_scheduling is not False,
    )


async def _begun(call: Call[Any], action: ActionType, receipt: AccessCodeReceipt) -> ActionAttemptResource:
    attempt_id = call.id_of("action_attempt")
    await call.services.attempts.begin(attempt_id, action, receipt)
    return show_new_attempt(attempt_id, action)


async def refuse_silent_locks(call: Call[Any], device_ids: Sequence[UUID]) -> None:
    """Refuse what is about a lock that is offline, where the caller asked for that (`attempt_for_offline_device`)."""
    if call.asked.attempt_for_offline_device is not False:
        return
    for device_id in device_ids:
        device, _ = await call.services.devices.get(call.workspace_id, DeviceFilter(ids=[device_id]))
        if not device.online:
            raise refuse(
                RefusalType.DEVICE_DISCONNECTED,
                f"the device {device_id} is offline; leave attempt_for_offline_device out to have it tried all the same",
                field="attempt_for_offline_device",
            )


def _refuse_what_no_lock_can(asked: CreateAccessCode) -> None:
    for field in ("is_offline_access_code", "use_offline_access_code", "is_one_time_use"):
        if getattr(asked, field):
            raise refuse(
                RefusalType.ACCESS_CODES_NOT_SUPPORTED, "the device makes no offline or one-time codes", field=field
            )


async def _mine(
    call: Call[UpdateAccessCode] | Call[DeleteAccessCode], code_id: UUID, device_id: UUID | None
) -> StoredCode:
    stored = await call.services.codes.get(code_id, workspace_id=call.workspace_id)
    if device_id not in (None, stored.device.id):
        raise _not_there(stored)
    return stored


def _not_there(stored: StoredCode) -> Exception:
    return refuse(RefusalType.ACCESS_CODE_NOT_FOUND, f"there is no access code {stored.row.id} on this device")


def _window(asked: UpdateAccessCode, stored: StoredCode) -> CodeWindow | None:
    """Give the new window; None where nothing was said of it."""
    wish = stored.code.wish
    if asked.type is AccessCodeType.ONGOING:
        if asked.starts_at is not None or asked.ends_at is not None:
            raise invalid("an ongoing code has neither starts_at nor ends_at", "type")
        return CodeWindow()
    if asked.starts_at is None and asked.ends_at is None:
        if asked.type is AccessCodeType.TIME_BOUND and wish.type is AccessCodeType.ONGOING:
            raise invalid("a time-bound code needs starts_at or ends_at", "type")
        return None
    return moved_window(asked.starts_at, asked.ends_at, wish)


def moved_window(starts_at: datetime | None, ends_at: datetime | None, wish: Wish) -> CodeWindow | None:
    """Give a code's new window, in which the end that is not named stays; None where neither is."""
    if starts_at is None and ends_at is None:
        return None
    return CodeWindow(starts_at=starts_at or wish.starts_at, ends_at=ends_at or wish.ends_at)
