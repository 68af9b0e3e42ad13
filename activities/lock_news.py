"""Taking in what a vendor tells by webhook: once, in one transaction with what follows from it.

Nothing told here changes what is known of a code.  What was said of a code is kept for the attempt that waits to hear
it (`activities/hearing.py`); a code in doubt that no attempt is about is woken, and looks for itself; and a lock that
says of itself what is not in the books is read.
"""

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.failures import store_failures
from activities.orders import LockNewsOrder, NudgeOrder
from domain.access_code import Presence
from domain.drift import Entry, bears_mark
from domain.hearing import Told, contradicts
from domain.names import mark, mark_in
from providers.base import NonsenseError
from providers.news import BatteryNews, CodeNews, News, ReachNews
from providers.registry import driver_entry
from store import accounts, codes, devices, inbound, leases
from store.database import Database
from store.keyring import KeyRing
from store.reconciliation import booked_on
from store.tables import ConnectedAccountRow, DeviceRow, InboundMessageRow
from store.unmanaged import unmanaged_on

NOBODY = NudgeOrder(device_ids=())


class LockNewsActivities:
    """What the workflow of one vendor's message does."""

    def __init__(self, database: Database, keyring: KeyRing) -> None:
        self._database = database
        self._keyring = keyring

    def all(self) -> list[Callable[..., Any]]:
        """List the activities, for a worker."""
        return [self.take]

    @activity.defn(name="take_lock_news")
    async def take(self, order: LockNewsOrder) -> NudgeOrder:
        """Write the message down, and say whom to wake.  One that was taken before changes nothing and wakes nobody."""
        with store_failures():
            async with self._database.write() as session:
                account = await accounts.get_account(session, order.account_id)
                if account is None or account.removed_at is not None:
                    return NOBODY
                is_taken = await inbound.is_taken(session, account.id, order.message_id)
                # What this very activity wrote before its worker died has woken nobody yet.
                if is_taken and activity.info().attempt == 1:
                    return NOBODY
                news = self._read(account, order)
                # With the lock's row in hand: on PostgreSQL, news that arrive together would not see each other.
                device = None if news is None else await devices.device_of_lock(session, account.id, news.lock_id)
                is_late = news is not None and device is not None and await _is_overtaken(session, device, news)
                if not is_taken:
                    session.add(self._row(order, news, device))
                    if device is not None and not is_late:
                        await _note(session, device, news, order.received_at)
                    await inbound.forget_expired(session, order.received_at)
                return NOBODY if news is None or device is None or is_late else await self._whom(session, device, news)

    def _read(self, account: ConnectedAccountRow, order: LockNewsOrder) -> News | None:
        body = inbound.open_message(self._keyring, account.id, order.message_id, base64.b64decode(order.sealed))
        try:
            return driver_entry(account.provider).read_news(body)
        except NonsenseError as error:
            activity.logger.warning("a vendor's webhook makes no sense: %s", error)
            return None

    def _row(self, order: LockNewsOrder, news: News | None, device: DeviceRow | None) -> InboundMessageRow:
        row = InboundMessageRow(
            account_id=order.account_id,
            message_id=order.message_id,
            kind=_kind(news),
            received_at=order.received_at,
            expires_at=order.received_at + inbound.KEPT,
        )
        if news is None or device is None:
            return row
        row.device_id, row.happened_at = device.id, news.happened_at
        if isinstance(news, CodeNews):
            row.reference, row.is_there = news.reference, news.is_there
            row.mark = None if news.name is None else mark_in(news.name)
            if news.pin is not None:
                row.pin_index = self._keyring.blind_index(device.id, news.pin.get_secret_value())
        return row

    async def _whom(self, session: AsyncSession, device: DeviceRow, news: News) -> NudgeOrder:
        """Name what this news concerns: all codes of a lock that is back, or one code in doubt."""
        match news:
            case ReachNews(is_online=True):
                return NudgeOrder(device_ids=(device.id,))
            case CodeNews():
                in_doubt = [] if news.name is None else await _in_doubt(session, device, news.name)
                doubted = (device.id,) if await self._is_otherwise(session, device, news) else ()
                return NudgeOrder(device_ids=(), access_code_ids=tuple(in_doubt), doubted_device_ids=doubted)
        return NOBODY

    async def _is_otherwise(self, session: AsyncSession, device: DeviceRow, news: CodeNews) -> bool:
        """Tell whether a lock that speaks for itself says what is not in the books: then it is read.

        What is said of a code that is not proven there concerns the attempt that is at it, or is old.
        """
        if not devices.facts_of(device).capabilities.webhooks_from_lock:
            return False  # such a lock is read often enough
        index = None if news.pin is None else self._keyring.blind_index(device.id, news.pin.get_secret_value())
        told = Told(news.is_there, news.happened_at, index, None if news.name is None else mark_in(news.name))
        for one in await booked_on(session, device.id):
            by_mark = news.name is not None and bears_mark(Entry(None, None, news.name, None), one.expected.stem)
            if news.reference == one.expected.reference or by_mark:
                is_proven = one.code.on_lock.presence is Presence.PRESENT
                return is_proven and contradicts(told, one.expected.pin_indexes)
        listed = {row.reference: row.pin_index for row in await unmanaged_on(session, device.id)}
        if news.reference in listed:
            return contradicts(told, [known for known in (listed[news.reference],) if known is not None])
        is_new = news.is_there and told.mark is None
        return is_new and not await leases.is_taken(session, device.id, datetime.now(UTC))


def _kind(news: News | None) -> str:
    match news:
        case CodeNews():
            return "code"
        case ReachNews():
            return "reach"
        case BatteryNews():
            return "battery"
        case None:
            return "nothing"


async def _is_overtaken(session: AsyncSession, device: DeviceRow, news: News) -> bool:
    """Tell whether later news of a lock's own state is known; news of codes are weighed by whoever waits for them."""
    if isinstance(news, CodeNews):
        return False
    return await inbound.is_overtaken(session, device.id, _kind(news), news.happened_at)


async def _note(session: AsyncSession, device: DeviceRow, news: News | None, now: datetime) -> None:
    match news:
        case ReachNews():
            await devices.mark_online(session, device, online=news.is_online, now=now, new_id=uuid4)
        case BatteryNews():
            await devices.note_battery(session, device, news.level)


async def _in_doubt(session: AsyncSession, device: DeviceRow, name: str) -> Sequence[UUID]:
    """Name the code with this name on the lock where it waits to look again.

    While a turn on the lock lasts nobody is woken: the attempt may be the very one that waits for these news.
    """
    told = mark_in(name)
    if told is None or await leases.is_taken(session, device.id, datetime.now(UTC)):
        return []
    ours = [
        code_id
        for code_id in await codes.open_codes_of(session, [device.id])
        if mark(code_id, 0).startswith(told.split(".")[0])
    ]
    found = [await codes.get(session, code_id) for code_id in ours]
    return [stored.row.id for stored in found if stored.code.on_lock.presence is Presence.MAYBE]
