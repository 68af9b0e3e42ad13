"""Moving what is stored to the primary PIN key, so that an old key can be retired.

Each row is one small transaction, so that codes go on living meanwhile; a row that already bears the primary key is
left alone, which makes a repetition free and an interruption harmless.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Mapped
from sqlmodel import col, select

from domain.sealed import pin_aad
from store.credentials import open_credentials, seal_credentials
from store.database import Database
from store.guest_secrets import channel_aad, guest_aad, message_aad
from store.guest_tables import GuestRow, MessageChannelRow, MessageRow
from store.keyring import KeyRing, Purpose
from store.tables import AccessCodeRow, ConnectedAccountRow, PinRow
from store.unmanaged_tables import UnmanagedCodeRow
from store.webhook_secrets import open_secret, seal_secret
from store.webhook_tables import WebhookRow
from workers.backing import open_database
from workers.errors import CommandError
from workers.settings import Settings


async def reencrypt_store(settings: Settings, keyring: KeyRing) -> dict[str, int]:
    """Encrypt anew what an older key encrypted; give how many rows that were, by what they hold.

    Raises:
        KeyRingError: a row's key is missing; the rows before it are done.
    """
    async with open_database(settings) as database:
        return {
            "pins": await _pins(database, keyring),
            "unmanaged_pins": await _unmanaged_pins(database, keyring),
            "credentials": await _credentials(database, keyring),
            "webhook_secrets": await _webhook_secrets(database, keyring),
            "guests": await _blobs(database, keyring, GuestRow, col(GuestRow.sealed), guest_aad),
            "message_channels": await _blobs(
                database, keyring, MessageChannelRow, col(MessageChannelRow.url), channel_aad
            ),
            "messages": await _blobs(database, keyring, MessageRow, col(MessageRow.sealed), message_aad),
        }


async def _pins(database: Database, keyring: KeyRing) -> int:
    joined = col(PinRow.access_code_id) == col(AccessCodeRow.id)
    async with database.read() as session:
        rows = (await session.exec(select(PinRow, AccessCodeRow.workspace_id).join(AccessCodeRow, joined))).all()
    old = [(pin, workspace) for pin, workspace in rows if _is_old(keyring, pin.ciphertext)]
    for pin, workspace_id in old:
        aad = pin_aad(workspace_id, pin.access_code_id)
        fresh = keyring.encrypt(keyring.decrypt(pin.ciphertext, aad), aad)
        # The digits' row may have been replaced meanwhile: only what was read is overwritten.
        unchanged = (
            update(PinRow)
            .where(
                col(PinRow.access_code_id) == pin.access_code_id,
                col(PinRow.generation) == pin.generation,
                col(PinRow.ciphertext) == pin.ciphertext,
            )
            .values(ciphertext=fresh)
        )
        async with database.write() as session:
            await session.exec(unchanged)
    return len(old)


async def _unmanaged_pins(database: Database, keyring: KeyRing) -> int:
    async with database.read() as session:
        rows = (await session.exec(select(UnmanagedCodeRow).where(col(UnmanagedCodeRow.ciphertext).is_not(None)))).all()
    old = [(row, row.ciphertext) for row in rows if row.ciphertext and _is_old(keyring, row.ciphertext)]
    for row, ciphertext in old:
        aad = pin_aad(row.workspace_id, row.id)
        unchanged = update(UnmanagedCodeRow).where(
            col(UnmanagedCodeRow.id) == row.id, col(UnmanagedCodeRow.ciphertext) == ciphertext
        )
        async with database.write() as session:
            await session.exec(unchanged.values(ciphertext=keyring.encrypt(keyring.decrypt(ciphertext, aad), aad)))
    return len(old)


async def _credentials(database: Database, keyring: KeyRing) -> int:
    async with database.read() as session:
        accounts = (await session.exec(select(ConnectedAccountRow))).all()
    old = [account for account in accounts if _is_old(keyring, account.credentials)]
    for account in old:
        fresh = seal_credentials(keyring, account.id, open_credentials(keyring, account))
        unchanged = (
            update(ConnectedAccountRow)
            .where(
                col(ConnectedAccountRow.id) == account.id, col(ConnectedAccountRow.credentials) == account.credentials
            )
            .values(credentials=fresh)
        )
        async with database.write() as session:
            await session.exec(unchanged)
    return len(old)


async def _webhook_secrets(database: Database, keyring: KeyRing) -> int:
    done = 0
    for column in (col(WebhookRow.secret), col(WebhookRow.previous_secret)):
        async with database.read() as session:
            rows = (await session.exec(select(WebhookRow.id, column))).all()
        old = [(webhook_id, sealed) for webhook_id, sealed in rows if sealed and _is_old(keyring, sealed)]
        for webhook_id, sealed in old:
            fresh = seal_secret(keyring, webhook_id, open_secret(keyring, webhook_id, sealed))
            unchanged = update(WebhookRow).where(col(WebhookRow.id) == webhook_id, column == sealed)
            async with database.write() as session:
                await session.exec(unchanged.values({column: fresh}))
        done += len(old)
    return done


async def _blobs(
    database: Database,
    keyring: KeyRing,
    table: type[GuestRow] | type[MessageChannelRow] | type[MessageRow],
    column: Mapped[Any],
    aad_of: Callable[[UUID], bytes],
) -> int:
    """Encrypt one column anew, each of whose values is bound to its row's id."""
    async with database.read() as session:
        rows = (await session.exec(select(table.id, column).where(column.is_not(None)))).all()
    old = [(id, sealed) for id, sealed in rows if _is_old(keyring, sealed)]
    for id, sealed in old:
        fresh = keyring.encrypt(keyring.decrypt(sealed, aad_of(id)), aad_of(id))
        # A guest may have been forgotten, or corrected, meanwhile: only what was read is overwritten.
        unchanged = update(table).where(col(table.id) == id, column == sealed).values({column: fresh})
        async with database.write() as session:
            await session.exec(unchanged)
    return len(old)


async def reindex_store(settings: Settings, keyring: KeyRing) -> tuple[KeyRing, int]:
    """Index all PINs with the newest index key; give the ring in which it is primary, and how many PINs that were.

    One transaction: an index of two keys could not tell that two PINs are equal.  No worker may run meanwhile.

    Raises:
        CommandError: there is no newer index key.
    """
    key_id = _newest_index_key(keyring)
    joined = col(PinRow.access_code_id) == col(AccessCodeRow.id)
    async with open_database(settings) as database, database.write() as session:
        rows = (await session.exec(select(PinRow, AccessCodeRow.workspace_id).join(AccessCodeRow, joined))).all()
        for pin, workspace_id in rows:
            digits = keyring.decrypt(pin.ciphertext, pin_aad(workspace_id, pin.access_code_id)).decode()
            pin.pin_index = keyring.blind_index(pin.device_id, digits, key_id=key_id)
            session.add(pin)
        foreign = (
            await session.exec(select(UnmanagedCodeRow).where(col(UnmanagedCodeRow.ciphertext).is_not(None)))
        ).all()
        for row in foreign:
            digits = keyring.decrypt(row.ciphertext or b"", pin_aad(row.workspace_id, row.id)).decode()
            row.pin_index = keyring.blind_index(row.device_id, digits, key_id=key_id)
            session.add(row)
    return keyring.promote(key_id), len(rows) + len(foreign)


def _newest_index_key(keyring: KeyRing) -> str:
    keys = [key for key in keyring.listing if key.purpose is Purpose.INDEX]
    newest = max(keys, key=lambda key: key.created_at)
    if newest.primary:
        raise CommandError("the newest index key is in use already; `latchwork keyring add index` makes another")
    return newest.key_id


def _is_old(keyring: KeyRing, blob: bytes) -> bool:
    return keyring.key_id_of(blob) != keyring.primary_id(Purpose.PIN)
