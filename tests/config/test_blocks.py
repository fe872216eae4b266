"""Every documented key of a configuration: its default, its value, its wrong values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from a3s_code.config.load import config_from_mapping, load_config
from a3s_code.config.model import (
    AgentConfig,
    McpServerConfig,
    ModelConfig,
    ProviderConfig,
)
from a3s_code.config.secret import Secret, reveal_all
from a3s_code.errors import ConfigError

BASE = 'default_model = "p/m"\nproviders {{ name = "p" api_key = "k" {provider} models {{ id = "m" {model} }} }}\n'


def text_of(*, top: str = "", provider: str = "", model: str = "") -> str:
    """A minimal configuration with something added at one of its levels."""
    return BASE.format(provider=provider, model=model) + top


def first_provider(config: AgentConfig) -> ProviderConfig:
    return config.providers[0]


def first_model(config: AgentConfig) -> ModelConfig:
    return config.providers[0].models[0]


def server(config: AgentConfig) -> McpServerConfig:
    return config.mcp_servers[0]


Look = Callable[[AgentConfig], Any]

# where, key as written, text, what is read, its value, its default (... when the block is optional)
ROWS: list[tuple[str, str, Look, object, object]] = [
    ("top", "max_tool_rounds = 7", lambda c: c.max_tool_rounds, 7, 50),
    ("top", "thinking_budget = 2048", lambda c: c.thinking_budget, 2048, None),
    ("top", 'skill_dirs = ["/s"]', lambda c: c.skill_dirs, (Path("/s"),), ()),
    ("top", 'agent_dirs = ["/a"]', lambda c: c.agent_dirs, (Path("/a"),), ()),
    ("top", 'storage_backend = "file"', lambda c: c.storage_backend, "file", "file"),
    ("top", 'storage_backend = "memory"', lambda c: c.storage_backend, "memory", "file"),
    ("top", 'storage_backend = "custom"', lambda c: c.storage_backend, "custom", "file"),
    ("top", 'sessions_dir = "/d"', lambda c: c.sessions_dir, Path("/d"), None),
    ("top", 'storage_url = "redis://h"', lambda c: c.storage_url, Secret("redis://h"), None),
    ("provider", "", lambda c: (first_provider(c).name, first_provider(c).api_key, first_model(c).id), ("p", Secret("k"), "m"), ...),
    ("provider", 'base_url = "http://h/v1"', lambda c: first_provider(c).base_url, "http://h/v1", None),
    ("provider", 'headers = { X-A = "b" }', lambda c: reveal_all(first_provider(c).headers), {"X-A": "b"}, {}),
    ("provider", 'session_id_header = "X-S"', lambda c: first_provider(c).session_id_header, "X-S", None),
    ("model", 'name = "M"', lambda c: first_model(c).name, "M", ""),
    ("model", 'family = "f"', lambda c: first_model(c).family, "f", ""),
    ("model", 'api_key = "mk"', lambda c: first_model(c).api_key, Secret("mk"), None),
    ("model", 'base_url = "https://n"', lambda c: first_model(c).base_url, "https://n", None),
    ("model", 'headers = { A = "b" }', lambda c: reveal_all(first_model(c).headers), {"A": "b"}, {}),
    ("model", 'session_id_header = "X"', lambda c: first_model(c).session_id_header, "X", None),
    ("model", "tool_call = false", lambda c: first_model(c).tool_call, False, True),
    ("model", "temperature = false", lambda c: first_model(c).temperature, False, True),
    ("model", "reasoning = true", lambda c: first_model(c).reasoning, True, False),
    ("model", "attachment = true", lambda c: first_model(c).attachment, True, False),
    ("model", 'release_date = "2024-05-13"', lambda c: first_model(c).release_date, "2024-05-13", None),
    ("model", 'modalities { input = ["text", "pdf"] }', lambda c: first_model(c).modalities.input, ("text", "pdf"), ()),
    ("model", 'modalities { output = ["text"] }', lambda c: first_model(c).modalities.output, ("text",), ()),
    ("model", "cost { input = 2.5 }", lambda c: first_model(c).cost.input, 2.5, 0.0),
    ("model", "cost { output = 10 }", lambda c: first_model(c).cost.output, 10, 0.0),
    ("model", "cost { cache_read = 0.3 }", lambda c: first_model(c).cost.cache_read, 0.3, 0.0),
    ("model", "cost { cache_write = 3.75 }", lambda c: first_model(c).cost.cache_write, 3.75, 0.0),
    ("model", "limit { context = 128000 }", lambda c: first_model(c).limit.context, 128000, 0),
    ("model", "limit { output = 4096 }", lambda c: first_model(c).limit.output, 4096, 0),
    ("model", "limit = { output = 1e3 }", lambda c: first_model(c).limit.output, 1000, 0),
    ("queue", "control_max_concurrency = 9", lambda c: c.queue.control_max_concurrency, 9, 2),
    ("queue", "query_max_concurrency = 9", lambda c: c.queue.query_max_concurrency, 9, 4),
    ("queue", "execute_max_concurrency = 9", lambda c: c.queue.execute_max_concurrency, 9, 2),
    ("queue", "generate_max_concurrency = 9", lambda c: c.queue.generate_max_concurrency, 9, 1),
    ("queue", "enable_metrics = true", lambda c: c.queue.enable_metrics, True, False),
    ("queue", "enable_dlq = true", lambda c: c.queue.enable_dlq, True, False),
    ("queue", "enable_alerts = true", lambda c: c.queue.enable_alerts, True, False),
    ("queue", "default_timeout_ms = 60000", lambda c: c.queue.default_timeout_ms, 60000, None),
    ("queue", 'storage_path = "/q"', lambda c: c.queue.storage_path, Path("/q"), None),
    ("queue", "pressure_threshold = 5", lambda c: c.queue.pressure_threshold, 5, 50),
    ("queue", "lane_timeouts { query = 10 execute = 20 }", lambda c: c.queue.lane_timeouts, {"query": 10, "execute": 20}, {}),
    ("retry_policy", 'strategy = "none"', lambda c: c.queue.retry_policy.strategy, "none", "exponential"),
    ("retry_policy", 'strategy = "exponential"', lambda c: c.queue.retry_policy.strategy, "exponential", "exponential"),
    ("retry_policy", 'strategy = "fixed" fixed_delay_ms = 5', lambda c: c.queue.retry_policy.strategy, "fixed", "exponential"),
    ("retry_policy", "max_retries = 0", lambda c: c.queue.retry_policy.max_retries, 0, 3),
    ("retry_policy", "initial_delay_ms = 5", lambda c: c.queue.retry_policy.initial_delay_ms, 5, 100),
    ("retry_policy", "fixed_delay_ms = 5", lambda c: c.queue.retry_policy.fixed_delay_ms, 5, None),
    ("rate_limit", 'limit_type = "per_second"', lambda c: c.queue.rate_limit.limit_type, "per_second", "unlimited"),
    ("rate_limit", 'limit_type = "per_minute"', lambda c: c.queue.rate_limit.limit_type, "per_minute", "unlimited"),
    ("rate_limit", 'limit_type = "per_hour"', lambda c: c.queue.rate_limit.limit_type, "per_hour", "unlimited"),
    ("rate_limit", 'limit_type = "unlimited"', lambda c: c.queue.rate_limit.limit_type, "unlimited", "unlimited"),
    ("rate_limit", "max_operations = 3", lambda c: c.queue.rate_limit.max_operations, 3, None),
    ("priority_boost", 'strategy = "aggressive"', lambda c: c.queue.priority_boost.strategy, "aggressive", "standard"),
    ("priority_boost", 'strategy = "disabled"', lambda c: c.queue.priority_boost.strategy, "disabled", "standard"),
    ("priority_boost", 'strategy = "standard"', lambda c: c.queue.priority_boost.strategy, "standard", "standard"),
    ("priority_boost", "deadline_ms = 9", lambda c: c.queue.priority_boost.deadline_ms, 9, 300000),
    ("search", "timeout = 30", lambda c: c.search.timeout, 30, 10),
    ("search", "health { max_failures = 5 }", lambda c: c.search.health.max_failures, 5, ...),
    ("search", "health { suspend_seconds = 5 }", lambda c: c.search.health.suspend_seconds, 5, ...),
    ("search", "health {}", lambda c: (c.search.health.max_failures, c.search.health.suspend_seconds), (3, 60), ...),
    ("search", "engine { ddg { enabled = false } }", lambda c: c.search.engines["ddg"].enabled, False, ...),
    ("search", "engine { brave { weight = 1.5 } }", lambda c: c.search.engines["brave"].weight, 1.5, ...),
    ("search", "engine { wiki { timeout = 3 } }", lambda c: c.search.engines["wiki"].timeout, 3, ...),
    ("search", 'engine "ddg" { weight = 2 }', lambda c: c.search.engines["ddg"].weight, 2, ...),
    ("search", "engine { e {} }", lambda c: (c.search.engines["e"].enabled, c.search.engines["e"].weight, c.search.engines["e"].timeout), (True, 1.0, None), ...),
    ("memory", "relevance { decay_days = 7 }", lambda c: c.memory.relevance.decay_days, 7, 30.0),
    ("memory", "relevance { importance_weight = 0.5 }", lambda c: c.memory.relevance.importance_weight, 0.5, 0.7),
    ("memory", "relevance { recency_weight = 0.5 }", lambda c: c.memory.relevance.recency_weight, 0.5, 0.3),
    ("memory", "max_short_term = 5", lambda c: c.memory.max_short_term, 5, 100),
    ("memory", "max_working = 5", lambda c: c.memory.max_working, 5, 10),
    ("mcp", 'transport = "stdio"', lambda c: (server(c).name, server(c).transport, server(c).command), ("s", "stdio", "run"), ("s", "stdio", "run")),
    ("mcp", 'args = ["-v", "x"]', lambda c: server(c).args, ("-v", "x"), ()),
    ("mcp", 'env = { API_Key = "v", camelCase = "w", PORT = 80 }', lambda c: reveal_all(server(c).env), {"API_Key": "v", "camelCase": "w", "PORT": "80"}, {}),
    ("mcp", 'url = "http://h"', lambda c: server(c).url, "http://h", None),
    ("mcp", 'transport = "http" url = "http://h"', lambda c: server(c).transport, "http", "stdio"),
    ("mcp", 'transport = "streamable-http" url = "http://h"', lambda c: server(c).transport, "streamable-http", "stdio"),
    ("mcp", 'transport = "streamable_http" url = "http://h"', lambda c: server(c).transport, "streamable-http", "stdio"),
    ("mcp", 'headers = { camelCase = "v" }', lambda c: reveal_all(server(c).headers), {"camelCase": "v"}, {}),
    ("mcp", "enabled = false", lambda c: server(c).enabled, False, True),
    ("mcp", "timeout_ms = 5", lambda c: server(c).timeout_ms, 5, 60000),
    ("mcp", "tool_timeout_secs = 5", lambda c: server(c).timeout_ms, 5000, 60000),
    ("mcp", "tool_timeout_secs = 5 timeout_ms = 7", lambda c: server(c).timeout_ms, 7, 60000),
    ("mcp", "", lambda c: server(c).oauth, None, None),
    ("mcp", 'oauth { token_url = "http://t" client_id = "i" }', lambda c: (server(c).oauth.token_url, server(c).oauth.client_id), ("http://t", "i"), ...),
    ("mcp", 'oauth { scopes = ["a", "b"] }', lambda c: server(c).oauth.scopes, ("a", "b"), ...),
    ("mcp", 'oauth { access_token = "t" }', lambda c: server(c).oauth.access_token.reveal(), "t", ...),
    ("mcp", 'oauth { client_secret = "s" }', lambda c: server(c).oauth.client_secret.reveal(), "s", ...),
    ("web", 'allow_private_hosts = ["127.0.0.1"]', lambda c: c.web.allow_private_hosts, ("127.0.0.1",), ()),
]  # fmt: skip


def placed(where: str, text: str) -> str:
    """A whole configuration with one line in the block it belongs to."""
    if where in ("top", "provider", "model"):
        return text_of(**{where: text})
    if where in ("retry_policy", "rate_limit", "priority_boost"):
        return text_of(top=f"queue {{ {where} {{ {text} }} }}")
    if where == "mcp":
        return text_of(top=f'mcp_servers {{ name = "s" command = "run" {text} }}')
    return text_of(top=f"{where} {{ {text} }}")


@pytest.mark.parametrize(
    ("where", "text", "look", "value", "default"), ROWS, ids=[f"{r[0]}: {r[1]}" for r in ROWS]
)
def test_a_documented_key(
    where: str, text: str, look: Look, value: object, default: object
) -> None:
    """Its value arrives; without it the documented default holds; nothing is warned about."""
    config = load_config(placed(where, text), environ={})
    assert look(config) == value
    assert config.warnings == ()
    if default is not ...:
        assert look(load_config(placed(where, ""), environ={})) == default


@pytest.mark.parametrize("block", ["queue", "search", "memory"])
def test_a_block_that_is_not_there_is_none(block: str) -> None:
    """Consumers can tell an absent block from one with all defaults."""
    assert getattr(load_config(text_of(), environ={}), block) is None


# where, text, what the error says, the secret it must not say
WRONG: list[tuple[str, str, str]] = [
    ("top", 'max_tool_rounds = "many"', '`max_tool_rounds` must be a whole number of at least 1, not "many"'),
    ("top", "max_tool_rounds = 0", "`max_tool_rounds` must be a whole number of at least 1, not 0"),
    ("top", "max_tool_rounds = true", "`max_tool_rounds` must be a whole number of at least 1, not true"),
    ("top", "max_tool_rounds = 1.5", "`max_tool_rounds` must be a whole number of at least 1, not 1.5"),
    ("top", "max_tool_rounds = {}", "`max_tool_rounds` must be a whole number of at least 1, not a block"),
    ("top", 'max_tool_rounds = env("N")', '`max_tool_rounds` must be a whole number of at least 1, not env("N")'),
    ("top", "thinking_budget = []", "`thinking_budget` must be a whole number of at least 1, not a list"),
    ("top", 'skill_dirs = "x"', '`skill_dirs` must be a list of strings, not "x"'),
    ("top", "agent_dirs = [1]", "`agent_dirs` must be a list of strings, not a list with 1 in it"),
    ("top", 'storage_backend = "disk"', '`storage_backend` must be one of memory, file, custom, not "disk"'),
    ("top", "sessions_dir = 5", "`sessions_dir` must be a string, not 5"),
    ("top", "providers = 5", "`providers` must be a block or a list of objects, not 5"),
    ("top", "queue = 5", "`queue` must be a block, not 5"),
    ("provider", 'base_url = "localhost:80"', "`base_url` must start with http:// or https://"),
    ("provider", "api_key = 5", "`api_key` is given twice"),
    ("provider", 'headers = "x"', '`headers` must be an object of strings, not "x"'),
    ("provider", "headers = { A = true }", "`headers.A` must be a string"),
    ("model", 'tool_call = "yes"', '`tool_call` must be true or false, not "yes"'),
    ("model", "temperature = 0.3", "`temperature` must be true or false, not 0.3"),
    ("model", "limit = 5", "`limit` must be a block, not 5"),
    ("model", "limit { context = -1 }", "`context` must be a whole number of at least 0, not -1"),
    ("model", 'cost { input = "free" }', '`input` must be a number of at least 0, not "free"'),
    ("model", "api_key = 12345", "`api_key` must be a string"),
    ("queue", "query_max_concurrency = 0", "`query_max_concurrency` must be a whole number of at least 1, not 0"),
    ("queue", "lane_timeouts { fast = 1 }", "`lane_timeouts` has no lane `fast`; lanes: control, query, execute, generate"),
    ("retry_policy", 'strategy = "linear"', '`strategy` must be one of exponential, fixed, none, not "linear"'),
    ("retry_policy", 'strategy = "fixed"', "`retry_policy` of the strategy fixed needs `fixed_delay_ms`"),
    ("rate_limit", 'limit_type = "per_day"', '`limit_type` must be one of per_second, per_minute, per_hour, unlimited, not "per_day"'),
    ("search", "engine { ddg = 5 }", "`ddg` must be a block, not 5"),
    ("mcp", 'transport = "ftp"', '`transport` must be one of stdio, http, streamable-http, not "ftp"'),
    ("mcp", 'transport = "http"', "MCP server `s` of the transport http needs `url`"),
    ("web", 'allow_private_hosts = "h"', '`allow_private_hosts` must be a list of strings, not "h"'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "text", "problem"), WRONG, ids=[f"{r[0]}: {r[1]}" for r in WRONG]
)
def test_a_wrong_value_is_refused(where: str, text: str, problem: str) -> None:
    """The error names the key, what it may be, what it is, and the line."""
    with pytest.raises(ConfigError) as caught:
        load_config(placed(where, text), environ={"N": "7"})
    assert problem in str(caught.value)
    assert "12345" not in str(caught.value)
    assert caught.value.line in (2, 3)


def test_camel_case_keys_are_the_same_keys() -> None:
    """The original stores its keys in camelCase."""
    config = load_config(
        'defaultModel = "p/m"\nmaxToolRounds = 3\nproviders { name = "p" apiKey = "k" baseUrl = "http://h"\n'
        'models { id = "m" toolCall = false cost { cacheRead = 1 } } }\n'
        'mcpServers { name = "s" command = "c" timeoutMs = 4 }',
        environ={},
    )
    assert (config.max_tool_rounds, config.mcp_servers[0].timeout_ms) == (3, 4)
    assert (config.resolve().tool_call, config.resolve().cost.cache_read) == (False, 1)
    assert config.warnings == ()


def test_both_spellings_of_a_key_are_one_key_too_many() -> None:
    """Neither of them may be dropped silently."""
    with pytest.raises(ConfigError, match=r"`maxToolRounds` is given twice \(first in line 3\)"):
        load_config(text_of(top="max_tool_rounds = 1\nmaxToolRounds = 2"), environ={})


def test_the_last_of_a_repeated_single_block_wins() -> None:
    """Blocks other than the collected ones appear once."""
    config = load_config(text_of(top="queue { query_max_concurrency = 5 }\nqueue {}"), environ={})
    assert config.queue is not None
    assert config.queue.query_max_concurrency == 4


@pytest.mark.parametrize(
    "text",
    [
        'providers { name = "a" api_key = "k" models { id = "m" } models { id = "n" } }\nproviders { name = "b" }',
        'providers "a" { api_key = "k" models "m" {} models "n" {} }\nproviders "b" {}',
        'providers = [{ name = "a", api_key = "k", models = [{ id = "m" }, { id = "n" }] }, { name = "b" }]',
    ],
)  # fmt: skip
def test_providers_and_models_collect_in_file_order(text: str) -> None:
    """Repeated blocks, labelled blocks and lists of objects mean the same."""
    config = load_config(f'default_model = "a/m"\n{text}', environ={})
    assert [p.name for p in config.providers] == ["a", "b"]
    assert [len(p.models) for p in config.providers] == [2, 0]
    assert config.model_selectors() == ("a/m", "a/n")


def test_servers_collect_in_file_order() -> None:
    assert load_config(text_of(), environ={}).mcp_servers == ()
    top = "".join(f'mcp_servers {{ name = "{name}" command = "run" }}\n' for name in "ba")
    config = load_config(text_of(top=top), environ={})
    assert [server.name for server in config.mcp_servers] == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("providers {}", "a `providers` block has no `name`"),
        ('providers { name = "" }', "a `providers` block has no `name`"),
        ('providers { name = "x" models {} }', "a `models` block has no `id`"),
        ("mcp_servers {}", "a `mcp_servers` block has no `name`"),
    ],
)
def test_a_block_without_its_name_is_refused(text: str, problem: str) -> None:
    """The error names the block and its line."""
    with pytest.raises(ConfigError) as caught:
        load_config(text_of(top=text), environ={})
    assert (caught.value.problem.endswith(problem), caught.value.line) == (True, 3)


def test_duplicates_the_first_wins_with_a_warning() -> None:
    """Both cases appear in documented samples."""
    config = load_config(
        text_of(top='providers { name = "p" base_url = "http://other" }', model='} models { id = "m" name = "second"'),
        environ={},
    )  # fmt: skip
    assert (config.providers[0].base_url, config.resolve().name) == (None, "m")
    assert len(config.warnings) == 2


@pytest.mark.parametrize(
    ("where", "text", "warning"),
    [
        ("top", "foo = 1", "unknown key `foo` at the top level is ignored"),
        ("top", "max_tool_round = 1", "unknown key `max_tool_round` at the top level is ignored; did you mean `max_tool_rounds`?"),
        ("provider", 'api_kye = "secret"', "unknown key `api_kye` in `providers` is ignored; did you mean `api_key`?"),
        ("model", "temprature = true", "unknown key `temprature` in `models` is ignored; did you mean `temperature`?"),
        ("queue", "x { y = 1 }", "unknown key `x` in `queue` is ignored"),
        ("mcp", "x = 1", "unknown key `x` in `mcp_servers` is ignored"),
    ],
)  # fmt: skip
def test_unknown_keys_are_said_and_ignored(
    where: str, text: str, warning: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A typo is visible in the log and in the configuration, with its place."""
    config = load_config(placed(where, text), environ={})
    (said,) = config.warnings
    assert said.endswith(warning)
    assert said.startswith("inline configuration:")
    assert [r.message for r in caplog.records if r.name == "a3s_code"] == [said]
    assert "secret" not in said


@pytest.mark.parametrize("block", ["agentic_search", "agentic_parse", "document_parser"])
def test_blocks_of_other_programs_are_ignored_in_silence(block: str) -> None:
    """They are documented elsewhere."""
    assert load_config(text_of(top=f"{block} {{ x = 1 }}"), environ={}).warnings == ()


def test_null_means_not_there() -> None:
    """Defaults hold."""
    config = load_config(text_of(top="max_tool_rounds = null\nqueue = null"), environ={})
    assert (config.max_tool_rounds, config.queue) == (50, None)


def test_a_mapping_is_the_same_configuration() -> None:
    """Dictionaries have the keys of the text; strings in them are taken as they are."""
    config = config_from_mapping(
        {
            "default_model": "p/m",
            "sessions_dir": Path("/s"),
            "providers": [
                {
                    "name": "p",
                    "apiKey": 'env("X")',
                    "models": [{"id": "m", "limit": {"context": 5}, "headers": {"A": Secret("b")}}],
                }
            ],
        },
        environ={},
    )
    model = config.resolve()
    assert model.api_key == Secret('env("X")')
    assert (model.limit.context, reveal_all(model.headers)) == (5, {"A": "b"})
    assert config.sessions_dir == Path("/s")


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ({"default_model": 5}, "`default_model` must be a string, not 5"),
        ({"default_model": object}, "`default_model` cannot be type"),
        ({5: 1}, "keys must be strings, not 5"),
        ({}, "`default_model` is missing; it has the form provider/model"),
    ],
)
def test_a_wrong_mapping_is_refused(mapping: dict[Any, Any], problem: str) -> None:
    """The same errors, without lines."""
    with pytest.raises(ConfigError) as caught:
        config_from_mapping(mapping, environ={})
    assert caught.value.problem.endswith(problem)
