"""From a selector to all that a model call needs."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle

import pytest

from a3s_code.config.load import load_config
from a3s_code.config.model import EMBEDDED_MODEL, AgentConfig
from a3s_code.config.secret import Secret, reveal_all
from a3s_code.errors import ConfigError, UnknownModel

TEXT = """
default_model = "openai/gpt"
providers {
  name              = "openai"
  api_key           = "ok"
  base_url          = "http://o/v1"
  headers           = { A = "provider" }
  session_id_header = "X-Provider"
  models { id = "gpt" name = "GPT" family = "g" limit { context = 10 output = 5 } }
  models {
    id = "own" api_key = "mk" base_url = "http://n" headers = { B = "model" }
    session_id_header = "X-Model" tool_call = false temperature = false reasoning = true attachment = true
    cost { input = 1 output = 2 }
  }
  models { id = "org/name:tag" }
}
providers { name = "anthropic" api_key = "ak" models { id = "c" } }
providers { name = "claude" api_key = "ck" models { id = "c" } }
providers { name = "ollama" base_url = "http://l/v1" models { id = "q" } }
providers { name = "bare" models { id = "b" } models { id = "keyed" api_key = "bk" } }
"""


@pytest.fixture(scope="module")
def config() -> AgentConfig:
    """Several kinds of providers."""
    return load_config(TEXT, environ={})


def test_the_default_model(config: AgentConfig) -> None:
    """None means `default_model`; a model without own settings has its provider's."""
    model = config.resolve()
    assert (model.provider, model.model, model.selector) == ("openai", "gpt", "openai/gpt")
    assert (model.kind, model.name, model.family) == ("openai", "GPT", "g")
    assert (model.base_url, model.api_key) == ("http://o/v1", Secret("ok"))
    assert (reveal_all(model.headers), model.session_id_header) == ({"A": "provider"}, "X-Provider")
    assert (model.limit.context, model.limit.output) == (10, 5)
    assert (model.tool_call, model.temperature, model.reasoning, model.attachment) == (
        True, True, False, False,
    )  # fmt: skip
    other = load_config(TEXT.replace('= "openai/gpt"', '= "claude/c"'), environ={})
    assert other.resolve().selector == "claude/c"


def test_a_models_own_settings_win(config: AgentConfig) -> None:
    """Key, address, headers and abilities."""
    model = config.resolve("openai/own")
    assert (model.base_url, model.api_key) == ("http://n", Secret("mk"))
    assert (reveal_all(model.headers), model.session_id_header) == ({"B": "model"}, "X-Model")
    assert (model.tool_call, model.temperature, model.reasoning, model.attachment) == (
        False, False, True, True,
    )  # fmt: skip
    assert (model.cost.input, model.cost.output, model.name) == (1, 2, "own")


@pytest.mark.parametrize(
    ("selector", "kind", "key"),
    [
        ("openai/org/name:tag", "openai", "ok"),
        ("anthropic/c", "anthropic", "ak"),
        ("claude/c", "anthropic", "ck"),
        ("ollama/q", "openai", None),
        ("bare/keyed", "openai", "bk"),
        (f"local/{EMBEDDED_MODEL.id}", "local", None),
    ],
)
def test_kinds_of_providers(config: AgentConfig, selector: str, kind: str, key: str | None) -> None:
    """Only the first `/` splits; a base_url alone is enough; the embedded model is always there."""
    model = config.resolve(selector)
    assert model.kind == kind
    assert model.selector == selector
    assert model.api_key == (Secret(key) if key else None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("anthropic", "anthropic"),
        ("claude", "anthropic"),
        ("openai", "openai"),
        ("gpt", "openai"),
        ("glm", "openai"),
        ("zhipu", "openai"),
        ("bigmodel", "openai"),
        ("anthropic-proxy", "openai"),
    ],
)
def test_the_name_of_a_provider_tells_its_protocol(name: str, kind: str) -> None:
    text = f'providers {{ name = "{name}" api_key = "k" models {{ id = "m" }} }}'
    assert load_config(f'default_model = "{name}/m"\n{text}', environ={}).resolve().kind == kind


@pytest.mark.parametrize(
    ("selector", "parts"),
    [
        ("nobody/x", ["'nobody'", "'x'", "defined: openai, anthropic, claude, ollama, bare"]),
        ("openai/x", ["'openai'", "'x'", "it has: gpt, own, org/name:tag"]),
        ("gpt", ["'gpt'", "provider/model", "did you mean 'openai/gpt'?"]),
        ("zzz", ["'zzz'", "provider/model"]),
        ("/gpt", ["provider/model"]),
        ("openai/", ["provider/model"]),
        ("local/x", ["'local'", "'x'", f"it has: {EMBEDDED_MODEL.id}"]),
    ],
)
def test_unknown_models_say_what_exists(
    config: AgentConfig, selector: str, parts: list[str]
) -> None:
    """The expected form, the provider, the model, and the alternatives."""
    with pytest.raises(UnknownModel) as caught:
        config.resolve(selector)
    for part in parts:
        assert part in str(caught.value)


def test_a_cloud_provider_needs_a_key(config: AgentConfig) -> None:
    """Or an address; the error names the provider."""
    with pytest.raises(ConfigError, match="provider `bare` has neither an api_key nor a base_url"):
        config.resolve("bare/b")


def test_local_with_an_address_is_an_ordinary_server() -> None:
    """Without one it is the embedded model, and models besides it can be named."""
    served = (
        'default_model = "local/small"\nproviders {{ name = "local" {} models {{ id = "small" }} }}'
    )
    assert (
        load_config(served.format('base_url = "http://h"'), environ={}).resolve().kind == "openai"
    )
    embedded = load_config(served.format(""), environ={})
    assert embedded.resolve().kind == "local"
    assert embedded.resolve(f"local/{EMBEDDED_MODEL.id}").limit == EMBEDDED_MODEL.limit
    own = served.replace('id = "small"', 'id = "small" base_url = "http://h"').format("")
    assert load_config(own, environ={}).resolve().kind == "openai"


def test_the_embedded_model_needs_no_providers() -> None:
    """It is told no tools."""
    model = load_config(f'default_model = "local/{EMBEDDED_MODEL.id}"', environ={}).resolve()
    assert (model.kind, model.tool_call, model.base_url) == ("local", False, None)


def test_nothing_prints_a_secret() -> None:
    """Not the configuration, not its parts, not the resolved model."""
    config = load_config(
        'default_model = "p/m"\nstorage_url = "redis://:hush@h"\n'
        'providers { name = "p" api_key = "hush" base_url = "http://u:hush@h" headers = { A = "hush" }\n'
        '  models { id = "m" api_key = "hush" base_url = "http://h/?key=hush" headers = { A = "hush" } } }\n'
        'mcp_servers { name = "s" command = "c" args = ["--key", "hush"] env = { K = "hush" } }\n'
        'mcp_servers { name = "t" transport = "http" url = "http://h/?hush" oauth { access_token = "hush" } }\n',
        environ={},
    )  # fmt: skip
    shown = f"{config!r} {config} {config.resolve()!r} {config.resolve().api_key} {config.warnings}"
    assert "hush" not in shown
    assert "hush" not in f"{config.resolve().api_key:>5}"


def test_a_secret_stays_where_it_is() -> None:
    """It compares and copies, but leaves the process only through `reveal`."""
    secret = Secret("hush")
    assert (secret, secret.reveal(), str(secret), repr(secret)) == (
        Secret("hush"),
        "hush",
        "***",
        "***",
    )
    assert secret != Secret("other")
    assert secret != "hush"
    assert (len({secret, Secret("hush")}), bool(Secret(""))) == (1, False)
    assert copy.deepcopy(secret) == copy.copy(secret) == secret
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert "hush" not in str(
        dataclasses.asdict(load_config(TEXT.replace('"ok"', '"hush"'), environ={}))
    )
