"""What leaves through a channel reaches a public address or nobody, and no log line tells of it."""

import asyncio
import logging
import socket
from datetime import timedelta

import pytest
from pydantic import SecretStr

from activities.courier import Courier, is_a_channel
from domain.message_channels import addressed
from tests.mailbox import Mailbox, mailbox

ADDRESS, DIGITS = "ada@guest.example", "480733"


def greeting(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        return connection.recv(100)


async def send(box: Mailbox, *, host: str = "127.0.0.1", for_development: bool = True) -> str | None:
    url = SecretStr(addressed(box.url.replace("127.0.0.1", host), ADDRESS))
    return await Courier(for_development=for_development).send(url, "Your code", SecretStr(f"Use {DIGITS} & {{go}}"))


async def test_text_arrives_as_it_was_written_and_no_log_line_tells_of_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with mailbox() as box:
        assert await send(box) is None
    (mail,) = box.mails
    assert (mail.to, mail.subject, mail.text.strip()) == (ADDRESS, "Your code", f"Use {DIGITS} & {{go}}")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("mail")]
    assert [line for line in ours if DIGITS in line or ADDRESS in line] == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433"])
async def test_address_that_is_not_public_is_not_connected_to(host: str) -> None:
    async with mailbox() as box:
        problem = await send(box, host=host, for_development=False)
        assert (problem, box.offered) == ("not sent: an address that is not public", 0)
        # Only what sends a message is judged.
        assert (await asyncio.to_thread(greeting, box.port)).startswith(b"220 ")


async def test_refusal_and_silence_are_told_without_address_or_text() -> None:
    async with mailbox() as box:
        box.refusals = 1
        assert await send(box) == "the channel did not take it"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = SecretStr(f"mailto://127.0.0.1:{silent.getsockname()[1]}?from=a@b.example&to={ADDRESS}")
        courier = Courier(for_development=True, answer_within=timedelta(milliseconds=200))
        problem = await courier.send(url, "Your code", SecretStr(DIGITS))
    assert problem == "the channel did not answer in time"
    unknown = SecretStr("nonsense://127.0.0.1")
    assert await Courier(for_development=True).send(unknown, "", SecretStr(DIGITS)) == "the channel did not take it"


def test_url_of_no_service_is_known_without_a_connection() -> None:
    assert is_a_channel(SecretStr("mailtos://a:b@mail.example?to=ada@guest.example"))
    assert not is_a_channel(SecretStr("nonsense://mail.example"))
