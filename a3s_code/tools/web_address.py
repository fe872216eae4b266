"""Which addresses of the web a model may reach: a pure core.

Everything that is not plainly part of the public internet is refused: the own machine, the local
network, the metadata services of cloud machines, and IPv6 forms that carry such an IPv4 address.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urljoin, urlsplit

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
# What `is_global` takes for public, in some version of Python or in all: special blocks in IANA's
# registries, and the address under which Azure's machines reach their host.
_SPECIAL = tuple(
    ip_network(block)
    for block in (
        *("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"),
        *("2001::/23", "3fff::/20", "5f00::/16", "fec0::/10"),
    )
)
_IPV4_COMPATIBLE = IPv6Network("::/96")  # deprecated, and still understood by some systems


class BadAddress(ValueError):
    """An address that is not to be asked for; the message says why."""


def is_public(address: str) -> bool:
    """Whether an IP address, as text without a zone, belongs to the public internet."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return all(_is_public(part) for part in (found, *_carried(found)))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or any(address in network for network in _SPECIAL)
    )


def _carried(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return []
    carried = [address.ipv4_mapped, address.sixtofour]
    if any(address in network for network in (*_NAT64, _IPV4_COMPATIBLE)):
        carried.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [part for part in carried if part is not None]


def host_and_port(url: str) -> tuple[str, int]:
    """Host and port of an `http` or `https` address without credentials. Raises `BadAddress`."""
    if not url.lower().startswith(("http://", "https://")):
        raise BadAddress("URL must start with http:// or https://")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadAddress(f"Invalid URL: {error}") from None
    if not host:
        raise BadAddress("Invalid URL: it names no host")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("URL must not contain a user name or password")
    return host, port or (443 if parts.scheme == "https" else 80)


def check_addresses(host: str, addresses: Collection[str], allowed: Collection[str]) -> None:
    """Raise `BadAddress` unless all addresses of a host are public, or the host is in `allowed`."""
    if host.lower() in {name.lower() for name in allowed}:
        return
    if not addresses or not all(map(is_public, addresses)):
        raise BadAddress(f"Refused: {host} is a private or local address")


def check_name(host: str, allowed: Collection[str]) -> None:
    """The same for a host that a proxy will resolve: by what its name alone tells."""
    name = host.lower().rstrip(".")
    literal = _literal(name)
    if literal is not None:
        check_addresses(host, [literal], allowed)
    elif "." not in name or name.endswith((".localhost", ".local", ".internal", ".home.arpa")):
        check_addresses(host, [], allowed)


def _literal(host: str) -> str | None:
    """The IP address that a host is spelled as, also in old forms such as `0x7f.1`; or None."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def redirect_target(url: str, status: int, location: str | None) -> str | None:
    """Where an answer sends its asker, None when it does not. Relative locations are resolved."""
    if status not in (301, 302, 303, 307, 308) or not location:
        return None
    try:
        return urljoin(url, location)
    except ValueError:
        raise BadAddress("the server redirects to an invalid address") from None
