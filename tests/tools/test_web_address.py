"""Which addresses may be reached."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.tools.web_address import (
    BadAddress,
    check_addresses,
    check_name,
    host_and_port,
    is_public,
    redirect_target,
)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "1.1.1.1"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
        "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::", "2002:a00:1::1",
        "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2001:db8::1", "fec0::1", "fe80::1%eth0", "x", "",
        "192.0.0.1", "192.0.0.8", "192.0.0.192", "192.88.99.1", "198.51.100.1", "203.0.113.1",
        "168.63.129.16", "::ffff:168.63.129.16", "100.100.100.200", "fd00:ec2::254", "100::1",
        "2001::1", "2001:2::1", "2001:20::1", "3fff::1", "5f00::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_no_ipv6_dress_makes_a_private_address_public(address: IPv4Address) -> None:
    number = int(address)
    dresses = (0xFFFF << 32, 0x64FF9B << 96, 0)
    dressed = [IPv6Address(prefix | number) for prefix in dresses]
    dressed.append(IPv6Address(0x2002 << 112 | number << 80))
    if not is_public(str(address)):
        assert not any(is_public(str(form)) for form in dressed)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.com", ("example.com", 80)),
        ("HTTPS://Example.com:8443/x?y#z", ("example.com", 8443)),
        ("https://[::1]/", ("::1", 443)),
    ],
)
def test_host_and_port(url: str, expected: tuple[str, int]) -> None:
    assert host_and_port(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://x/", "example.com", "", "http://", "http:///x", "http://[::1",
        "http://user:pass@example.com/", "http://@example.com/", "http://x:99999/", "javascript:1",
    ],
)  # fmt: skip
def test_unusable_urls(url: str) -> None:
    with pytest.raises(BadAddress):
        host_and_port(url)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    check_addresses("h", ["8.8.8.8"], ())
    for addresses in (["8.8.8.8", "10.0.0.1"], []):
        with pytest.raises(BadAddress, match="Refused: h is a private or local address"):
            check_addresses("h", addresses, ())
    check_addresses("Local.Test", ["10.0.0.1"], ["local.test"])


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "a.localhost", "router", "x.internal", "nas.local", "127.0.0.1",
     "0x7f.1", "2130706433", "017700000001", "::1", "10.1"],
)  # fmt: skip
def test_names_that_only_a_proxy_would_resolve(host: str) -> None:
    with pytest.raises(BadAddress):
        check_name(host, ())
    check_name(host, [host])
    check_name("example.com", ())


@pytest.mark.parametrize(
    ("status", "location", "expected"),
    [
        (302, "/b", "http://x/b"),
        (301, "c?d", "http://x/a/c?d"),
        (307, "https://y/", "https://y/"),
        (308, "//y/z", "http://y/z"),
        (303, None, None),
        (200, "/b", None),
        (304, "/b", None),
    ],
)
def test_redirects(status: int, location: str | None, expected: str | None) -> None:
    assert redirect_target("http://x/a/b", status, location) == expected
