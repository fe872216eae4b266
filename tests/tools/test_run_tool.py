"""One call from raw arguments to a result: nothing but a result ever comes out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from a3s_code.errors import InvalidArgument, ToolFailed
from a3s_code.tools.builtin import builtin_tools
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.registry import ToolRegistry
from a3s_code.tools.run import run_tool
from a3s_code.tools.search_engines import Engine
from a3s_code.tools.threads import Stop, Stopped, in_thread
from a3s_code.tools.web_search import WebSearch
from tests.deadlines import DEADLINE_S
from tests.tools.bench import Bench


class Scripted:
    """A tool that does what it was made with."""

    name, description, read_only = "scripted", "For tests.", True
    parameters: Mapping[str, Any] = {"type": "object", "properties": {}, "required": []}

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        if isinstance(self.outcome, str):
            return ToolOutput(self.outcome)
        await asyncio.Event().wait()
        raise AssertionError


def _run(bench: Bench, outcome: Any, args: Any = None, timeout_ms: int | None = None) -> ToolOutput:
    return asyncio.run(run_tool(Scripted(outcome), args or {}, bench.ctx, timeout_ms))


@pytest.mark.parametrize(
    ("raised", "text", "exit_code"),
    [
        (ToolFailed("no luck"), "no luck", 1),
        (ToolFailed("no luck", exit_code=3), "no luck", 3),
        (ToolFailed("no luck", exit_code=0), "no luck", 1),
        (ValueError("odd"), "Tool execution error: odd", 1),
        (RuntimeError(), "Tool execution error: RuntimeError", 1),
        (TimeoutError("slow net"), "Tool execution error: slow net", 1),
    ],
)
def test_failures_are_outputs(bench: Bench, raised: Exception, text: str, exit_code: int) -> None:
    assert _run(bench, raised) == ToolOutput(text, exit_code)


def test_a_timeout_is_told_in_milliseconds(bench: Bench) -> None:
    assert _run(bench, None, timeout_ms=7) == ToolOutput("Tool 'scripted' timed out after 7ms", 1)


def test_arguments_that_could_not_be_parsed_do_not_run_the_tool(bench: Bench) -> None:
    output = _run(bench, "ran", {"__parse_error": "line 1: bad"})
    assert output == ToolOutput("Error: line 1: bad", 1)


def test_arguments_must_be_an_object(bench: Bench) -> None:
    assert _run(bench, "ran", ["x"]).exit_code == 1


@pytest.mark.parametrize("character", ["x", "é", "\N{GRINNING FACE}"])
def test_output_is_capped_at_100_kib(bench: Bench, character: str) -> None:
    text = _run(bench, character * 200_000).text
    assert 102_300 < len(text.encode()) <= 102_400
    assert text.endswith("\n... (output truncated)")


def test_output_is_always_valid_utf8(bench: Bench) -> None:
    assert _run(bench, "a\ud800b").text.encode() == b"a?b"


def test_cancelling_passes(bench: Bench) -> None:
    async def scenario() -> None:
        task = asyncio.create_task(run_tool(Scripted(None), {}, bench.ctx, 60_000))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())


def test_cancelled_work_in_a_thread_is_told_to_stop(bench: Bench) -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(stop: Stop) -> None:
        stop.on_request(ended.set)
        begun.set()
        assert ended.wait(DEADLINE_S)
        stop.check()

    async def scenario() -> None:
        task = asyncio.create_task(in_thread(work))
        await asyncio.to_thread(begun.wait, DEADLINE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert ended.is_set()


def test_an_action_registered_too_late_runs_at_once() -> None:
    stop, called = Stop(), threading.Event()
    stop.request()
    stop.on_request(called.set)
    assert called.is_set()
    with pytest.raises(Stopped):
        stop.check()


# -- the registry ------------------------------------------------------------------------------------


def test_the_order_is_stable_and_definitions_follow_it() -> None:
    registry = ToolRegistry(builtin_tools())
    assert [d.name for d in registry.definitions()] == registry.names()
    assert registry.names() == [tool.name for tool in builtin_tools()]
    registry.register(Scripted("x"))
    assert registry.names()[-1] == "scripted"
    assert registry.unregister("scripted")
    assert not registry.unregister("scripted")


@pytest.mark.parametrize("name", ["read", "bash", "task", "Skill", "run_team"])
def test_builtin_names_are_reserved(name: str) -> None:
    registry = ToolRegistry(builtin_tools())
    tool = Scripted("x")
    tool.name = name
    with pytest.raises(InvalidArgument, match=name):
        registry.register(tool)
    with pytest.raises(InvalidArgument, match=name):
        registry.unregister(name)


@pytest.mark.parametrize("tool", builtin_tools(), ids=lambda tool: tool.name)
def test_schemas_are_objects_with_examples_that_fit(tool: Any) -> None:
    import jsonschema  # type: ignore[import-untyped]  # stubs are a package of their own

    jsonschema.Draft202012Validator.check_schema(tool.parameters)
    assert tool.parameters["type"] == "object"
    assert tool.parameters["additionalProperties"] is False
    for example in tool.parameters["examples"]:
        jsonschema.validate(example, tool.parameters)


# -- arguments of every kind ---------------------------------------------------------------------------

_value = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["..", "/", "a", "a/b", "\0", "\ud800", "~", "[", "(", "{", "x" * 5000, "**"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)
# An address that is refused: nothing of this leaves the machine.
_SEARCH = WebSearch(engines={"ddg": Engine("http://127.0.0.1/?q={query}", lambda _page: [])})
_TOOLS = [_SEARCH if tool.name == "web_search" else tool for tool in builtin_tools()]


@pytest.mark.parametrize("tool", _TOOLS, ids=lambda tool: tool.name)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_arguments_ever_raise(bench: Bench, tool: Any, data: st.DataObject) -> None:
    bench.write("a/b", "text\n")
    names = [*tool.parameters["properties"], "path", "extra"]
    args = data.draw(st.dictionaries(st.sampled_from(names), _value))
    if tool.name == "bash" and "command" in args:
        # Random text is no harmless shell command.
        args["command"] = args["command"] if args["command"] in (None, "", "\0", 1) else "true"
    output = asyncio.run(run_tool(tool, args, bench.ctx, 20_000))
    output.text.encode("utf-8")
    assert isinstance(output.exit_code, int)
    assert not output.text.startswith("Tool execution error")
