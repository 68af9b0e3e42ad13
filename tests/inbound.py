"""A house whose lock cloud can tell it things: the API's intake over real HTTP, and the secret that both know."""

import base64
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlmodel import select
from standardwebhooks import Webhook

from api.app import create_app
from api.inbound import WebhookIntake
from domain.devices import Capabilities
from store import accounts
from store.credentials import open_credentials, seal_credentials
from store.tables import DeviceRow, InboundMessageRow
from tests.house import House
from workers.codec import KeyRingCodec
from workers.lifetime import background
from workers.serving import listen, serve, url_of


def new_secret() -> str:
    """Make a secret as Standard Webhooks wants it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


@dataclass
class Intake:
    """The door for webhooks, as a vendor sees it."""

    house: House
    url: str
    secret: str

    async def send(
        self,
        message: Any,
        *,
        message_id: str | None = None,
        secret: str | None = None,
        signed_at: datetime | None = None,
        url: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        """Send a message as the vendor would, or nearly."""
        body, message_id, at = json.dumps(message), message_id or f"msg_{uuid4().hex}", signed_at or datetime.now(UTC)
        signed = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign(message_id, at, body),
        }
        async with httpx.AsyncClient(trust_env=False) as http:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            return await http.post(url or self.url, content=body, headers=signed | given)

    async def taken(self) -> list[InboundMessageRow]:
        """List the messages that were written down."""
        async with self.house.database.read() as session:
            return list((await session.exec(select(InboundMessageRow))).all())

    async def telling_lock(self, **capabilities: Any) -> DeviceRow:
        """Put up a lock whose vendor's webhooks come from the lock."""
        able = Capabilities(webhooks_from_lock=True, **capabilities)
        return await self.house.new_lock(f"Lock {uuid4()}", capabilities=able)


@asynccontextmanager
async def open_intake(house: House) -> AsyncIterator[Intake]:
    """Give the house's account a secret, serve the API, and have the cloud send its news there."""
    secret = new_secret()
    await set_secret(house, house.account_id, secret)
    intake = WebhookIntake(house.client, house.database, house.keyring)
    app = create_app(codec=KeyRingCodec(house.keyring), ui_origin=None, intake=intake)
    listener = listen("127.0.0.1", 0)
    url = f"{url_of(listener)}/webhooks/in/{house.account_id}"
    async with background(serve(app, listener)):
        await register(house, url, secret)
        yield Intake(house, url, secret)
        await house.http.delete("/_webhook")
    listener.close()


async def register(house: House, url: str, secret: str) -> None:
    """Tell the cloud where to send its news."""
    (await house.http.put("/_webhook", json={"url": url, "secret": secret})).raise_for_status()


async def set_secret(house: House, account_id: UUID, secret: str | None) -> None:
    """Keep the secret with the account's credentials, as `latchwork accounts add` does."""
    async with house.database.write() as session:
        account = await accounts.get_account(session, account_id)
        assert account is not None
        credentials = open_credentials(house.keyring, account) | {"webhook_secret": secret}
        told = {name: value for name, value in credentials.items() if value is not None}
        account.credentials = seal_credentials(house.keyring, account_id, told)
        session.add(account)
