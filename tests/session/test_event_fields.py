"""What the events of a prompt tell, field by field, where they come from a session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from a3s_code import (
    AgentEvent,
    ConfirmationPolicy,
    FileMemoryStore,
    MemorySessionStore,
    PermissionPolicy,
    Session,
    TokenUsage,
)
from tests.model_server import ModelServer, calls, calls_raw, says, status, turn
from tests.session.callers import Caller, by_stream
from tests.session.conftest import NewSession
from tests.session.test_memory_and_context import Glossary

COMMAND = {"command": "echo one; exit 3"}


def of(events: list[AgentEvent], name: str) -> list[dict[str, Any]]:
    """The fields of the events of one type."""
    return [
        {key: event[key] for key in event.keys() if key != "type"}  # noqa: SIM118  # no mapping
        for event in events
        if event.event_type == name
    ]


def tokens(prompt: int, completion: int) -> TokenUsage:
    return TokenUsage(
        prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion
    )


@pytest.fixture
def two_turns(model_server: ModelServer) -> None:
    """The model says something, runs a command that fails, and ends."""
    model_server.script(
        turn(says("Looking."), calls("bash", id="c1", **COMMAND)).using(100, 5),
        says("It ", "failed.", thinking="Three is an error.").using(20, 1),
    )


@pytest.mark.usefixtures("two_turns")
def test_lifecycle(new_session: NewSession, kind: str, ask_stream: Caller) -> None:
    """Turns count from 1 and have their own figures; the end has the sums and the last text."""
    events = ask_stream(new_session(kind), "go").events
    assert of(events, "start") == [{"prompt": "go"}]
    assert of(events, "turn_start") == [{"turn": 1}, {"turn": 2}]
    first, second = tokens(100, 5), tokens(20, 1)
    assert of(events, "turn_end") == [
        {"turn": 1, "total_tokens": 105, "usage": first},
        {"turn": 2, "total_tokens": 21, "usage": second},
    ]
    (end,) = of(events, "end")
    assert (end["text"], end["total_tokens"], end["usage"]) == ("It failed.", 126, first + second)
    assert [text["text"] for text in of(events, "text_delta")] == ["Looking.", "It ", "failed."]
    thoughts = of(events, "reasoning_delta")
    assert "".join(thought["text"] for thought in thoughts) == "Three is an error."
    assert [events[0].event_type, events[-1].event_type] == ["start", "end"]


@pytest.mark.usefixtures("two_turns")
def test_tools(new_session: NewSession, kind: str, ask_stream: Caller) -> None:
    """All events of a call name it; the pieces of arguments and output make the whole."""
    events = ask_stream(new_session(kind), "go").events
    assert of(events, "tool_start") == [{"tool_id": "c1", "tool_name": "bash", "args": None}]
    pieces = of(events, "tool_input_delta")
    assert json.loads("".join(piece["text"] for piece in pieces)) == COMMAND
    outputs = of(events, "tool_output_delta")
    assert "".join(output["text"] for output in outputs) == "one\n"
    assert {(output["tool_id"], output["tool_name"]) for output in outputs} == {("c1", "bash")}
    (end,) = of(events, "tool_end")
    told = {name: end[name] for name in ("tool_id", "tool_name", "tool_output", "exit_code")}
    assert told == {"tool_id": "c1", "tool_name": "bash", "tool_output": "one\n", "exit_code": 3}


@pytest.mark.parametrize(
    ("call", "output"),
    [
        (calls("bash", id="c1", command="sleep 60"), "Tool 'bash' timed out after 20ms"),
        (calls_raw("bash", "{oops", id="c1"), "Error: "),
        (calls("read", id="c1", file_path="nowhere"), "nowhere"),
        (calls("broken", id="c1"), "Tool execution error: "),
        (calls("nosuch", id="c1"), "Unknown tool: nosuch"),
    ],
    ids=["timed out", "malformed", "failed", "raised", "unknown"],
)
def test_a_call_that_does_not_succeed_has_an_end_and_the_turn_goes_on(
    model_server: ModelServer, new_session: NewSession, call: Any, output: str
) -> None:
    def broken() -> str:
        """Break."""
        raise KeyError("gone")

    model_server.script(call, says("I see."))
    session = new_session(tool_timeout_ms=20 if output.startswith("Tool 'bash'") else None)
    session.register_tool(broken)
    answer = by_stream(session, "go")
    (end,) = of(answer.events, "tool_end")
    assert (end["tool_id"], end["exit_code"]) == ("c1", 1)
    assert output in end["tool_output"]
    assert (answer.text, answer.types()[-1]) == ("I see.", "end")
    (result,) = session.history()[2]["content"]
    assert (result["tool_use_id"], result["is_error"]) == ("c1", True)
    assert output in result["content"]


def test_a_fatal_error(
    model_server: ModelServer, new_session: NewSession, ask_stream: Caller
) -> None:
    model_server.script(status(401))
    events = ask_stream(new_session(), "go").events
    assert events[-1].event_type == "error"
    (error,) = of(events, "error")
    assert "401" in error["error"]
    assert of(events, "end") == []


def test_a_side_question(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(says("Because.").using(3, 2))
    events = by_stream(new_session(), "/btw why?").events
    assert of(events, "btw_answer") == [
        {"question": "why?", "answer": "Because.", "total_tokens": 5}
    ]


def asking(new_session: NewSession, timeout_ms: int) -> Session:
    policy = ConfirmationPolicy(enabled=True, default_timeout_ms=timeout_ms)
    return new_session(permissive=None, confirmation_policy=policy)


@pytest.mark.parametrize(("approved", "reason"), [(True, None), (False, "not today")])
def test_a_question_and_its_answer(
    model_server: ModelServer, new_session: NewSession, approved: bool, reason: str | None
) -> None:
    model_server.script(calls("bash", id="c1", **COMMAND), says("Done."))
    session = asking(new_session, 600_000)
    events = []
    for event in session.stream("go"):
        events.append(event)
        if event.event_type == "confirmation_required":
            session.confirm_tool_use("c1", approved, reason)
    assert of(events, "confirmation_required") == [
        {"tool_id": "c1", "tool_name": "bash", "args": COMMAND, "timeout_ms": 600_000}
    ]
    assert of(events, "confirmation_received") == [
        {"tool_id": "c1", "approved": approved, "reason": reason}
    ]


def test_a_question_that_nobody_answers(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(calls("bash", id="c1", **COMMAND), says("Done."))
    events = by_stream(asking(new_session, 20), "go").events
    assert of(events, "confirmation_timeout") == [{"tool_id": "c1", "action_taken": "rejected"}]


def test_a_denied_call_and_the_turn_goes_on(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("bash", id="c1", **COMMAND), says("I may not."))
    answer = by_stream(new_session(permission_policy=PermissionPolicy(deny=["bash"])), "go")
    reason = "Blocked by deny rule in permission policy"
    assert of(answer.events, "permission_denied") == [
        {"tool_id": "c1", "tool_name": "bash", "args": COMMAND, "reason": reason}
    ]
    assert [end["exit_code"] for end in of(answer.events, "tool_end")] == [1]
    assert answer.text == "I may not."


def test_context(model_server: ModelServer, new_session: NewSession, tmp_path: Path) -> None:
    """Providers by name, the memory last; what was found in numbers."""
    memory = FileMemoryStore(str(tmp_path / "memory"))
    session = new_session(context_provider=Glossary(), memory_store=memory)
    told = session.memory()
    assert told is not None
    told.remember("ROI is drawn by hand")
    model_server.script(says("A region."))
    events = by_stream(session, "What is ROI?").events
    assert of(events, "context_resolving") == [{"providers": ("glossary", "memory")}]
    assert of(events, "context_resolved") == [{"total_items": 2, "total_tokens": 7 + 5}]


def test_a_store_that_fails(model_server: ModelServer, new_session: NewSession) -> None:
    class Full(MemorySessionStore):
        def save(self, data: Any) -> None:
            raise OSError(28, "No space left on device")

        def replace(self, data: Any, position: Any) -> Any:
            raise OSError(28, "No space left on device")

        append = replace

    model_server.script(says("Here."))
    session = new_session(session_store=Full(), auto_save=True, session_id="mine")
    (failed,) = of(by_stream(session, "hi").events, "persistence_failed")
    assert (failed["session_id"], failed["operation"]) == ("mine", "save")
    assert "No space left on device" in failed["error"]


@pytest.mark.parametrize("filled", [102_399, 102_400])
def test_a_window_that_fills(
    model_server: ModelServer, new_session: NewSession, filled: int
) -> None:
    """At four fifths of the 128,000 tokens, judged by the prompt's tokens alone."""
    model_server.script(says("Long.").using(filled, 1_000))
    events = by_stream(new_session(auto_compact=True), "hi").events
    assert of(events, "context_warning") == (
        []
        if filled < 102_400
        else [{"used_tokens": filled, "max_tokens": 128_000, "threshold": 0.8}]
    )
