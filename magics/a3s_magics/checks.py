"""What `doctor` says about a configuration: where each value comes from, and whether it can work.

Keys are never shown, and nothing is sent: a server counts as reachable when it takes a connection.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from a3s_code import A3SError, Agent, AgentConfig, describe_config, discover_config
from a3s_magics.check import Check
from a3s_magics.notebook import data_folder
from a3s_magics.sanitise import terminal_text

_CONNECT_S = 3.0
_DEFAULT_ADDRESSES = {
    "anthropic": "https://api.anthropic.com",
    "openai": "https://api.openai.com",
}
_VARIABLES = ("A3S_CONFIG", "A3S_UI", "A3S_MODE", "A3S_REPLAY", "A3S_DATA_DIR")
_KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY")
_TOLD = ("source", "default_model", "sessions_dir", "storage_backend")  # in lines of their own
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def checks(
    folder: Path, *, model: str = "", environ: Mapping[str, str] = os.environ
) -> Iterator[Check]:
    """The configuration for work in `folder`, with `model` chosen by the user ("" for the default)."""
    for name in _VARIABLES:
        yield Check(name, environ.get(name) or "not set")
    for name in _KEYS:
        yield Check(name, "set" if environ.get(name) else "not set")
    yield from _network(environ)
    try:
        found = discover_config(folder)
        yield Check("configuration", found.origin)
        config = Agent.create(found.source).config
        yield from _config(config, found.origin, model)
    except A3SError as error:
        yield Check("configuration", error.problem, problem=True)
    yield _embedded()


def _config(config: AgentConfig, origin: str, model: str) -> Iterator[Check]:
    """Raises `A3SError` for a model that cannot be used."""
    name = model or config.default_model
    where = "set in the notebook" if model else origin
    resolved = config.resolve(name)
    yield Check("model", f"{name} ({where})")
    able = {"tool calls": resolved.tool_call, "images": resolved.attachment}
    yield Check("model can", ", ".join(f"{k}: {'yes' if v else 'no'}" for k, v in able.items()))
    sessions = config.sessions_dir or data_folder() / "sessions"
    said = f"sessions_dir, {origin}" if config.sessions_dir else "A3S_DATA_DIR or the user's folder"
    kept = "not kept (storage_backend)" if config.storage_backend != "file" else f"{sessions}"
    yield Check("conversations", f"{kept} ({said})" if config.storage_backend == "file" else kept)
    yield from _others(config, origin)
    if resolved.kind == "local":
        yield llama(installed=find_spec("xllamacpp") is not None)
        return
    yield Check("model's key", f"set ({origin})" if resolved.api_key else f"none ({origin})")
    address = resolved.base_url or _DEFAULT_ADDRESSES.get(resolved.kind, "")
    source = f"base_url, {origin}" if resolved.base_url else f"default of {resolved.kind}"
    problem = _unreachable(address)
    # The default address may be out of reach here and now; one that was configured should not be.
    yield Check(
        "model server",
        f"{_shown(address)} ({source}): {problem or 'takes connections'}",
        problem=problem is not None and resolved.base_url is not None,
    )


def _others(config: AgentConfig, origin: str) -> Iterator[Check]:
    """The rest of the configuration, as `%a3s config` shows it."""
    defaults = dict(describe_config(AgentConfig(default_model=config.default_model)))
    for name, value in describe_config(config):
        if name not in _TOLD:
            where = "default" if defaults.get(name) == value else origin
            yield Check(name, f"{value} ({where})")


def llama(*, installed: bool) -> Check:
    """Whether a model can run on this machine."""
    if not installed:
        needed = 'llama.cpp is not installed; run: pip install "a3s-kernel[local]"'
        return Check("model server", needed, problem=True)
    return Check("model server", "llama.cpp on this machine, started when it is needed")


def _embedded() -> Check:
    from a3s_code.local.source import is_cached, model_path

    missing = "not fetched yet; run: python -m a3s_kernel model fetch"
    return Check("embedded model", str(model_path()) if is_cached() else missing)


def _network(environ: Mapping[str, str]) -> Iterator[Check]:
    proxies = {kind: _shown(url) for kind, url in getproxies().items() if kind != "no"}
    shown = ", ".join(f"{kind}: {url}" for kind, url in sorted(proxies.items()))
    yield Check("proxy", shown or "none")
    for name in _CERTIFICATES:
        place = environ.get(name)
        if place:
            missing = not Path(place).exists()
            yield Check(name, f"{place}{' does not exist' if missing else ''}", problem=missing)
    if not any(environ.get(name) for name in _CERTIFICATES):
        yield Check("certificates", "built in (SSL_CERT_FILE is not set)")


def _unreachable(address: str) -> str | None:
    """Why nothing can be sent there, None when a connection is taken."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "not an address"
    if not host:
        return "not an address"
    proxy = getproxies().get(parts.scheme)
    through = ""
    if proxy and not proxy_bypass(host):
        target = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        host, port, through = target.hostname or "", target.port or 80, "the proxy: "
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_S) as connection:
            if parts.scheme == "https" and not through:
                with ssl.create_default_context().wrap_socket(connection, server_hostname=host):
                    pass
    except (OSError, UnicodeError) as error:  # ssl.SSLError and socket.gaierror are OSErrors
        reason = " ".join(terminal_text(str(error)).split()) or type(error).__name__
        return f"cannot be reached: {through}{reason}"
    return None


def _shown(url: str) -> str:
    """The address without user, password and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "not an address"
    return (
        f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        if parts.netloc
        else url.rpartition("@")[2]
    )
