"""A mail server on loopback: the outermost edge at which messages to guests are read as their guests would."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.waiting import eventually


@dataclass
class Mail:
    """One delivered mail."""

    to: str
    subject: str
    text: str


@dataclass
class Mailbox:
    """What was delivered; the next `refusals` mails are refused with a temporary failure."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    refusals: int = 0
    offered: int = 0
    """How many mails were offered, those that were refused included."""

    @property
    def url(self) -> str:
        """Give the channel's URL that leads here."""
        return f"mailto://127.0.0.1:{self.port}?from=desk@house.example&name=House&format=text&to={{to}}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's
        """Take a mail, or refuse it."""
        self.offered += 1
        if self.refusals > 0:
            self.refusals -= 1
            return "451 try again later"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        part = mail.get_body(("plain",))
        assert part is not None
        self.mails += [Mail(to, str(mail["subject"]), part.get_content()) for to in envelope.rcpt_tos]
        return "250 taken"

    async def until(self, count: int, *, within: float = 30.0) -> list[Mail]:
        """Wait until so many mails were delivered."""

        async def came() -> bool:
            return len(self.mails) >= count

        await eventually(came, within=within, what=f"{count} mail(s), there are {len(self.mails)}")
        return self.mails


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """Run a mail server on a free port."""
    box, open_ones = Mailbox(), list[asyncio.BaseTransport]()

    class Greeting(SMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            open_ones.append(transport)
            super().connection_made(transport)

    def greet() -> Any:
        return Greeting(box, hostname="localhost", enable_SMTPUTF8=True)

    server = await asyncio.get_running_loop().create_server(greet, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
        for one in open_ones:
            one.close()
        # A transport is closed in the next turn of the loop.
        await asyncio.sleep(0)
