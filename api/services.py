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
from api.health import HealthService
from api.keys import KeyService
from api.limits import Limiter, RateLimits
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
    events: EventReader
    attempts: ActionAttemptService
    answers: AnswerService
    keys: KeyService
    webhooks: WebhookService
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
    ) -> Self:
        """Make them; `for_development` lets webhooks go to addresses without TLS."""
        codes = AccessCodeService(client, database, keyring)
        limiter = Limiter(limits)
        return cls(
            database=database,
            keyring=keyring,
            codes=codes,
            common_codes=CommonCodeService(codes, database),
            accounts=AccountService(client, database, keyring),
            devices=DeviceService(client, database),
            events=EventReader(database),
            attempts=ActionAttemptService(client, database),
            answers=AnswerService(database),
            keys=KeyService(database, keyring),
            webhooks=WebhookService(client, database, keyring, for_development=for_development),
            health=HealthService(client, database),
            limiter=limiter,
            users=UserService(database, keyring, limiter),
            audit=AuditService(database),
        )
