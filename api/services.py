"""The application services that HTTP calls on, made once per process from what its composition root opened."""

from dataclasses import dataclass
from typing import Self

from temporalio.client import Client

from api.access_codes import AccessCodeService
from api.accounts import AccountService
from api.action_attempts import ActionAttemptService
from api.answers import AnswerService
from api.audit import AuditService
from api.common_codes import CommonCodeService
from api.devices import DeviceService
from api.events import EventReader
from api.exposures import ExposureReader
from api.guests import GuestService
from api.health import HealthService
from api.keys import KeyService
from api.limits import Limiter, RateLimits
from api.message_channels import MessageChannelService
from api.message_settings import MessageSettingsService
from api.messages import MessageService
from api.replacements import ReplacementService
from api.slots import SlotReader
from api.stories import StoryReader
from api.unmanaged_codes import UnmanagedCodeService
from api.users import UserService
from api.webhooks import WebhookService
from store.database import Database
from store.keyring import KeyRing


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a handler may call on."""

    database: Database
    keyring: KeyRing
    codes: AccessCodeService
    common_codes: CommonCodeService
    accounts: AccountService
    devices: DeviceService
    replacements: ReplacementService
    events: EventReader
    exposures: ExposureReader
    stories: StoryReader
    slots: SlotReader
    attempts: ActionAttemptService
    answers: AnswerService
    keys: KeyService
    webhooks: WebhookService
    unmanaged: UnmanagedCodeService
    guests: GuestService
    messages: MessageService
    message_channels: MessageChannelService
    message_settings: MessageSettingsService
    health: HealthService
    limiter: Limiter
    users: UserService
    audit: AuditService

    @classmethod
    def of(
        cls,
        client: Client,
        database: Database,
        keyring: KeyRing,
        limits: RateLimits,
        *,
        for_development: bool = False,
        messages_for_development: bool = False,
    ) -> Self:
        """Make them; the last two let webhooks and messages to guests go without TLS."""
        codes = AccessCodeService(client, database, keyring)
        limiter = Limiter(limits)
        return cls(
            database=database,
            keyring=keyring,
            codes=codes,
            common_codes=CommonCodeService(codes, database),
            accounts=AccountService(client, database, keyring),
            devices=DeviceService(client, database),
            replacements=ReplacementService(client, database),
            events=EventReader(database),
            exposures=ExposureReader(database),
            stories=StoryReader(database),
            slots=SlotReader(database),
            attempts=ActionAttemptService(client, database),
            answers=AnswerService(database),
            keys=KeyService(database, keyring),
            webhooks=WebhookService(client, database, keyring, for_development=for_development),
            unmanaged=UnmanagedCodeService(client, database, keyring),
            guests=GuestService(client, database, keyring),
            messages=MessageService(client, database, keyring),
            message_channels=MessageChannelService(database, keyring, for_development=messages_for_development),
            message_settings=MessageSettingsService(database),
            health=HealthService(client, database),
            limiter=limiter,
            users=UserService(database, keyring, limiter),
            audit=AuditService(database),
        )
