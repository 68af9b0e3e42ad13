"""A customer's URL leads to the public internet, whatever way its address is written."""

import pytest

from domain.addresses import may_be_called

PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:82b::200e"]
PUBLIC_INSIDE = ["::ffff:1.1.1.1", "64:ff9b::101:101", "2002:0101:0101::1"]
NEAR = ["127.0.0.1", "127.255.0.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::1", "fd12:3456::1"]
NEAR_INSIDE = [
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "::127.0.0.1",
]
NEVER = [
    *("169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::169.254.169.254"),
    *("fd00:ec2::254", "168.63.129.16", "100.100.100.200"),  # metadata
    *("169.254.1.1", "fe80::1", "fe80::1%eth0"),  # link-local
    *("0.0.0.7", "::", "255.255.255.255", "240.0.0.1", "0.1.2.3"),  # nobody's
    *("224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"),  # multicast
    *("100.64.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.9", "2001:db8::1", "fec0::1", "64:ff9b:1::1", "100::1"),
    *("", "hooks.example", "127.1", "0x7f000001", "1.1.1.1.1"),  # no numeric addresses
    "2001:0:a9fe:a9fe:0:0:5601:5601",  # Teredo, of 169.254.169.254
]


@pytest.mark.parametrize("address", PUBLIC + PUBLIC_INSIDE)
def test_public_addresses_may_be_called(address: str) -> None:
    assert may_be_called(address, for_development=False)
    assert may_be_called(address, for_development=True)


@pytest.mark.parametrize("address", NEAR + NEAR_INSIDE)
def test_what_is_near_may_be_called_in_development_alone(address: str) -> None:
    assert not may_be_called(address, for_development=False)
    assert may_be_called(address, for_development=True)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_may_never_be_called(address: str) -> None:
    assert not may_be_called(address, for_development=False)
    assert not may_be_called(address, for_development=True)
