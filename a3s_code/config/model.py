"""What a configuration says, as frozen values with the documented defaults.

Everything that may hold a credential is a `Secret` or left out of `repr`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from a3s_code.config.search import SearchConfig
from a3s_code.config.secret import Secret
from a3s_code.errors import ConfigError, UnknownModel

ProviderKind = Literal["anthropic", "openai", "local"]

_ANTHROPIC_NAMES = ("anthropic", "claude")
LOCAL_PROVIDER = "local"


# -- models and providers ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CostConfig:
    """Prices in USD per million tokens; 0.0 when unknown."""

    input: float = 0.0
    output: float = 0.0
    cache_read: float = 0.0
    cache_write: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitConfig:
    """Sizes in tokens; 0 means unknown. `output > 0` becomes `max_tokens` of requests."""

    context: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalitiesConfig:
    """What a model takes and gives: `text`, `image`, `pdf`."""

    input: tuple[str, ...] = ()
    output: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """One model. A None or empty connection setting means the provider's."""

    id: str
    name: str = ""
    family: str = ""
    api_key: Secret | None = None
    base_url: str | None = field(default=None, repr=False)  # may carry credentials
    headers: Mapping[str, Secret] = field(default_factory=dict)
    session_id_header: str | None = None
    tool_call: bool = True
    temperature: bool = True
    reasoning: bool = False
    attachment: bool = False
    release_date: str | None = None
    modalities: ModalitiesConfig = ModalitiesConfig()
    cost: CostConfig = CostConfig()
    limit: LimitConfig = LimitConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """An endpoint and its models. Names are unique in a configuration."""

    name: str
    api_key: Secret | None = None
    base_url: str | None = field(default=None, repr=False)
    headers: Mapping[str, Secret] = field(default_factory=dict)
    session_id_header: str | None = None
    models: tuple[ModelConfig, ...] = ()

    @property
    def kind(self) -> ProviderKind:
        """Which client speaks with it; every name that is not special is OpenAI-compatible."""
        if self.name.lower() in _ANTHROPIC_NAMES:
            return "anthropic"
        if self.name == LOCAL_PROVIDER and not self.base_url:
            return "local"
        return "openai"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedModel:
    """Everything one model call needs, with the provider's settings filled in.

    `base_url` None means the endpoint of its kind. `api_key` None sends no credentials.
    """

    provider: str
    kind: ProviderKind
    model: str
    name: str
    family: str
    base_url: str | None = field(repr=False)
    api_key: Secret | None
    headers: Mapping[str, Secret]
    session_id_header: str | None
    limit: LimitConfig
    cost: CostConfig
    modalities: ModalitiesConfig
    tool_call: bool
    temperature: bool
    reasoning: bool
    attachment: bool

    @property
    def selector(self) -> str:
        """The `provider/model` that names it."""
        return f"{self.provider}/{self.model}"


EMBEDDED_MODEL = ModelConfig(
    id="smollm2-135m-instruct",
    name="SmolLM2 135M Instruct (embedded)",
    family="smollm2",
    tool_call=False,  # far too small to drive tools
    modalities=ModalitiesConfig(input=("text",), output=("text",)),
    limit=LimitConfig(context=8192, output=512),
)
_EMBEDDED_PROVIDER = ProviderConfig(name=LOCAL_PROVIDER, models=(EMBEDDED_MODEL,))


# -- other blocks -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicySettings:
    """How queued commands are repeated. `fixed_delay_ms` belongs to the strategy `fixed`."""

    strategy: Literal["exponential", "fixed", "none"] = "exponential"
    max_retries: int = 3
    initial_delay_ms: int = 100
    fixed_delay_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitSettings:
    """How many queued commands may start per unit of time."""

    limit_type: Literal["per_second", "per_minute", "per_hour", "unlimited"] = "unlimited"
    max_operations: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityBoostSettings:
    """How a queued command rises when its deadline comes near."""

    strategy: Literal["standard", "aggressive", "disabled"] = "standard"
    deadline_ms: int = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """Starting values of a session's lane queue; the block alone creates no queue."""

    control_max_concurrency: int = 2
    query_max_concurrency: int = 4
    execute_max_concurrency: int = 2
    generate_max_concurrency: int = 1
    enable_metrics: bool = False
    enable_dlq: bool = False
    dlq_max_size: int = 1000
    enable_alerts: bool = False
    default_timeout_ms: int | None = None
    storage_path: Path | None = None
    pressure_threshold: int = 50
    retry_policy: RetryPolicySettings | None = None
    rate_limit: RateLimitSettings | None = None
    priority_boost: PriorityBoostSettings | None = None
    lane_timeouts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelevanceSettings:
    """How remembered items are ranked; weights from 0.0 to 1.0."""

    decay_days: float = 30.0
    importance_weight: float = 0.7
    recency_weight: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySettings:
    """Sizes and ranking of a session's memory; the block alone switches no memory on."""

    relevance: RelevanceSettings = RelevanceSettings()
    max_short_term: int = 100
    max_working: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class McpOAuthSettings:
    """Where an access token for an MCP server comes from."""

    token_url: str | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    scopes: tuple[str, ...] = ()
    access_token: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServerConfig:
    """One MCP server. `stdio` needs `command`, the others `url`; `timeout_ms` is per tool call."""

    name: str
    transport: Literal["stdio", "http", "streamable-http"] = "stdio"
    command: str | None = None
    args: tuple[str, ...] = field(default=(), repr=False)  # may carry credentials
    env: Mapping[str, Secret] = field(default_factory=dict)
    url: str | None = field(default=None, repr=False)
    headers: Mapping[str, Secret] = field(default_factory=dict)
    enabled: bool = True
    timeout_ms: int = 60_000
    oauth: McpOAuthSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """`allow_private_hosts` names hosts that `web_fetch` may reach although they are private."""

    allow_private_hosts: tuple[str, ...] = ()


# -- the whole --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """A whole configuration. Directories are absolute; a block that is not there is None.

    `path` is the file it came from, None for text. `warnings` are sentences about unknown or
    contradictory settings; they were also logged.
    """

    default_model: str
    max_tool_rounds: int = 50
    thinking_budget: int | None = None
    skill_dirs: tuple[Path, ...] = ()
    agent_dirs: tuple[Path, ...] = ()
    storage_backend: Literal["memory", "file", "custom"] = "file"
    sessions_dir: Path | None = None
    storage_url: Secret | None = None  # such URLs carry passwords
    providers: tuple[ProviderConfig, ...] = ()
    queue: QueueSettings | None = None
    search: SearchConfig | None = None
    memory: MemorySettings | None = None
    mcp_servers: tuple[McpServerConfig, ...] = ()
    web: WebSettings = WebSettings()
    path: Path | None = None
    warnings: tuple[str, ...] = ()

    def resolve(self, selector: str | None = None) -> ResolvedModel:
        """The model of a `provider/model` selector; None means `default_model`.

        Raises `UnknownModel` when it is not defined or not of this form, `ConfigError` when its
        provider has neither a key nor a `base_url`.
        """
        provider, model = find_model(self.providers, selector or self.default_model)
        resolved = _combine(provider, model)
        if resolved.kind != "local" and not resolved.api_key and not resolved.base_url:
            problem = f"provider `{provider.name}` has neither an api_key nor a base_url"
            raise ConfigError(problem, path=str(self.path) if self.path else None)
        return resolved

    def model_selectors(self) -> tuple[str, ...]:
        """Every `provider/model` that can be chosen, in the order of the configuration."""
        return tuple(f"{p.name}/{m.id}" for p in self.providers for m in p.models)


def find_model(
    providers: tuple[ProviderConfig, ...], selector: str
) -> tuple[ProviderConfig, ModelConfig]:
    """The first provider and model of these names; the embedded model is always there.

    Raises `UnknownModel`, which says what exists instead.
    """
    provider_name, slash, model_id = selector.partition("/")
    if not slash or not provider_name or not model_id:
        raise UnknownModel(
            f"{selector!r} does not name a model; the expected form is provider/model"
            + _proposal(providers, selector)
        )
    provider = next((p for p in providers if p.name == provider_name), None)
    if provider is None and provider_name == LOCAL_PROVIDER:
        provider = _EMBEDDED_PROVIDER
    if provider is None:
        names = ", ".join(p.name for p in providers) or "none"
        raise UnknownModel(
            f"provider {provider_name!r} of model {model_id!r} is not defined; defined: {names}"
        )
    models = provider.models
    if provider.kind == "local":
        models += (EMBEDDED_MODEL,)
    for model in models:
        if model.id == model_id:
            return provider, model
    ids = ", ".join(model.id for model in models) or "none"
    raise UnknownModel(f"provider {provider_name!r} has no model {model_id!r}; it has: {ids}")


def _proposal(providers: tuple[ProviderConfig, ...], model_id: str) -> str:
    found = [f"{p.name}/{m.id}" for p in providers for m in p.models if m.id == model_id]
    return f"; did you mean {found[0]!r}?" if found else ""


def _combine(provider: ProviderConfig, model: ModelConfig) -> ResolvedModel:
    base_url = model.base_url or provider.base_url
    return ResolvedModel(
        provider=provider.name,
        kind="openai" if provider.kind == "local" and base_url else provider.kind,
        model=model.id,
        name=model.name or model.id,
        family=model.family,
        base_url=base_url,
        api_key=model.api_key or provider.api_key,
        headers=model.headers or provider.headers,
        session_id_header=model.session_id_header or provider.session_id_header,
        limit=model.limit,
        cost=model.cost,
        modalities=model.modalities,
        tool_call=model.tool_call,
        temperature=model.temperature,
        reasoning=model.reasoning,
        attachment=model.attachment,
    )
