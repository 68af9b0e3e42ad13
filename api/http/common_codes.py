"""The routes of codes that share their digits, one on each lock of a home."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from api.common_codes import WhenNotShared
from api.http.access_codes import WantedCode, code_request, moved_window, refuse_silent_locks
from api.http.failures import not_found
from api.http.parameters import Parameters, Text, When
from api.http.showing import show_codes
from api.http.table import Body, Call
from domain.common_keys import shown_key
from domain.requests import CodeChange
from store.code_lists import CodeFilter
from store.pages import Page

MOST_DEVICES = 100


class CreateMultiple(WantedCode):
    """Parameters of `/access_codes/create_multiple`."""

    device_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_DEVICES)]
    behavior_when_code_cannot_be_shared: WhenNotShared | None = None

    @field_validator("device_ids")
    @classmethod
    def _once_each(cls, ids: list[UUID]) -> list[UUID]:
        if len(set(ids)) < len(ids):
            raise PydanticCustomError("one_code_per_device", "must not name a device twice")
        return ids


class UpdateMultiple(Parameters):
    """Parameters of `/access_codes/update_multiple`."""

    common_code_key: Annotated[Text, Field(min_length=1)]
    name: Text | None = None
    starts_at: When | None = None
    ends_at: When | None = None


async def create_multiple(call: Call[CreateMultiple]) -> Body:
    """Register a code on each lock, all with the same digits."""
    asked = call.asked
    await refuse_silent_locks(call, asked.device_ids)
    for device_id in asked.device_ids:
        call.count(device_id)
    ids = await call.services.common_codes.create(
        code_request(asked, asked.device_ids[0], call.workspace_id),
        asked.device_ids,
        batch_id=call.operation_id,
        pin=asked.code,
        when_not_shared=asked.behavior_when_code_cannot_be_shared or WhenNotShared.THROW,
    )
    found = await call.services.codes.page(call.workspace_id, CodeFilter(ids=ids), Page(limit=len(ids)))
    shown = {one.access_code_id: one for one in await show_codes(call, found)}
    return {"access_codes": [shown[code_id] for code_id in ids if code_id in shown]}


async def update_multiple(call: Call[UpdateMultiple]) -> Body:
    """Change name or window of every code that shares a key."""
    asked = call.asked
    wanted = CodeFilter(common_code_key=asked.common_code_key, is_over=False)
    codes = await call.services.codes.page(call.workspace_id, wanted, Page(limit=MOST_DEVICES))
    if not codes or shown_key(asked.common_code_key) is None:
        raise not_found("access_code", "no access code has this key")
    for one in codes:
        call.count(one.device.id)
    change = CodeChange(name=asked.name, window=moved_window(asked.starts_at, asked.ends_at, codes[0].code.wish))
    await call.services.common_codes.update(call.workspace_id, asked.common_code_key, change)
    return {}
