"""Arguments of every kind to the tools that only a session has: nothing but a result comes out."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.model_server import ModelServer, says
from tests.session.conftest import NewSession

_plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["general", "code-review", "..", "\0", "\ud800", "~", "x" * 5000, 1, 1.0]),
)
_ALIASES = ("path", "input", "arguments", "extra")
_OPTIONS = ("max_steps", "permissive", "description", "background")
_task = st.dictionaries(st.sampled_from((*_OPTIONS, "prompt", "agent", "workspace")), _plain)
_likely_task = st.fixed_dictionaries(
    {"prompt": st.just("x")}, optional=dict.fromkeys(_OPTIONS, _plain)
)
_value = st.one_of(
    _plain,
    st.lists(_plain, max_size=2),
    st.lists(_task, max_size=3),
    st.dictionaries(st.sampled_from(["name", "skill_name", "input", "x"]), _plain, max_size=2),
)


@pytest.mark.parametrize(
    "tool", ["task", "parallel_task", "run_team", "Skill", "load_skill", "search_skills"]
)
def test_no_arguments_ever_raise(
    model_server: ModelServer,
    new_session: NewSession,
    caplog: pytest.LogCaptureFixture,
    tool: str,
) -> None:
    model_server.answer_with(lambda _body: says("APPROVED"))
    session = new_session(builtin_skills=True)
    [schema] = [d["parameters"] for d in session.tool_definitions() if d["name"] == tool]
    likely = {"tasks": st.lists(_likely_task, min_size=1, max_size=3)}
    names = [name for name in [*schema["properties"], *_ALIASES] if name not in likely]
    complete = st.fixed_dictionaries(
        {name: likely.get(name, _value) for name in schema["required"]}
    )

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(complete, st.dictionaries(st.sampled_from(names), _value, max_size=4))
    def anything(args: dict[str, Any], others: dict[str, Any]) -> None:
        result = session.tool(tool, args | others)
        result.output.encode("utf-8")
        assert not result.output.startswith("Tool execution error")

    anything()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
