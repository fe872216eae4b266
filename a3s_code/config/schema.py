"""The documented keys of every block, and the building of the dataclasses from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from a3s_code.config import fields as f
from a3s_code.config.fields import Converter, Scope
from a3s_code.config.model import (
    AgentConfig,
    CostConfig,
    LimitConfig,
    McpOAuthSettings,
    McpServerConfig,
    MemorySettings,
    ModalitiesConfig,
    ModelConfig,
    PriorityBoostSettings,
    ProviderConfig,
    QueueSettings,
    RateLimitSettings,
    RelevanceSettings,
    RetryPolicySettings,
    WebSettings,
)
from a3s_code.config.search import SearchConfig, SearchEngineConfig, SearchHealthConfig
from a3s_code.config.tree import Body, Entry, Mistake

T = TypeVar("T")

LANES = ("control", "query", "execute", "generate")
# Blocks of other programs that read the same file: no reason for a warning.
_FOREIGN = frozenset({"agentic_search", "agentic_parse", "document_parser"})


def _block(build: Callable[..., Any], known: Mapping[str, Converter]) -> Converter:
    """A block whose every key fills the field of the same name."""

    def convert(scope: Scope, entry: Entry) -> Any:
        return build(**f.fields_of(scope, f.body_of(entry), known, f"in `{entry.name}`"))

    return convert


_CONNECTION: Mapping[str, Converter] = {
    "api_key": f.key,
    "base_url": f.address,
    "headers": f.headers,
    "session_id_header": f.name,
}
_COST = _block(
    CostConfig, dict.fromkeys(("input", "output", "cache_read", "cache_write"), f.number)
)
_LIMIT = _block(LimitConfig, dict.fromkeys(("context", "output"), f.integer(0)))
_MODALITIES = _block(ModalitiesConfig, dict.fromkeys(("input", "output"), f.strings))

_MODEL: Mapping[str, Converter] = {
    "id": f.name,
    "name": f.string,
    "family": f.string,
    **_CONNECTION,
    **dict.fromkeys(("tool_call", "temperature", "reasoning", "attachment"), f.switch),
    "release_date": f.string,
    "modalities": _MODALITIES,
    "cost": _COST,
    "limit": _LIMIT,
}
_PROVIDER: Mapping[str, Converter] = {"name": f.name, **_CONNECTION}


def _retry_policy(scope: Scope, entry: Entry) -> RetryPolicySettings:
    known: Mapping[str, Converter] = {
        "strategy": f.choice("exponential", "fixed", "none"),
        "max_retries": f.integer(0),
        "initial_delay_ms": f.integer(1),
        "fixed_delay_ms": f.integer(1),
    }
    policy: RetryPolicySettings = _block(RetryPolicySettings, known)(scope, entry)
    if policy.strategy == "fixed" and policy.fixed_delay_ms is None:
        raise Mistake("`retry_policy` of the strategy fixed needs `fixed_delay_ms`", entry.line)
    return policy


def _lane_timeouts(scope: Scope, entry: Entry) -> dict[str, int]:
    timeouts: dict[str, int] = {}
    for item in f.body_of(entry):
        if item.name not in LANES:
            problem = f"`lane_timeouts` has no lane `{item.name}`; lanes: {', '.join(LANES)}"
            raise Mistake(problem, item.line)
        timeouts[item.name] = f.integer(1)(scope, item)
    return timeouts


_QUEUE = _block(
    QueueSettings,
    {
        **{f"{lane}_max_concurrency": f.integer(1) for lane in LANES},
        **dict.fromkeys(("enable_metrics", "enable_dlq", "enable_alerts"), f.switch),
        "dlq_max_size": f.integer(1),
        "default_timeout_ms": f.integer(1),
        "storage_path": f.folder,
        "pressure_threshold": f.integer(1),
        "retry_policy": _retry_policy,
        "rate_limit": _block(
            RateLimitSettings,
            {
                "limit_type": f.choice("per_second", "per_minute", "per_hour", "unlimited"),
                "max_operations": f.integer(1),
            },
        ),
        "priority_boost": _block(
            PriorityBoostSettings,
            {
                "strategy": f.choice("standard", "aggressive", "disabled"),
                "deadline_ms": f.integer(1),
            },
        ),
        "lane_timeouts": _lane_timeouts,
    },
)
_ENGINE = _block(SearchEngineConfig, {"enabled": f.switch, "weight": f.number, "timeout": f.number})
_SEARCH: Mapping[str, Converter] = {
    "timeout": f.number,
    "health": _block(
        SearchHealthConfig, {"max_failures": f.integer(1), "suspend_seconds": f.integer(0)}
    ),
}
_MEMORY = _block(
    MemorySettings,
    {
        "relevance": _block(
            RelevanceSettings,
            dict.fromkeys(("decay_days", "importance_weight", "recency_weight"), f.number),
        ),
        **dict.fromkeys(("max_short_term", "max_working"), f.integer(1)),
    },
)
_WEB = _block(WebSettings, {"allow_private_hosts": f.strings})
_OAUTH = _block(
    McpOAuthSettings,
    {
        "token_url": f.address,
        "client_id": f.string,
        "client_secret": f.secret,
        "scopes": f.strings,
        "access_token": f.key,
    },
)
_MCP_SERVER: Mapping[str, Converter] = {
    "name": f.name,
    "transport": f.choice(
        "stdio", "http", "streamable-http", synonyms={"streamable_http": "streamable-http"}
    ),
    "command": f.name,
    "args": f.strings,
    "env": f.secret_map,
    "url": f.address,
    "headers": f.headers,
    "enabled": f.switch,
    "timeout_ms": f.integer(1),
    "tool_timeout_secs": f.integer(1),
    "oauth": _OAUTH,
}
_TOP: Mapping[str, Converter] = {
    "default_model": f.string,
    "max_tool_rounds": f.integer(1),
    "thinking_budget": f.integer(1),
    "skill_dirs": f.folders,
    "agent_dirs": f.folders,
    "storage_backend": f.choice("memory", "file", "custom"),
    "sessions_dir": f.folder,
    "storage_url": f.secret,
    "queue": _QUEUE,
    "memory": _MEMORY,
    "web": _WEB,
}


def build_config(scope: Scope, body: Body) -> AgentConfig:
    """A configuration from its tree. Raises `Mistake`; warnings are left in the scope."""
    repeated = ("providers", "mcp_servers", "search")
    own = Body(tuple(e for e in body if f.snake_case(e.name) not in _FOREIGN))
    groups = f.grouped(scope, own, [*_TOP, *repeated], "at the top level")
    values = {
        key: value
        for key, convert in _TOP.items()
        if key in groups and (value := convert(scope, f.only(groups[key]))) is not None
    }
    if "search" in groups:
        values["search"] = _search(scope, f.only(groups["search"]))
    servers = [_mcp_server(scope, entry) for entry in f.bodies_of(groups.get("mcp_servers", ()))]
    values["mcp_servers"] = _unique(scope, servers, "mcp_servers")
    providers = [_provider(scope, entry) for entry in f.bodies_of(groups.get("providers", ()))]
    values["providers"] = _unique(scope, providers, "providers")
    _check_selector(values.get("default_model"), groups.get("default_model"))
    return AgentConfig(**values)


def _check_selector(selector: str | None, entries: list[Entry] | None) -> None:
    if selector is None or entries is None:
        raise Mistake("`default_model` is missing; it has the form provider/model")
    provider, _, model = selector.partition("/")
    if not provider or not model:
        raise f.wrong_type(entries[-1], "of the form provider/model")


def _provider(scope: Scope, entry: Entry) -> ProviderConfig:
    groups = f.grouped(scope, f.body_of(entry), [*_PROVIDER, "models"], "in `providers`")
    models = [_model(scope, item) for item in f.bodies_of(groups.pop("models", ()))]
    values = {key: _PROVIDER[key](scope, f.only(found)) for key, found in groups.items()}
    provider = _named(ProviderConfig, "name", entry, values)
    seen: set[str] = set()
    for model, line in models:
        if model.id in seen:
            scope.warn(
                line, f"model `{model.id}` of `{provider.name}` is defined twice; the first holds"
            )
        seen.add(model.id)
    return _with(provider, models=tuple(model for model, _ in models))


def _with(provider: ProviderConfig, models: tuple[ModelConfig, ...]) -> ProviderConfig:
    from dataclasses import replace

    return replace(provider, models=models)


def _model(scope: Scope, entry: Entry) -> tuple[ModelConfig, int | None]:
    values = f.fields_of(scope, f.body_of(entry), _MODEL, "in `models`")
    return _named(ModelConfig, "id", entry, values), entry.line


def _mcp_server(scope: Scope, entry: Entry) -> McpServerConfig:
    values = f.fields_of(scope, f.body_of(entry), _MCP_SERVER, "in `mcp_servers`")
    seconds = values.pop("tool_timeout_secs", None)
    if seconds is not None:
        values.setdefault("timeout_ms", seconds * 1000)
    server = _named(McpServerConfig, "name", entry, values)
    needed = "command" if server.transport == "stdio" else "url"
    if server.enabled and not values.get(needed):
        problem = f"MCP server `{server.name}` of the transport {server.transport} needs `{needed}`"
        raise Mistake(problem, entry.line)
    return server


def _search(scope: Scope, entry: Entry) -> SearchConfig:
    groups = f.grouped(scope, f.body_of(entry), [*_SEARCH, "engine"], "in `search`")
    engines: dict[str, SearchEngineConfig] = {}
    for block in f.bodies_of(groups.pop("engine", ())):
        if block.labels:
            engines[block.labels[0]] = _ENGINE(scope, block)
        else:
            engines |= {item.name: _ENGINE(scope, item) for item in f.body_of(block)}
    values = {key: _SEARCH[key](scope, f.only(found)) for key, found in groups.items()}
    return SearchConfig(engines=engines, **values)


def _named(build: Callable[..., T], key: str, entry: Entry, values: dict[str, Any]) -> T:
    """Build a block that must say its name, as an attribute or as its label."""
    values = {name: value for name, value in values.items() if value is not None}
    if key not in values and entry.labels:
        values[key] = entry.labels[0]
    if not values.get(key):
        raise Mistake(f"a `{entry.name}` block has no `{key}`", entry.line)
    return build(**values)


Named = TypeVar("Named", ProviderConfig, McpServerConfig)


def _unique(scope: Scope, found: list[Named], block: str) -> tuple[Named, ...]:
    """The first of every name."""
    first: dict[str, Named] = {}
    for item in found:
        if item.name in first:
            scope.warn(None, f"`{item.name}` appears twice in `{block}`; the first holds")
        first.setdefault(item.name, item)
    return tuple(first.values())
