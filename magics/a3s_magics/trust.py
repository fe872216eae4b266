"""A configuration that came with a folder: what it sends where is said once, before it is sent.

Nothing is refused. What stays on this machine, sends no variable and starts nothing is not worth a
line.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from a3s_code import AgentConfig

_VARIABLE = re.compile(rb'env\(\s*"([A-Za-z_][A-Za-z0-9_]*)"\s*\)')


class KnownConfigs:
    """Contents of configurations that were announced: empty files named by their hashes.

    What cannot be written is announced again the next time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def knows(self, content: bytes) -> bool:
        """Whether this very content was announced before."""
        return self._file(content).exists()

    def add(self, content: bytes) -> None:
        """It has been announced."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file(content).touch()
        except OSError:
            return

    def _file(self, content: bytes) -> Path:
        return self._folder / hashlib.sha256(content).hexdigest()


class FirstUse:
    """The line about one configuration file; "" when it is known, or leads nowhere."""

    def __init__(self, path: Path, config: AgentConfig, known: KnownConfigs) -> None:
        self._known = known
        try:
            self._content = path.read_bytes()
        except OSError:  # gone since it was loaded
            self._content = b""
        self.line = ""
        if not known.knows(self._content):
            self.line = announcement(path, config, variables_in(self._content, os.environ))

    def announced(self) -> None:
        """The line has been shown."""
        if self.line:
            self._known.add(self._content)
        self.line = ""


def variables_in(content: bytes, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that a configuration names, with their values."""
    named = {name.decode("ascii") for name in _VARIABLE.findall(content)}
    return {name: environ[name] for name in sorted(named) if environ.get(name)}


def announcement(path: Path, config: AgentConfig, variables: Mapping[str, str]) -> str:
    """File, servers, variables and programs in one line; "" when there is nothing to tell.

    `variables` are those that the file names.
    """
    sent = _sent(config, variables)
    places = [
        f"{place} with {' and '.join(names)}" if names else place for place, names in sent.items()
    ]
    parts = [f"it sends prompts to {', '.join(places)}"] if places else []
    programs = [
        server.command for server in config.mcp_servers if server.enabled and server.command
    ]
    if programs:
        parts.append(f"it starts {', '.join(programs)}")
    if not parts:
        return ""
    return f"first use of {path}, which came with this folder: {'; '.join(parts)}"


def _sent(config: AgentConfig, variables: Mapping[str, str]) -> dict[str, list[str]]:
    """Addresses, each with the variables whose values go there."""
    found: dict[str, list[str]] = {}
    for url, secrets in _endpoints(config):
        place, is_here = _place(url)
        names = [
            name for name, value in variables.items() if any(value in secret for secret in secrets)
        ]
        if names or not is_here:
            known = found.setdefault(place, [])
            known += [name for name in names if name not in known]
    return found


def _endpoints(config: AgentConfig) -> Iterator[tuple[str, list[str]]]:
    """Every address, and the texts that go with a request to it."""
    for provider in config.providers:
        if provider.kind == "local":
            continue
        default = f"the usual address of {provider.kind}"
        for model in provider.models:
            key = model.api_key or provider.api_key
            headers = {**provider.headers, **model.headers}
            url = model.base_url or provider.base_url or default
            secrets = [key] if key else []
            yield url, [url, *(secret.reveal() for secret in (*secrets, *headers.values()))]
    for server in config.mcp_servers:
        if server.enabled and server.url:
            headers = dict(server.headers)
            oauth = server.oauth
            tokens = [oauth.access_token, oauth.client_secret] if oauth else []
            secrets = [*headers.values(), *(token for token in tokens if token)]
            yield server.url, [server.url, *(secret.reveal() for secret in secrets)]


def _place(url: str) -> tuple[str, bool]:
    """An address without path and credentials, and whether it is on this machine."""
    if "://" not in url:
        return url, False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read", False
    shown = f"[{host}]" if ":" in host else host
    is_here = host in ("localhost", "::1") or host.startswith("127.")
    return f"{parts.scheme}://{shown}{port}", is_here
