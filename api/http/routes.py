"""The table of routes: everything that the API answers to, a row each.

From it come the routes, the verbs that are refused, the OpenAPI document and `docs/api.md`.  To add a route, write its
parameters and its handler, and add its row.
"""

from typing import Any
from uuid import UUID

from api.http import (
    access_codes,
    action_attempts,
    backup_codes,
    client_sessions,
    common_codes,
    connected_accounts,
    devices,
    events,
    exposures,
    guests,
    health,
    locks,
    message_settings,
    messages,
    replacements,
    simulated,
    timeline,
    unmanaged_codes,
    webhooks,
    workspaces,
)
from api.http.paging import Pagination
from api.http.parameters import Nothing, OfOneAccount, OfOneCode, OfOneDevice
from api.http.table import Route, Verb
from api.limits import Rate
from api.resources.access_code import AccessCodeResource
from api.resources.action_attempt import ActionAttemptResource
from api.resources.connected_account import ConnectedAccountResource
from api.resources.device import DeviceResource
from api.resources.event import EventResource
from api.resources.exposure import ExposureResource
from api.resources.replacement import QuestionResource, ReplacementResource
from api.resources.unmanaged_code import UnmanagedCodeResource
from api.resources.workspace import WorkspaceResource
from domain.message_text import Template
from domain.scopes import Scope

GET, POST, PUT, PATCH, DELETE = Verb
READ, WRITE, PINS = Scope
NOTHING: dict[str, Any] = {}
ATTEMPT = {"action_attempt": ActionAttemptResource}
DEVICES = {"devices": list[DeviceResource], "pagination": Pagination}
CODES = {"access_codes": list[AccessCodeResource], "pagination": Pagination}
UNMANAGED = {"access_code": UnmanagedCodeResource}
GENERATED = {"generated_code": dict[str, str], "access_code": dict[str, str]}
HEALTH = {"msg": str, "service_health_statuses": list[dict[str, str]]}
STORY = {"timeline_events": list[timeline.TimelineEvent], "pagination": timeline.TimelinePages}
REPLACEMENT = {"replacement": ReplacementResource}
CODE, DEVICE, ACCOUNT = "access_code_id", "device_id", "connected_account_id"

# fmt: off
ROUTES: tuple[Route[Any], ...] = (
    Route("/access_codes/create", POST, access_codes.CreateAccessCode, access_codes.create,
          {"access_code": AccessCodeResource, **ATTEMPT}, WRITE, Rate.CREATE),
    Route("/access_codes/create_multiple", PUT, common_codes.CreateMultiple, common_codes.create_multiple,
          {"access_codes": list[AccessCodeResource]}, WRITE, Rate.CREATE),
    Route("/access_codes/get", GET, access_codes.GetAccessCode, access_codes.get, {"access_code": AccessCodeResource}),
    Route("/access_codes/list", GET, access_codes.ListAccessCodes, access_codes.list_codes, CODES),
    Route("/access_codes/update", PATCH, access_codes.UpdateAccessCode, access_codes.update, ATTEMPT, WRITE,
          Rate.UPDATE, CODE, (PUT,)),
    Route("/access_codes/update_multiple", PATCH, common_codes.UpdateMultiple, common_codes.update_multiple, NOTHING,
          WRITE, Rate.UPDATE),
    Route("/access_codes/delete", DELETE, access_codes.DeleteAccessCode, access_codes.delete, ATTEMPT, WRITE,
          Rate.DELETE, CODE),
    Route("/access_codes/generate_code", GET, OfOneDevice, access_codes.generate_code, GENERATED),
    Route("/access_codes/pull_backup_access_code", POST, OfOneCode, backup_codes.pull,
          {"access_code": AccessCodeResource, "backup_access_code": AccessCodeResource}, WRITE),
    Route("/access_codes/report_device_constraints", POST, access_codes.ReportConstraints,
          access_codes.report_device_constraints, NOTHING, WRITE),
    Route("/access_codes/get_timeline", GET, timeline.GetTimeline, timeline.get_timeline, STORY),
    Route("/access_codes/simulate/create_unmanaged_access_code", POST, unmanaged_codes.SimulateUnmanaged,
          unmanaged_codes.simulate, UNMANAGED, WRITE),
    Route("/access_codes/unmanaged/get", GET, unmanaged_codes.GetUnmanaged, unmanaged_codes.get, UNMANAGED),
    Route("/access_codes/unmanaged/list", GET, unmanaged_codes.ListUnmanaged, unmanaged_codes.list_codes,
          {"access_codes": list[UnmanagedCodeResource], "pagination": Pagination}),
    Route("/access_codes/unmanaged/convert_to_managed", PATCH, unmanaged_codes.ConvertToManaged,
          unmanaged_codes.convert_to_managed, NOTHING, WRITE),
    Route("/access_codes/unmanaged/update", PATCH, unmanaged_codes.UpdateUnmanaged, unmanaged_codes.update,
          NOTHING, WRITE),
    Route("/access_codes/unmanaged/delete", DELETE, unmanaged_codes.DeleteUnmanaged, unmanaged_codes.delete,
          ATTEMPT, WRITE, Rate.DELETE, CODE),
    Route("/devices/get", GET, devices.GetDevice, devices.get, {"device": DeviceResource}),
    Route("/devices/list", GET, devices.ListDevices, devices.list_devices, DEVICES),
    Route("/devices/update", PATCH, devices.UpdateDevice, devices.update, NOTHING, WRITE),
    Route("/devices/delete", DELETE, OfOneDevice, devices.refuse_deletion, NOTHING, WRITE, subject=DEVICE),
    Route("/devices/list_device_providers", GET, devices.ListProviders, devices.list_providers,
          {"device_providers": list[dict[str, Any]]}),
    Route("/devices/report_provider_metadata", POST, devices.ReportMetadata, devices.report_provider_metadata,
          NOTHING, WRITE),
    Route("/devices/unmanaged/get", GET, devices.GetDevice, devices.get_unmanaged, {"device": DeviceResource}),
    Route("/devices/unmanaged/list", GET, devices.ListDevices, devices.list_unmanaged, DEVICES),
    Route("/devices/unmanaged/update", PATCH, devices.UpdateUnmanagedDevice, devices.update_unmanaged, NOTHING, WRITE),
    Route("/devices/simulate/connect", POST, OfOneDevice, simulated.refused, NOTHING, WRITE),
    Route("/devices/simulate/disconnect", POST, OfOneDevice, simulated.refused, NOTHING, WRITE),
    Route("/devices/simulate/remove", POST, OfOneDevice, simulated.refused, NOTHING, WRITE),
    Route("/devices/simulate/connect_to_hub", POST, OfOneDevice, simulated.refused, NOTHING, WRITE),
    Route("/devices/simulate/disconnect_from_hub", POST, OfOneDevice, simulated.refused, NOTHING, WRITE),
    Route("/devices/simulate/paid_subscription", POST, simulated.SimulateSubscription, simulated.refused, NOTHING,
          WRITE),
    Route("/locks/get", GET, devices.GetDevice, devices.get_lock, {"device": DeviceResource, "lock": DeviceResource}),
    Route("/locks/list", GET, devices.ListLocks, devices.list_locks,
          {"devices": list[DeviceResource], "locks": list[DeviceResource]}),
    Route("/locks/lock_door", POST, locks.MoveLock, locks.lock, ATTEMPT, WRITE, Rate.LOCK),
    Route("/locks/unlock_door", POST, locks.MoveLock, locks.unlock, ATTEMPT, WRITE, Rate.UNLOCK),
    Route("/locks/configure_auto_lock", POST, locks.ConfigureAutoLock, locks.configure_auto_lock, ATTEMPT, WRITE),
    Route("/locks/simulate/keypad_code_entry", POST, simulated.SimulateKeypadEntry, simulated.refused, ATTEMPT, WRITE),
    Route("/locks/simulate/manual_lock_via_keypad", POST, OfOneDevice, simulated.refused, ATTEMPT, WRITE),
    Route("/events/get", GET, events.GetEvent, events.get, {"event": EventResource}),
    Route("/events/list", GET, events.ListEvents, events.list_events, {"events": list[EventResource]}),
    Route("/webhooks/create", POST, webhooks.CreateWebhook, webhooks.create, {"webhook": webhooks.WebhookResource},
          WRITE),
    Route("/webhooks/get", GET, webhooks.OfOneWebhook, webhooks.get, {"webhook": webhooks.WebhookResource}),
    Route("/webhooks/list", GET, Nothing, webhooks.list_webhooks, {"webhooks": list[webhooks.WebhookResource]}),
    Route("/webhooks/update", PUT, webhooks.UpdateWebhook, webhooks.update, NOTHING, WRITE, subject="webhook_id"),
    Route("/webhooks/delete", DELETE, webhooks.OfOneWebhook, webhooks.delete, NOTHING, WRITE, subject="webhook_id"),
    Route("/guests/create", POST, guests.CreateGuest, guests.create, {"guest_id": UUID}, WRITE),
    Route("/guests/get", GET, guests.OfOneGuest, guests.get, {"guest": guests.GuestResource}),
    Route("/guests/list", GET, guests.ListGuests, guests.list_guests,
          {"guests": list[guests.GuestResource], "pagination": Pagination}),
    Route("/guests/update", PATCH, guests.UpdateGuest, guests.update, NOTHING, WRITE),
    Route("/guests/delete", DELETE, guests.OfOneGuest, guests.delete, NOTHING, WRITE, subject="guest_id"),
    Route("/messages/send", POST, messages.SendMessage, messages.send, {"message_id": UUID}, WRITE),
    Route("/messages/get", GET, messages.OfOneMessage, messages.get, {"message": messages.MessageResource}),
    Route("/messages/list", GET, messages.ListMessages, messages.list_messages,
          {"messages": list[messages.MessageResource], "pagination": Pagination}),
    Route("/message_channels/create", POST, message_settings.CreateChannel, message_settings.create_channel,
          {"message_channel": message_settings.ChannelResource}, WRITE),
    Route("/message_channels/list", GET, Nothing, message_settings.list_channels,
          {"message_channels": list[message_settings.ChannelResource]}),
    Route("/message_channels/delete", DELETE, message_settings.OfOneChannel, message_settings.delete_channel, NOTHING,
          WRITE, subject="channel_id"),
    Route("/message_templates/list", GET, Nothing, message_settings.list_templates,
          {"message_templates": list[message_settings.TemplateResource]}),
    Route("/message_templates/update", PUT, message_settings.PutTemplate, message_settings.put_template, NOTHING, WRITE),
    Route("/message_templates/delete", DELETE, message_settings.OfOneTemplate, message_settings.reset_template, NOTHING,
          WRITE),
    Route("/message_templates/preview", POST, message_settings.PutTemplate, message_settings.preview_template,
          {"preview": Template}),
    Route("/message_settings/get", GET, Nothing, message_settings.get_settings,
          {"message_settings": message_settings.SettingsResource}),
    Route("/message_settings/update", PATCH, message_settings.UpdateSettings, message_settings.update_settings,
          NOTHING, WRITE),
    Route("/action_attempts/get", GET, action_attempts.GetAttempt, action_attempts.get, ATTEMPT),
    Route("/action_attempts/list", GET, action_attempts.ListAttempts, action_attempts.list_attempts,
          {"action_attempts": list[ActionAttemptResource], "pagination": Pagination}),
    Route("/client_sessions/get", GET, client_sessions.GetClientSession, client_sessions.get,
          {"client_session": client_sessions.ClientSessionResource}),
    Route("/workspaces/get", GET, Nothing, workspaces.get, {"workspace": WorkspaceResource}),
    Route("/workspaces/list", GET, Nothing, workspaces.list_workspaces, {"workspaces": list[WorkspaceResource]}),
    Route("/workspaces/reset_sandbox", POST, Nothing, simulated.refused, ATTEMPT, WRITE),
    Route("/connected_accounts/get", GET, connected_accounts.GetAccount, connected_accounts.get,
          {"connected_account": ConnectedAccountResource}),
    Route("/connected_accounts/list", GET, connected_accounts.ListAccounts, connected_accounts.list_accounts,
          {"connected_accounts": list[ConnectedAccountResource], "pagination": Pagination}),
    Route("/connected_accounts/update", PATCH, connected_accounts.UpdateAccount, connected_accounts.update, NOTHING,
          WRITE),
    Route("/connected_accounts/delete", DELETE, connected_accounts.DeleteAccount, connected_accounts.delete, NOTHING,
          WRITE, subject=ACCOUNT),
    Route("/connected_accounts/sync", POST, OfOneAccount, connected_accounts.sync, NOTHING, WRITE),
    Route("/connected_accounts/simulate/disconnect", POST, OfOneAccount, connected_accounts.simulate_disconnect,
          NOTHING, WRITE),
    Route("/latchwork/exposures", GET, exposures.ListExposures, exposures.list_exposures,
          {"exposures": list[ExposureResource]}),
    Route("/latchwork/device_questions", GET, Nothing, replacements.list_questions,
          {"device_questions": list[QuestionResource]}),
    Route("/latchwork/device_questions/answer", POST, replacements.AnswerQuestion, replacements.answer, NOTHING,
          WRITE),
    Route("/latchwork/replacements", GET, Nothing, replacements.list_replacements,
          {"replacements": list[ReplacementResource]}),
    Route("/latchwork/replacements/get", GET, OfOneDevice, replacements.get, REPLACEMENT),
    Route("/latchwork/replacements/start", POST, replacements.StartReplacement, replacements.start, REPLACEMENT,
          WRITE),
    Route("/latchwork/replacements/roll_back", POST, OfOneDevice, replacements.roll_back, REPLACEMENT, WRITE),
    Route("/health", GET, Nothing, health.health, HEALTH, None),
    Route("/health/get_health", GET, Nothing, health.get_health, HEALTH, None),
)
# fmt: on
