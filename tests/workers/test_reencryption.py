"""Changing keys: what is stored follows, and equal PINs are still found."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlmodel import select

from domain.access_code import AccessCode, Wish
from domain.devices import DeviceFacts
from domain.guests import Guest
from domain.message_text import Template
from store import accounts, devices
from store.credentials import open_credentials, seal_credentials
from store.database import Database
from store.guest_secrets import (
    Letter,
    open_guest,
    open_letter,
    open_url,
    seal_guest,
    seal_letter,
    seal_url,
)
from store.guest_tables import GuestRow, MessageChannelRow, MessageRow
from store.keyring import KeyRing, Purpose, pin_aad
from store.tables import AccessCodeRow, ConnectedAccountRow, PinRow
from store.unmanaged_tables import UnmanagedCodeRow
from store.webhook_secrets import open_secret, seal_secret
from store.webhook_tables import WebhookRow
from tests.store.keys import NOW, new_ring
from workers.errors import CommandError
from workers.reencryption import reencrypt_store, reindex_store
from workers.settings import Settings

DIGITS = "480733"
FOREIGN = "480744"
ADA = Guest(name="Ada")
LETTER = Letter(address="ada@guest.example", text=Template(subject="Code", body="Hello"))


async def stored_code(database: Database, ring: KeyRing) -> UUID:
    """One account, one lock, one code, one webhook."""
    account_id, code_id = uuid4(), uuid4()
    async with database.write() as session:
        workspace = await accounts.default_workspace(session, now=NOW)
        account = await accounts.add_account(
            session,
            id=account_id,
            workspace_id=workspace.id,
            provider="lock_cloud",
            name="Locks",
            credentials=seal_credentials(ring, account_id, {"token": "t"}),
            now=NOW,
        )
        found = await devices.upsert_devices(session, account, [DeviceFacts(lock_id="l", name="L")], NOW, uuid4)
        (device_id,) = found.added
        code = AccessCode(wish=Wish(changed_at=NOW))
        row = AccessCodeRow(
            id=code_id,
            workspace_id=workspace.id,
            device_id=device_id,
            code=code.model_dump(mode="json"),
            created_at=NOW,
        )
        session.add(row)
        webhook_id = uuid4()
        session.add(
            WebhookRow(
                id=webhook_id,
                workspace_id=workspace.id,
                url="https://hooks.example/",
                event_types=["*"],
                secret=seal_secret(ring, webhook_id, SecretStr("whsec_new")),
                previous_secret=seal_secret(ring, webhook_id, SecretStr("whsec_old")),
                created_at=NOW,
            )
        )
        await session.flush()
        session.add(
            PinRow(
                access_code_id=code_id,
                generation=1,
                device_id=device_id,
                pin_index=ring.blind_index(device_id, DIGITS),
                ciphertext=ring.encrypt(DIGITS.encode(), pin_aad(workspace.id, code_id)),
                held_from=NOW,
            )
        )
        foreign_id = uuid4()
        session.add(
            UnmanagedCodeRow(
                id=foreign_id,
                workspace_id=workspace.id,
                device_id=device_id,
                pin_index=ring.blind_index(device_id, FOREIGN),
                ciphertext=ring.encrypt(FOREIGN.encode(), pin_aad(workspace.id, foreign_id)),
                created_at=NOW,
                seen_at=NOW,
            )
        )
        for letter in letters(ring, workspace.id, code_id):
            session.add(letter)
            await session.flush()
    return code_id


def letters(ring: KeyRing, workspace_id: UUID, code_id: UUID) -> list[GuestRow | MessageChannelRow | MessageRow]:
    """A guest, a channel and what was written through it."""
    whose: dict[str, Any] = {"workspace_id": workspace_id, "created_at": NOW}
    guest_id, channel_id, id = uuid4(), uuid4(), uuid4()
    url = seal_url(ring, channel_id, SecretStr("mailtos://mail.example"))
    letter = seal_letter(ring, id, LETTER)
    about: dict[str, Any] = {"access_code_id": code_id, "generation": 1, "kind": "backup", "status": "sent"}
    return [
        GuestRow(id=guest_id, sealed=seal_guest(ring, guest_id, ADA), **whose),
        MessageChannelRow(id=channel_id, name="Mail", kind="email", url=url, **whose),
        MessageRow(id=id, guest_id=guest_id, sealed=letter, changed_at=NOW, **about, **whose),
    ]


async def foreign_of(database: Database) -> UnmanagedCodeRow:
    async with database.read() as session:
        return (await session.exec(select(UnmanagedCodeRow))).one()


async def pin_of(database: Database, code_id: UUID) -> PinRow:
    async with database.read() as session:
        return (await session.exec(select(PinRow).where(PinRow.access_code_id == code_id))).one()


async def opened(folder: Path) -> tuple[Settings, Database]:
    settings = Settings(data=folder)
    database = await Database.open(settings.store_url.get_secret_value())
    await database.migrate()
    return settings, database


async def test_what_is_stored_moves_to_the_new_pin_key(tmp_path: Path) -> None:
    settings, database = await opened(tmp_path)
    old = new_ring()
    code_id = await stored_code(database, old)
    new = old.add(Purpose.PIN, "fresh", datetime.now(UTC))
    letters = {"guests": 1, "message_channels": 1, "messages": 1}
    first = {"pins": 1, "unmanaged_pins": 1, "credentials": 1, "webhook_secrets": 2, **letters}
    assert await reencrypt_store(settings, new) == first
    assert await reencrypt_store(settings, new) == dict.fromkeys(first, 0)
    without_old = new.retire("k1")
    pin = await pin_of(database, code_id)
    aad = pin_aad(accounts.DEFAULT_WORKSPACE_ID, code_id)
    assert without_old.decrypt(pin.ciphertext, aad) == DIGITS.encode()
    foreign = await foreign_of(database)
    assert without_old.decrypt(foreign.ciphertext or b"", pin_aad(foreign.workspace_id, foreign.id)) == FOREIGN.encode()
    async with database.read() as session:
        account = (await session.exec(select(ConnectedAccountRow))).one()
        webhook = (await session.exec(select(WebhookRow))).one()
    assert open_credentials(without_old, account) == {"token": "t"}
    assert webhook.previous_secret is not None
    assert open_secret(without_old, webhook.id, webhook.secret) == SecretStr("whsec_new")
    assert open_secret(without_old, webhook.id, webhook.previous_secret) == SecretStr("whsec_old")
    async with database.read() as session:
        guest = (await session.exec(select(GuestRow))).one()
        channel = (await session.exec(select(MessageChannelRow))).one()
        message = (await session.exec(select(MessageRow))).one()
    assert open_guest(without_old, guest) == ADA
    assert open_url(without_old, channel) == SecretStr("mailtos://mail.example")
    assert open_letter(without_old, message) == LETTER
    await database.close()


async def test_pins_are_found_by_the_new_index_key(tmp_path: Path) -> None:
    settings, database = await opened(tmp_path)
    old = new_ring()
    code_id = await stored_code(database, old)
    before = await pin_of(database, code_id)
    ring, count = await reindex_store(settings, old.add(Purpose.INDEX, "fresh", NOW + timedelta(days=1)))
    after = await pin_of(database, code_id)
    foreign = await foreign_of(database)
    assert foreign.pin_index == ring.blind_index(foreign.device_id, FOREIGN)
    assert count == 2
    assert after.pin_index == ring.blind_index(after.device_id, DIGITS)
    assert after.pin_index != before.pin_index
    assert ring.primary_id(Purpose.INDEX) == "fresh"
    await database.close()


async def test_there_is_nothing_to_reindex_with_without_a_newer_key(tmp_path: Path) -> None:
    settings, database = await opened(tmp_path)
    with pytest.raises(CommandError, match="keyring add index"):
        await reindex_store(settings, new_ring())
    await database.close()
