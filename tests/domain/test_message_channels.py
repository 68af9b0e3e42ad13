"""Which URLs carry a message to one person, and how the guest is reached."""

from uuid import UUID

import pytest

from domain.guests import Guest
from domain.message_channels import Channel, ChannelKind, addressed, channel_for, check_channel_url
from domain.refusals import RefusedError

EMAIL, SMS, CHAT = ChannelKind


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (EMAIL, "mailtos://desk:secret@mail.example?from=desk@house.example&to={to}"),
        (SMS, "twilio://AC0:token@+4930901820/{to}"),
        (CHAT, "signals://signal.example/+4930901820/{to}"),
    ],
)
def test_url_of_a_channel_is_taken(kind: ChannelKind, url: str) -> None:
    assert check_channel_url(kind, url, for_development=False) == url


@pytest.mark.parametrize(
    ("kind", "url", "rule"),
    [
        (EMAIL, "mailto://mail.example?to={to}", "scheme"),
        (EMAIL, "twilio://AC0:token@+4930901820/{to}", "scheme"),
        (EMAIL, "syslog://{to}", "scheme"),
        (EMAIL, "jsons://inside.example/{to}", "scheme"),
        (EMAIL, "file:///etc/passwd?{to}", "scheme"),
        (EMAIL, "mailtos://mail.example", "recipient"),
        (EMAIL, "mailtos://mail.example?to={to}&bto={to}", "recipient"),
        (EMAIL, "mailtos://mail.example?to={to}\n", "recipient"),
        (EMAIL, "mailtos://mail.example?to={to}&BCC=spy@evil.example", "parameter"),
        (EMAIL, "mailtos://mail.example?to={to}&%62cc=spy@evil.example", "parameter"),
        (EMAIL, "mailtos://mail.example?to={to}&verify=no", "parameter"),
        (EMAIL, "mailtos://mail.example?to={to}&mode=insecure", "parameter"),
        (EMAIL, "mailtos://mail.example?to={to}&pgpkey=/etc/passwd", "parameter"),
        (EMAIL, "http://[", "scheme"),
    ],
)
def test_other_urls_are_refused_without_being_repeated(kind: ChannelKind, url: str, rule: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_channel_url(kind, url, for_development=False)
    assert caught.value.refusal.rule == rule
    assert url not in str(caught.value)


def test_development_does_without_tls() -> None:
    assert check_channel_url(EMAIL, "mailto://127.0.0.1:25?mode=insecure&to={to}", for_development=True)


def test_address_can_be_nothing_but_an_address() -> None:
    url = addressed("mailtos://mail.example?to={to}", "a+b@guest.example&bcc=spy@evil.example")
    assert url == "mailtos://mail.example?to=a%2Bb%40guest.example%26bcc%3Dspy%40evil.example"


def test_first_channel_that_knows_the_guest_is_chosen() -> None:
    channels = [Channel(UUID(int=number), kind) for number, kind in enumerate((SMS, EMAIL, CHAT))]
    assert channel_for(Guest(email="a@b.example"), channels) == (channels[1], "a@b.example")
    assert channel_for(Guest(phone="+4930901820", email="a@b.example"), channels) == (channels[0], "+4930901820")
    assert channel_for(Guest(name="Ada"), channels) is None
