"""The routes of locks as devices, managed and not."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from api.http.failures import invalid
from api.http.paging import Paged, marked, page_asked, pagination
from api.http.parameters import Ids, Metadata, OfOneDevice, Parameters, Text, When, Words, changed_metadata
from api.http.showing import show_device, show_devices
from api.http.table import Body, Call
from domain.requests import DeviceChange
from domain.time_zones import is_time_zone
from store.device_lists import DeviceFilter, Located

DEFAULT_LIMIT = 500


class GetDevice(Parameters):
    """Parameters of `/devices/get`: an id or a name."""

    device_id: UUID | None = None
    name: Text | None = None


class _Chosen(Parameters):
    """Which devices."""

    device_ids: Ids | None = None
    device_type: Text | None = None
    device_types: Words | None = None
    manufacturer: Text | None = None
    connected_account_id: UUID | None = None
    connected_account_ids: Ids | None = None
    connect_webview_id: UUID | None = None
    customer_key: Text | None = None
    space_id: UUID | None = None
    unstable_location_id: UUID | None = None
    user_identifier_key: Text | None = None
    custom_metadata_has: Metadata | None = None
    created_before: When | None = None
    search: Text | None = None


class ListDevices(_Chosen, Paged):
    """Parameters of `/devices/list`."""


class ListLocks(_Chosen):
    """Parameters of `/locks/list`."""

    limit: int | None = Field(default=None, ge=1, le=100_000)


class _Properties(Parameters):
    name: Text | None = None


class UpdateDevice(OfOneDevice):
    """Parameters of `/devices/update`; a name of null goes back to the vendor's."""

    name: Text | None = None
    custom_metadata: Metadata | None = None
    is_managed: bool | None = None
    properties: _Properties | None = None
    backup_access_code_pool_enabled: bool | None = None
    force: bool | None = None
    """Latchwork's own: make it unmanaged while guests' codes are live, too."""


class UpdateUnmanagedDevice(OfOneDevice):
    """Parameters of `/devices/unmanaged/update`."""

    is_managed: bool | None = None
    custom_metadata: Metadata | None = None


class ListProviders(Parameters):
    """Parameters of `/devices/list_device_providers`."""

    provider_category: Text | None = None


class _Zone(Parameters):
    time_zone: Text

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if not is_time_zone(name):
            raise PydanticCustomError("time_zone", "must be an IANA time zone, such as Europe/Berlin")
        return name


class _ReportedDevice(Parameters):
    device_id: UUID
    schlage_metadata: _Zone | None = None
    ultraloq_metadata: _Zone | None = None
    omnitec_metadata: _Zone | None = None


class ReportMetadata(Parameters):
    """Parameters of `/devices/report_provider_metadata`."""

    devices: list[_ReportedDevice] = Field(max_length=1000)


async def get(call: Call[GetDevice]) -> Body:
    """Show a lock."""
    return {"device": await show_device(call, await _meant(call, is_managed=True))}


async def get_unmanaged(call: Call[GetDevice]) -> Body:
    """Show a lock that is not managed."""
    return {"device": await show_device(call, await _meant(call, is_managed=False))}


async def get_lock(call: Call[GetDevice]) -> Body:
    """Show a lock, under both names."""
    shown = await show_device(call, await _meant(call, is_managed=True))
    return {"device": shown, "lock": shown}


async def list_devices(call: Call[ListDevices]) -> Body:
    """Show the workspace's locks, newest first."""
    return await _listed(call, is_managed=True)


async def list_unmanaged(call: Call[ListDevices]) -> Body:
    """Show the locks that are not managed."""
    return await _listed(call, is_managed=False)


async def list_locks(call: Call[ListLocks]) -> Body:
    """Show the workspace's locks, under both names, in one page."""
    page = Paged(limit=call.asked.limit)
    wanted = _filter(call.asked, is_managed=True)
    if wanted is None:
        return {"devices": [], "locks": []}
    found = await call.services.devices.page(call.workspace_id, wanted, page_asked(page, DEFAULT_LIMIT))
    shown = await show_devices(call, found[: call.asked.limit or DEFAULT_LIMIT])
    return {"devices": shown, "locks": shown}


async def update(call: Call[UpdateDevice]) -> Body:
    """Keep a name or metadata with a lock."""
    asked = call.asked
    named = "name" in asked.model_fields_set or asked.properties is not None
    nickname = asked.name or (asked.properties.name if asked.properties else None) or ""
    await _describe(call, nickname if named else None, asked.custom_metadata)
    await _use(call, asked.is_managed, asked.backup_access_code_pool_enabled, force=bool(asked.force))
    return {}


async def update_unmanaged(call: Call[UpdateUnmanagedDevice]) -> Body:
    """Keep metadata with a lock, or manage it."""
    await _describe(call, None, call.asked.custom_metadata)
    await _use(call, call.asked.is_managed, None)
    return {}


async def list_providers(call: Call[ListProviders]) -> Body:
    """Name the vendors whose accounts this workspace has."""
    accounts = await call.services.accounts.of_workspace(call.workspace_id)
    names = sorted({account.provider for account in accounts})
    return {"device_providers": [_provider(name) for name in names]}


async def report_provider_metadata(call: Call[ReportMetadata]) -> Body:
    """Take the time zones of locks, where their vendors do not tell them."""
    facts = {}
    for one in call.asked.devices:
        zones = [zone for zone in (one.schlage_metadata, one.ultraloq_metadata, one.omnitec_metadata) if zone]
        facts[one.device_id] = {"time_zone": zones[0].time_zone} if zones else {}
    await call.services.devices.report(call.workspace_id, facts)
    return {}


async def refuse_deletion(call: Call[OfOneDevice]) -> Body:
    """Delete a lock, which nobody can any more."""
    await call.services.devices.get(call.workspace_id, DeviceFilter(ids=[call.asked.device_id]))
    raise invalid("devices go with their connected account; delete that, or remove the lock at its vendor")


async def _meant(call: Call[GetDevice], *, is_managed: bool) -> Located:
    asked = call.asked
    if asked.device_id is None and asked.name is None:
        raise invalid("give device_id or name")
    ids = None if asked.device_id is None else [asked.device_id]
    wanted = DeviceFilter(ids=ids, name=asked.name, is_managed=is_managed)
    return await call.services.devices.get(call.workspace_id, wanted)


async def _listed(call: Call[ListDevices], *, is_managed: bool) -> Body:
    asked = call.asked
    page, wanted = page_asked(asked, DEFAULT_LIMIT), _filter(asked, is_managed=is_managed)
    if wanted is None:
        return {"devices": [], "pagination": pagination(asked, None, call.url)}
    found = await call.services.devices.page(call.workspace_id, wanted, page)
    located, last = marked(found, page, lambda one: one[0])
    return {"devices": await show_devices(call, located), "pagination": pagination(asked, last, call.url)}


def _filter(asked: _Chosen, *, is_managed: bool) -> DeviceFilter | None:
    """Give what is asked for; None where nothing can be: nothing here is filed so."""
    foreign = (asked.customer_key, asked.space_id, asked.unstable_location_id, asked.connect_webview_id)
    if any(word is not None for word in (*foreign, asked.user_identifier_key)):
        return None
    types = asked.device_types if asked.device_type is None else [asked.device_type]
    accounts = asked.connected_account_ids
    return DeviceFilter(
        ids=asked.device_ids,
        account_ids=accounts if asked.connected_account_id is None else [asked.connected_account_id],
        is_managed=is_managed,
        search=asked.search,
        created_before=asked.created_before,
        providers=None if types is None else [name.removesuffix("_lock") for name in types],
        manufacturer=asked.manufacturer,
        metadata=asked.custom_metadata_has or {},
    )


async def _describe(call: Call[Any], nickname: str | None, metadata: dict[str, Any] | None) -> None:
    device, _ = await call.services.devices.get(call.workspace_id, DeviceFilter(ids=[call.asked.device_id]))
    if nickname is None and metadata is None:
        return
    merged = None if metadata is None else changed_metadata(device.custom_metadata, metadata)
    await call.services.devices.describe(call.workspace_id, device.id, nickname=nickname, metadata=merged)


async def _use(call: Call[Any], is_managed: bool | None, has_pool: bool | None, *, force: bool = False) -> None:
    """Change what a lock is used for, where something was said of it."""
    if is_managed is None and has_pool is None:
        return
    change = DeviceChange(
        device_id=call.asked.device_id,
        workspace_id=call.workspace_id,
        is_managed=is_managed,
        force=force,
        backup_access_code_pool_enabled=has_pool,
    )
    await call.services.devices.update(change, change_id=call.operation_id)


def _provider(name: str) -> dict[str, Any]:
    categories: list[Literal["stable", "smart_locks"]] = ["stable", "smart_locks"]
    return {
        "device_provider_name": name,
        "display_name": name.replace("_", " ").capitalize(),
        "image_url": "",
        "provider_categories": categories,
    }
