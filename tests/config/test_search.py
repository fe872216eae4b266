"""The settings of web searches: as classes, as a dict, as a block; all the same thing."""

from __future__ import annotations

from typing import Any

import pytest

from a3s_code import (
    Agent,
    InvalidArgument,
    SearchConfig,
    SearchEngineConfig,
    SearchHealthConfig,
)
from a3s_code.config.load import load_config
from a3s_code.tools.web_search import WebSearch

MODEL = 'default_model = "p/m"\nproviders { name = "p" api_key = "k" models { id = "m" } }\n'
BLOCK = """
search {
  timeout = 5
  health { max_failures = 2  suspend_seconds = 7 }
  engine {
    ddg { enabled = false }
    WIKI { weight = 2.5  timeout = 3 }
  }
}
"""


def made() -> SearchConfig:
    config = SearchConfig(timeout=5, health=SearchHealthConfig(2, suspend_seconds=7))
    config.set_engine("ddg", SearchEngineConfig(enabled=False))
    config.set_engine("wiki", SearchEngineConfig(True, 2.5, timeout=3))
    return config


def test_defaults() -> None:
    config = SearchConfig()
    assert (config.timeout, config.health, config.engine_names()) == (10, None, [])
    assert SearchHealthConfig() == SearchHealthConfig(3, 60)
    assert SearchEngineConfig() == SearchEngineConfig(True, 1.0, None)


def test_classes_block_and_dict_are_one_thing() -> None:
    assert load_config(MODEL + BLOCK, environ={}).search == made()
    form = {
        "timeout": 5,
        "health": {"max_failures": 2, "suspend_seconds": 7},
        "engine": {"ddg": {"enabled": False}, "wiki": {"weight": 2.5, "timeout": 3}},
    }
    assert SearchConfig.of(form) == made()


def test_engines_by_name() -> None:
    config = made()
    assert config.engine_names() == ["ddg", "wiki"]
    assert config.get_engine("Wiki") == SearchEngineConfig(weight=2.5, timeout=3)
    assert config.get_engine("brave") is None
    config.set_engine("wiki", SearchEngineConfig())
    assert config.get_engine("wiki") == SearchEngineConfig()


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: SearchConfig(timeout=-1), "timeout must be a number of at least 0, not -1"),
        (lambda: SearchConfig(timeout="5"), "timeout must be a number of at least 0, not '5'"),
        (lambda: SearchConfig(health=3), "health must be a SearchHealthConfig or a dict, not 3"),
        (lambda: SearchHealthConfig(max_failures=0), "max_failures must be an integer"),
        (lambda: SearchEngineConfig(enabled=1), "enabled must be True or False, not 1"),
        (lambda: SearchEngineConfig(weight=float("nan")), "weight must be a number"),
        (lambda: SearchConfig().set_engine("", {}), "name is empty"),
        (lambda: SearchConfig().set_engine("wiki", {"wait": 1}), "cfg has no setting 'wait'"),
        (lambda: SearchConfig.of({"engines": 3}), "engines must be a dict, not 3"),
        (lambda: SearchConfig.of("wiki"), "search_config must be a dict, not 'wiki'"),
    ],
)
def test_what_cannot_be_used(make: Any, problem: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        make()
    assert problem in str(caught.value)


def test_a_session_may_search_in_its_own_way(tmp_path: Any) -> None:
    agent = Agent.create(MODEL + BLOCK)
    own = SearchConfig(timeout=1)
    for options, expected in (({}, made()), ({"search_config": own}, own)):
        with agent.session(tmp_path, options) as session:
            tool = session._core.toolbox.registry.get("web_search")
            assert isinstance(tool, WebSearch)
            assert tool.settings == expected
