"""A configuration for the eyes of its user: what holds, without anything secret."""

from __future__ import annotations

from urllib.parse import urlsplit

from a3s_code.config.model import AgentConfig, McpServerConfig, ModelConfig, ProviderConfig


def describe_config(config: AgentConfig) -> list[tuple[str, str]]:
    """Pairs of a name and a value, in reading order, for `%a3s config`.

    Of a key only its presence is told; addresses are shown without credentials and query.
    """
    rows = [
        ("source", str(config.path) if config.path else "inline configuration"),
        ("default_model", config.default_model),
        ("max_tool_rounds", str(config.max_tool_rounds)),
        ("thinking_budget", _number(config.thinking_budget)),
        ("sessions_dir", str(config.sessions_dir or "none")),
        ("storage_backend", config.storage_backend),
        ("storage_url", "set" if config.storage_url else "none"),
        ("skill_dirs", _joined(config.skill_dirs)),
        ("agent_dirs", _joined(config.agent_dirs)),
    ]
    for provider in config.providers:
        rows.append((f"provider {provider.name}", _provider(provider)))
        rows += [(f"model {provider.name}/{model.id}", _model(model)) for model in provider.models]
    rows += [(f"mcp server {server.name}", _mcp_server(server)) for server in config.mcp_servers]
    for block in ("queue", "search", "memory"):
        if getattr(config, block) is not None:
            rows.append((block, "configured"))
    if config.web.allow_private_hosts:
        rows.append(("web.allow_private_hosts", _joined(config.web.allow_private_hosts)))
    rows += [("warning", warning) for warning in config.warnings]
    return rows


def _provider(provider: ProviderConfig) -> str:
    facts = [provider.kind, shown_url(provider.base_url) or "default address"]
    facts.append("api_key set" if provider.api_key else "no api_key")
    if provider.headers:
        facts.append(f"headers {', '.join(provider.headers)}")
    return "; ".join(facts)


def _model(model: ModelConfig) -> str:
    facts = [model.name] if model.name and model.name != model.id else []
    if model.base_url:
        facts.append(shown_url(model.base_url))
    if model.api_key:
        facts.append("own api_key set")
    if model.limit.context:
        facts.append(f"context {_number(model.limit.context)}")
    if model.limit.output:
        facts.append(f"output {_number(model.limit.output)}")
    able = ("tool_call", "temperature", "reasoning", "attachment")
    facts.append(", ".join(name for name in able if getattr(model, name)) or "text only")
    if model.cost.input or model.cost.output:
        facts.append(f"${model.cost.input:g} in, ${model.cost.output:g} out per million tokens")
    return "; ".join(facts)


def _mcp_server(server: McpServerConfig) -> str:
    facts = [server.transport, server.command or shown_url(server.url)]
    if not server.enabled:
        facts.append("disabled")
    return "; ".join(facts)


def shown_url(url: str | None) -> str:
    """An address without user, password, query and fragment; "" for None."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(unreadable address)"
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host or ''}{port}{parts.path}"


def _number(number: int | None) -> str:
    return "none" if number is None else f"{number:,}"


def _joined(items: tuple[object, ...]) -> str:
    return ", ".join(str(item) for item in items) or "none"
