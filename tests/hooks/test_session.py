"""Hooks of a session that talks to the scripted model."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from a3s_code import (
    ConfirmationPolicy,
    PermissionPolicy,
    PromptBlocked,
    Session,
    SessionBusy,
)
from a3s_code.background import runtime
from a3s_code.hooks.names import EVENTS
from a3s_code.skills.skill import Skill
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, calls, calls_raw, says, status, turn
from tests.session.callers import Caller, by_send, by_stream
from tests.session.conftest import NewSession


class Listener:
    """Keeps what the hooks of a session were told."""

    def __init__(self, session: Session, *events: str) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        for event in events or EVENTS:
            session.register_hook(f"listen-{event}", event, handler=self._hear)

    def _hear(self, event: dict[str, Any]) -> None:
        self.told.append((event["event_type"], event["payload"]))

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.told]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self.told if name == event]


def block(reason: str | None = None) -> Any:
    answer = {"action": "block"} if reason is None else {"action": "block", "reason": reason}
    return lambda _event: answer


def test_registering(new_session: NewSession) -> None:
    session = new_session()
    session.register_hook("h", "PreToolUse", lambda _event: None)
    session.register_hook("h", "pre_tool_use")
    assert session.hook_count() == 1
    assert session.unregister_hook("h") is True
    assert session.unregister_hook("h") is False
    assert session.hook_count() == 0
    with pytest.raises(ValueError, match="unknown hook event"):
        session.register_hook("h", "before_tool")


def test_the_order_of_the_events(
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
    kind: str,
    ask: Caller,
) -> None:
    (tmp_path / "a.txt").write_text("hi", encoding="utf-8")
    model_server.script(calls("read", file_path="a.txt"), says("It says hi."))
    session = new_session(kind)
    listener = Listener(session)
    assert ask(session, "what is in a.txt?").text == "It says hi."
    session.close()
    assert listener.events == [
        "session_start",
        "pre_prompt",
        "generate_start",
        "generate_end",
        "pre_tool_use",
        "post_tool_use",
        "generate_start",
        "generate_end",
        "post_response",
        "session_end",
    ]


def test_the_payloads(model_server: ModelServer, new_session: NewSession, tmp_path: Path) -> None:
    model_server.script(calls("bash", command="echo hi"), says("Printed."))
    session = new_session()
    listener = Listener(session)
    by_send(session, "print hi")
    session.close()
    told = dict(listener.told)
    common = {"session_id": session.session_id}
    system = model_server.requests[0]["messages"][0]["content"]
    model = {"model_provider": "openai", "model_name": "m"}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    assert told["session_start"] == common | model | {"system_prompt": system}
    assert told["pre_prompt"] == common | {
        "prompt": "print hi",
        "system_prompt": system,
        "message_count": 0,
    }
    assert (
        listener.of("generate_start")
        == [
            common
            | model
            | {
                "prompt": "print hi",
                "system_prompt": system,
                "available_tools": session.tool_names(),
            }
        ]
        * 2
    )
    first, last = listener.of("generate_end")
    assert first["tool_calls"] == [{"name": "bash", "args": {"command": "echo hi"}}]
    assert (last["response_text"], last["tool_calls"]) == ("Printed.", [])
    assert last["prompt"] == "print hi"
    assert last["usage"] == usage
    assert (
        set(last)
        == set(first)
        == {*("session_id", "prompt", "response_text", "tool_calls", "usage", "duration_ms")}
    )
    assert told["pre_tool_use"] == common | {
        "tool": "bash",
        "args": {"command": "echo hi"},
        "working_directory": str(tmp_path.resolve()),
        "recent_tools": [],
    }
    after = told["post_tool_use"]
    assert after["result"].pop("duration_ms") >= 0
    assert after == common | {
        "tool": "bash",
        "args": {"command": "echo hi"},
        "result": {"success": True, "output": "hi\n", "exit_code": 0},
    }
    assert told["post_response"].pop("duration_ms") >= 0
    assert told["post_response"] == common | {
        "response_text": "Printed.",
        "tool_calls_count": 1,
        "usage": {name: 2 * value for name, value in usage.items()},
    }
    assert told["session_end"].pop("duration_ms") >= 0
    assert told["session_end"] == common | {"total_tokens": 30, "total_tool_calls": 1}


def test_recent_tools_and_messages_grow(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(calls("ls"), calls("bash", command="true"), says("One."), says("Two."))
    session = new_session()
    listener = Listener(session, "pre_tool_use", "pre_prompt", "session_start")
    by_send(session, "one")
    by_send(session, "two")
    assert [told["recent_tools"] for told in listener.of("pre_tool_use")] == [[], ["ls"]]
    counts = [told["message_count"] for told in listener.of("pre_prompt")]
    assert counts == [0, 6]
    assert len(listener.of("session_start")) == 1


def test_of_the_tools_before_a_call_the_last_ten_are_told(
    model_server: ModelServer, new_session: NewSession
) -> None:
    done = [calls("glob", id="first", pattern="*"), *(calls("ls", id=f"c{n}") for n in range(11))]
    model_server.script(*done, says("Done."))
    session = new_session()
    listener = Listener(session, "pre_tool_use")
    by_send(session, "look around")
    *_, before_last, last = [told["recent_tools"] for told in listener.of("pre_tool_use")]
    assert before_last == ["glob", *["ls"] * 9]
    assert last == ["ls"] * 10


def test_a_blocked_tool_call(
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
    kind: str,
) -> None:
    model_server.script(calls("bash", id="c", command="git push"), says("I may not."))
    session = new_session(kind)
    session.register_hook(
        "no-push", "pre_tool_use", {"tool": "bash"}, {"priority": 5}, block("done by people")
    )
    listener = Listener(session, "post_tool_use", "on_error")
    answer = by_stream(session, "push it")
    text = "Tool 'bash' blocked by hook: done by people"
    (denied,) = (e for e in answer.events if e.event_type == "permission_denied")
    (end,) = (e for e in answer.events if e.event_type == "tool_end")
    assert (denied.tool_id, denied.tool_name, denied.reason) == ("c", "bash", "done by people")
    assert denied.args == {"command": "git push"}
    assert (end.tool_output, end.exit_code) == (text, 1)
    assert text in str(model_server.requests[1])
    assert answer.text == "I may not."
    assert listener.events == ["on_error"]  # it did not run
    told = listener.of("on_error")[0]
    assert (told["error_type"], told["error_message"]) == ("permission_denied", text)
    assert told["context"] == {"tool": "bash", "args": {"command": "git push"}}


def test_the_default_reason(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(calls("ls"), says("No."))
    session = new_session()
    session.register_hook("h", "pre_tool_use", block())
    (end,) = (e for e in by_stream(session, "go").events if e.event_type == "tool_end")
    assert end.tool_output == "Tool 'ls' blocked by hook: Blocked by hook"


def test_a_broken_guard_lets_nothing_through(
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
) -> None:
    def broken(event: dict[str, Any]) -> None:
        raise KeyError(event["nothing"])

    model_server.script(calls("bash", command="touch made"), says("No."))
    session = new_session()
    session.register_hook("guard", "pre_tool_use", handler=broken)
    (end,) = (e for e in by_stream(session, "go").events if e.event_type == "tool_end")
    assert end.tool_output.startswith("Tool 'bash' blocked by hook: hook 'guard' failed: KeyError")
    assert not (tmp_path / "made").exists()


def test_skills_come_before_hooks_and_hooks_before_permission(
    model_server: ModelServer,
    new_session: NewSession,
) -> None:
    model_server.script(
        turn(calls("ls", id="a"), calls("bash", id="b", command="true"), calls("glob", id="c")),
        says("No."),
    )
    session = new_session(
        permissive=False,
        permission_policy=PermissionPolicy(deny=["ls", "bash"], default_decision="ask"),
        confirmation_policy=ConfirmationPolicy(enabled=True),
        inline_skills=[Skill("narrow", allowed_tools="ls(*), glob(*)", content="x")],
    )
    listener = Listener(session, "pre_tool_use")
    session.register_hook("no-glob", "pre_tool_use", {"tool": "glob"}, None, block("no globs"))
    answer = by_stream(session, "go")
    denied = {e.tool_id: e.reason for e in answer.events if e.event_type == "permission_denied"}
    assert denied == {
        "a": "Blocked by deny rule in permission policy",
        "b": "Blocked by skill allowed_tools restriction",
        "c": "no globs",
    }
    assert [told["tool"] for told in listener.of("pre_tool_use")] == ["ls", "glob"]
    assert "confirmation_required" not in answer.types()


def test_a_call_that_cannot_be_read_is_shown_to_no_hook_and_no_rule(
    model_server: ModelServer,
    new_session: NewSession,
) -> None:
    model_server.script(calls_raw("ls", '{"path": '), says("Sorry."))
    session = new_session(
        permission_policy=PermissionPolicy.strict(),
        inline_skills=[Skill("narrow", allowed_tools="glob(*)", content="x")],
    )
    listener = Listener(session, "pre_tool_use")
    session.register_hook("never", "pre_tool_use", block("blocked"))
    answer = by_stream(session, "go")
    (end,) = (e for e in answer.events if e.event_type == "tool_end")
    assert end.tool_output.startswith("Error: ")
    assert end.exit_code == 1
    assert "permission_denied" not in answer.types()
    assert listener.events == []


def test_arguments_have_their_documented_names(
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
) -> None:
    (tmp_path / "prod.env").write_text("KEY=1", encoding="utf-8")
    model_server.script(calls("read", path="x/../prod.env"), says("No."))
    session = new_session()
    session.register_hook("env", "pre_tool_use", {"path_pattern": "*.env"}, None, block("secret"))
    (end,) = (e for e in by_stream(session, "go").events if e.event_type == "tool_end")
    assert end.tool_output == "Tool 'read' blocked by hook: secret"


def test_the_parts_of_a_batch_are_calls_of_their_own(
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
) -> None:
    inner = [
        {"tool": "bash", "args": {"command": "touch made"}},
        {"tool": "bash", "args": {"command": "git push"}},
    ]
    model_server.script(calls("batch", invocations=inner), says("Done."))
    session = new_session()
    session.register_hook(
        "no-push", "pre_tool_use", {"command_pattern": "push"}, None, block("by people")
    )
    listener = Listener(session, "pre_tool_use", "post_tool_use")
    (end,) = (e for e in by_stream(session, "go").events if e.event_type == "tool_end")
    assert "blocked by hook: by people" in end.tool_output
    assert (tmp_path / "made").exists()
    assert [told["tool"] for told in listener.of("pre_tool_use")] == ["batch", "bash"]
    assert sorted(told["tool"] for told in listener.of("post_tool_use")) == ["bash", "batch"]


def test_children_are_watched_too(
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
) -> None:
    model_server.script(
        calls("task", agent="general", description="d", prompt="push"),
        calls("bash", command="git push"),
        says("I may not."),
        says("It was refused."),
    )
    session = new_session()
    session.register_hook(
        "no-push", "pre_tool_use", {"command_pattern": "push"}, None, block("by people")
    )
    listener = Listener(session, "generate_start", "session_start", "pre_prompt", "post_tool_use")
    assert by_send(session, "push it").text == "It was refused."
    assert "blocked by hook: by people" in str(model_server.requests[2])
    ids = [told["session_id"] for told in listener.of("generate_start")]
    assert ids[0] == ids[3] == session.session_id
    assert ids[1] == ids[2] != session.session_id
    assert len(listener.of("session_start")) == 1
    assert [told["prompt"] for told in listener.of("pre_prompt")] == ["push it", "push"]


def test_a_blocked_prompt(
    model_server: ModelServer,
    new_session: NewSession,
    ask: Caller,
) -> None:
    session = new_session()
    session.register_hook("p", "pre_prompt", block("not today"))
    listener = Listener(session, "on_error", "generate_start", "post_response")
    answer = ask(session, "hello")
    assert answer.error == "Agent execution failed: prompt blocked by hook: not today"
    assert answer.error_type == PromptBlocked.__name__
    assert answer.types()[-1:] in ([], ["error"])
    assert (session.history(), model_server.requests) == ([], [])
    assert listener.events == ["on_error"]
    session.unregister_hook("p")
    model_server.script(says("Hi."))
    assert ask(session, "hello").text == "Hi."


def test_a_blocked_prompt_is_a_runtime_error(new_session: NewSession) -> None:
    session = new_session()
    session.register_hook("p", "pre_prompt", block())
    with pytest.raises(RuntimeError, match="prompt blocked by hook: Blocked by hook"):
        session.send("hello")


def test_a_blocked_prompt_is_not_remembered(
    new_session: NewSession,
    tmp_path: Path,
) -> None:
    session = new_session(memory_dir=str(tmp_path / "memory"))
    session.register_hook("p", "pre_prompt", block("secret"))
    by_send(session, "my password is hunter2")
    assert session.memory_recent() == []


def test_a_call_that_failed_is_told_as_such(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("bash", command="echo no; exit 3"), says("Failed."))
    session = new_session()
    listener = Listener(session, "post_tool_use", "on_error")
    by_send(session, "go")
    result = listener.of("post_tool_use")[0]["result"]
    assert (result["success"], result["output"], result["exit_code"]) == (False, "no\n", 3)
    (told,) = listener.of("on_error")
    assert set(told) == {"session_id", "error_type", "error_message", "context"}
    assert told["session_id"] == session.session_id


def test_what_is_no_failure_of_a_model_or_a_tool_is_another_one(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.answer_with(lambda _body: calls_raw("ls", "{oops"))
    session = new_session(max_parse_retries=0)
    listener = Listener(session, "on_error")
    answer = by_stream(session, "go")
    (told,) = listener.of("on_error")
    assert (told["error_type"], told["error_message"]) == ("other", answer.error)


@pytest.mark.parametrize(
    ("reply", "options", "error_type", "message"),
    [
        (calls("read", file_path="none"), {}, "tool_failure", "none"),
        (calls("bash", command="exit 3"), {}, "tool_failure", ""),
        (calls("bash", command="sleep 30"), {"tool_timeout_ms": 20}, "timeout", "after 20ms"),
        (calls("ls"), {"permissive": False}, "permission_denied", "requires confirmation"),
    ],
)
def test_errors_of_tools(
    model_server: ModelServer,
    new_session: NewSession,
    reply: Any,
    options: dict[str, Any],
    error_type: str,
    message: str,
) -> None:
    model_server.script(reply, says("Failed."))
    session = new_session(**options)
    listener = Listener(session, "on_error")
    assert by_send(session, "go").text == "Failed."
    (told,) = listener.of("on_error")
    assert told["error_type"] == error_type
    assert message in told["error_message"]
    assert told["context"]["tool"] in ("read", "bash", "ls")


def test_errors_of_models(model_server: ModelServer, new_session: NewSession, ask: Caller) -> None:
    model_server.script(status(401))
    session = new_session()
    listener = Listener(session, "on_error", "generate_end", "post_response")
    answer = ask(session, "hello")
    (told,) = listener.of("on_error")
    assert listener.events == ["on_error"]
    assert (told["error_type"], told["error_message"]) == ("llm_failure", answer.error)
    assert told["context"]["prompt"] == "hello"


@pytest.mark.parametrize("event", ["pre_prompt", "pre_tool_use", "post_response", "session_start"])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_handler_cannot_send_to_its_own_session(
    model_server: ModelServer,
    new_session: NewSession,
    event: str,
    asynchronous: bool,
) -> None:
    model_server.script(calls("ls"), says("Done."))
    session, raised = new_session(), list[BaseException]()

    def send(_event: dict[str, Any]) -> None:
        with pytest.raises(SessionBusy, match="hook") as caught:
            session.send("more")
        raised.append(caught.value)

    async def asend(_event: dict[str, Any]) -> None:
        with pytest.raises(SessionBusy, match="hook") as caught:
            await session.asend("more")
        raised.append(caught.value)

    session.register_hook("h", event, handler=asend if asynchronous else send)
    assert by_send(session, "go").text == "Done."
    assert len(raised) == 1


def test_a_handler_may_use_the_rest_of_its_session(
    model_server: ModelServer,
    new_session: NewSession,
) -> None:
    model_server.script(calls("ls"), says("Beside."), says("Done."))
    session, seen = new_session(), list[Any]()

    def look(_event: dict[str, Any]) -> None:
        seen.append(session.btw("what?").answer)
        seen.append(session.bash("echo hi"))
        seen.append(len(session.history()))

    session.register_hook("h", "pre_tool_use", handler=look)
    by_send(session, "go")
    assert seen == ["Beside.", "hi\n", 0]


def test_closing_inside_a_handler(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(calls("ls"), says("Done."))
    session = new_session()
    listener, closed = Listener(session, "session_end"), threading.Event()

    def close(_event: dict[str, Any]) -> None:
        session.close()
        closed.set()

    session.register_hook("h", "pre_tool_use", handler=close)
    assert by_send(session, "go").cancelled
    assert closed.wait(DEADLINE_S)  # closing cancels the run, which does not wait for its handler
    assert listener.events == ["session_end"]


def test_closing_ends_the_run_first(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(says("word ").endless())
    session = new_session()
    listener = Listener(session, "session_end")
    stream = session.stream("go on")
    for event in stream:
        if event.event_type == "text_delta":
            break
    session.close()
    assert listener.events == ["session_end"]
    session.close()
    assert listener.events == ["session_end"]


def test_closing_from_the_loop_does_not_wait(new_session: NewSession) -> None:
    session, ended = new_session(), threading.Event()
    session.register_hook("end", "session_end", handler=lambda _event: ended.set())

    async def close() -> None:
        session.close()

    runtime().submit(close()).result(DEADLINE_S)
    assert ended.wait(DEADLINE_S)


def test_a_handler_is_cancelled_with_the_run(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session, entered = new_session(), threading.Event()

    async def endless(_event: dict[str, Any]) -> None:
        entered.set()
        await asyncio.Event().wait()

    for event in ("pre_prompt", "post_response"):
        model_server.script(says("Done."))
        session.register_hook("h", event, handler=endless)
        entered.clear()
        stream = session.stream("go")
        assert entered.wait(DEADLINE_S)
        session.cancel()
        assert list(stream)[-1].event_type == "end"


def test_skills_of_the_session(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(says("Hi."))
    skill = Skill("tidy", "Tidies.", "read(*), bash(git log:*)", content="x", version="1.2")
    session = new_session(inline_skills=[skill])
    listener = Listener(session, "skill_load", "skill_unload")
    session.register_hook("other", "skill_load", {"skill": "un*"}, None, block("never matched"))
    by_send(session, "hello")
    session.close()
    (loaded,), (unloaded,) = listener.of("skill_load"), listener.of("skill_unload")
    assert loaded.pop("loaded_at") > 1_600_000_000_000
    assert loaded == {
        "skill_name": "tidy",
        "tool_names": ["read", "bash"],
        "version": "1.2",
        "description": "Tidies.",
    }
    assert unloaded.pop("duration_ms") >= 0
    assert unloaded == {"skill_name": "tidy", "tool_names": ["read", "bash"]}


def test_redaction_comes_before_the_hooks(
    model_server: ModelServer,
    new_session: NewSession,
) -> None:
    model_server.script(calls("bash", command="echo ana@example.org"), says("ana@example.org"))
    session = new_session(default_security=True)
    listener = Listener(session, "post_tool_use", "post_response")
    by_send(session, "whom?")
    outputs = [told["result"]["output"] for told in listener.of("post_tool_use")]
    assert outputs == ["[REDACTED:EMAIL]\n"]
    assert listener.of("post_response")[0]["response_text"] == "[REDACTED:EMAIL]"


def test_direct_calls_have_no_hooks(new_session: NewSession) -> None:
    session = new_session()
    session.register_hook("h", "pre_tool_use", block("never"))
    assert session.tool("ls").exit_code == 0
