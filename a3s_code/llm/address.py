"""Addresses of endpoints: what `base_url` may leave out, and what an error may show of it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_VERSION = re.compile(r"/v\d+[a-z0-9]*$")
_NAMED_VERSION = re.compile(r"/v\d+(?:alpha|beta)\d*(?:/|$)")


def endpoint_url(base_url: str, path: str) -> str:
    """Address of the endpoint `path` (such as `/chat/completions`) of version 1 below `base_url`.

    The version may stand in `base_url` or not. A base that names another version, as in
    `/api/paas/v4` or `/v1beta/openai`, keeps it; one that already ends in `path` is taken as it is.
    """
    parts = urlsplit(base_url.strip())
    root = parts.path.rstrip("/")
    if root.endswith(path):
        full = root
    elif not root.endswith("/v1") and (_VERSION.search(root) or _NAMED_VERSION.search(root)):
        full = root + path
    else:
        full = root.removesuffix("/v1").rstrip("/") + "/v1" + path
    return urlunsplit((parts.scheme, parts.netloc, full, parts.query, ""))


def shown_url(url: str) -> str:
    """`url` without user name, password and query, which may hold credentials."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
