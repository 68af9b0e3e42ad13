"""Which network addresses a customer's URL may lead to: the public internet, and nothing that is near to us.

An address inside an address (IPv4 mapped into IPv6, NAT64, 6to4, Teredo) is judged by what it leads to.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NAT64 = ip_network("64:ff9b::/96")
_COMPATIBLE = ip_network("::/96")

_METADATA = frozenset(map(ip_address, ("169.254.169.254", "fd00:ec2::254", "168.63.129.16", "100.100.100.200")))
"""Where clouds tell a machine its secrets; Azure's is a public address by its number."""

_DEVELOPMENT = tuple(
    map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"))
)


def may_be_called(address: str, *, for_development: bool) -> bool:
    """Tell whether a request may go to a numeric address; development may call its own machine and network, too."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    target = _embedded(found) if isinstance(found, IPv6Address) else found
    if target in _METADATA:
        return False
    if for_development and any(target in network for network in _DEVELOPMENT):
        return True
    return _is_public(target)


def _embedded(address: IPv6Address) -> IPv4Address | IPv6Address:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(address.packed[-4:])
    return address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    special = address.is_multicast or address.is_reserved or address.is_link_local or address.is_unspecified
    if isinstance(address, IPv6Address):
        special = special or address.is_site_local
    return address.is_global and not special
