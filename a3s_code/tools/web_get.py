"""Getting a page of the web: every hop is resolved, checked, and connected to at what was checked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from a3s_code.errors import ToolFailed
from a3s_code.llm.pages import Page, get_page
from a3s_code.tools.web_address import (
    BadAddress,
    check_addresses,
    check_name,
    host_and_port,
    redirect_target,
)

MAX_REDIRECTS = 10
_HEADERS = {
    "user-agent": "Mozilla/5.0 (compatible; a3s-code)",
    "accept": "text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.8",
    "accept-language": "en;q=0.9,*;q=0.5",
}


async def get_web_page(
    url: str, *, max_bytes: int, allowed_hosts: Collection[str] = (), proxy: str | None = None
) -> tuple[str, Page]:
    """The page at the end of at most 10 redirects, with its address.

    `allowed_hosts` may be private. Raises `ToolFailed`; there is no time limit here.
    """
    for _ in range(MAX_REDIRECTS + 1):
        try:
            page = await _get_checked(url, max_bytes, allowed_hosts, proxy)
            following = redirect_target(url, page.status, page.headers.get("location"))
        except BadAddress as error:
            raise ToolFailed(str(error)) from None
        except ConnectionError as error:
            raise ToolFailed(f"Failed to fetch {url}: {error}") from None
        if following is None:
            return url, page
        url = following
    raise ToolFailed(f"Too many redirects (max: {MAX_REDIRECTS})")


async def _get_checked(
    url: str, max_bytes: int, allowed_hosts: Collection[str], proxy: str | None
) -> Page:
    host, port = host_and_port(url)
    if proxy is not None:
        proxy_host, proxy_port = host_and_port(_as_http(proxy))
        check_addresses(proxy_host, await _resolve(proxy_host, proxy_port), allowed_hosts)
    proxy = proxy or _environment_proxy(url, host)
    if proxy is not None:
        check_name(host, allowed_hosts)
        return await get_page(url, max_bytes=max_bytes, proxy=proxy, headers=_HEADERS)
    addresses = await _resolve(host, port)
    check_addresses(host, addresses, allowed_hosts)
    for address in addresses[:-1]:
        try:
            return await get_page(url, max_bytes=max_bytes, address=address, headers=_HEADERS)
        except ConnectionError:
            continue  # for example IPv6 without a route: the next address may do
    return await get_page(url, max_bytes=max_bytes, address=addresses[-1], headers=_HEADERS)


async def _resolve(host: str, port: int) -> list[str]:
    """The host's addresses, in the system's order. Raises `ConnectionError`."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ConnectionError(f"the name {host} cannot be resolved") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _as_http(proxy: str) -> str:
    """A proxy's address in the form that is checked like any other. Raises `BadAddress`."""
    parts = urlsplit(proxy)
    if parts.scheme not in ("http", "socks5"):
        raise BadAddress("proxy must start with http:// or socks5://")
    return f"http://{parts.netloc.rpartition('@')[2]}"


def _environment_proxy(url: str, host: str) -> str | None:
    """The proxy that the environment names for an address. It is the user's own, so not checked."""
    if proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(urlsplit(url).scheme) or proxies.get("all")
