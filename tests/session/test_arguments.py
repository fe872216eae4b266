"""What cannot be used as an argument gets an error that names argument and value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import a3s_code
from a3s_code import A3SError, Agent, InMemoryStore, InvalidArgument, MemorySessionStore, Session
from a3s_code.checks import is_blank
from tests.model_server import ModelServer, agent_hcl, says
from tests.session.conftest import NewSession

ODD: tuple[Any, ...] = (
    None, 3, 3.5, True, b"x", "\0", "", [], {}, object(), ["a"], {"a": 1}, ("a",), float("nan"),
    Path("x"), -1, {1: 2}, [None], "\x1b[31m", "\ud800",
)  # fmt: skip


@pytest.fixture(autouse=True)
def folder_for_what_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Odd names are good names of folders, too; they are made where nobody minds."""
    monkeypatch.chdir(tmp_path)


CALLS: dict[str, Callable[[Session, Any], Any]] = {
    "tool.name": lambda s, x: s.tool(x, {}),
    "tool.args": lambda s, x: s.tool("read", x),
    "read_file": lambda s, x: s.read_file(x),
    "bash": lambda s, x: s.bash(x),
    "glob": lambda s, x: s.glob(x),
    "grep": lambda s, x: s.grep(x),
    "send": lambda s, x: s.send(x),
    "send.history": lambda s, x: s.send("hi", history=x),
    "send_with_attachments": lambda s, x: s.send_with_attachments("hi", x),
    "stream.max_rounds": lambda s, x: list(s.stream("hi", max_rounds=x)),
    "btw": lambda s, x: s.btw(x),
    "tell": lambda s, x: s.tell(x),
    "use_model": lambda s, x: s.use_model(x),
    "register_command": lambda s, x: s.register_command(x, "d", lambda *_: ""),
    "register_hook": lambda s, x: s.register_hook(x, x, x, x, x),
    "unregister_hook": lambda s, x: s.unregister_hook(x),
    "register_tool": lambda s, x: s.register_tool(x),
    "register_tool.name": lambda s, x: s.register_tool(len, name=x),
    "unregister_tool": lambda s, x: s.unregister_tool(x),
    "register_agent_dir": lambda s, x: s.register_agent_dir(x),
    "schedule_task": lambda s, x: s.schedule_task(x, 60),
    "schedule_task.interval": lambda s, x: s.schedule_task("hi", x),
    "cancel_scheduled_task": lambda s, x: s.cancel_scheduled_task(x),
    "confirm_tool_use": lambda s, x: s.confirm_tool_use(x, True),
    "list_file_versions": lambda s, x: s.list_file_versions(x),
    "diff_file_versions": lambda s, x: s.diff_file_versions(x, 0, 1),
    "diff_file_versions.a": lambda s, x: s.diff_file_versions("a", x, 1),
    "restore_file_version": lambda s, x: s.restore_file_version(x, 1),
    "restore_file_version.version": lambda s, x: s.restore_file_version("a", x),
    "remember_success": lambda s, x: s.remember_success("t", x, "r"),
    "remember_failure": lambda s, x: s.remember_failure("t", "e", x),
    "recall_by_tags": lambda s, x: s.recall_by_tags(x),
    "recall_similar": lambda s, x: s.recall_similar(x),
    "recall_similar.limit": lambda s, x: s.recall_similar("q", x),
    "add_mcp_server": lambda s, x: s.add_mcp_server(x, command=""),
    "add_mcp_server.args": lambda s, x: s.add_mcp_server("n", "http", args=x),
    "add_mcp_server.env": lambda s, x: s.add_mcp_server("n", "http", env=x),
    "add_mcp_server.headers": lambda s, x: s.add_mcp_server("n", "http", headers=x),
    "remove_mcp_server": lambda s, x: s.remove_mcp_server(x),
    "run_team": lambda s, x: s.run_team(x, lead_agent="nobody"),
    "submit": lambda s, x: s.submit(x, x),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_calls_raise_only_errors_of_the_library(
    call: Callable[[Session, Any], Any], new_session: NewSession, model_server: ModelServer
) -> None:
    """Whatever they are given: it works, or it is an `A3SError`."""
    model_server.answer_with(lambda body: says("ok"))
    session = new_session(memory_store=InMemoryStore(), queue_config={})
    for value in ODD:
        try:
            call(session, value)
        except A3SError as error:
            assert str(error)  # noqa: PT017  # the other values need no error


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_sessions_are_made_or_refused(value: Any, model_server: ModelServer) -> None:
    agent = Agent.create(agent_hcl(model_server))
    for make in (
        lambda: agent.session(value),
        lambda: agent.session(".", value),
        lambda: agent.session_for_agent(".", value),
        lambda: agent.session_for_agent(".", "general", value),
        lambda: agent.resume_session(value, session_store=MemorySessionStore()),
    ):
        try:
            make().close()
        except A3SError as error:
            assert str(error)  # noqa: PT017  # the other values need no error


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda s: s.tool("read", "x"), "args must be a dict, not 'x'"),
        (lambda s: s.tool(None), "name must be a string, not None"),
        (lambda s: s.tool("read", {1: 2}), "a key of args must be a string, not 1"),
        (lambda s: s.stream("hi", plan="yes"), "plan must be True or False, not 'yes'"),
        (lambda s: s.glob(None), "pattern must be a string, not None"),
        (lambda s: s.btw(7), "question must be a string, not 7"),
        (lambda s: s.tell("\x1b\x00"), "text is empty"),
        (lambda s: s.restore_file_version("a", "1"), "version must be an integer of at least 0"),
        (lambda s: s.register_tool(3), "function must be a function, not 3"),
        (lambda s: s.remember_success("t", "ab", "r"), "tools must be a list of strings"),
        (lambda s: s.add_mcp_server("n", headers={"A": "x\x1b"}), "header 'A' holds a control"),
    ],
)
def test_argument_and_value_are_named(
    call: Callable[[Session], Any], problem: str, new_session: NewSession
) -> None:
    session = new_session(memory_store=InMemoryStore())
    with pytest.raises(InvalidArgument) as caught:
        call(session)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("workspace", "problem"),
    [
        (None, "workspace must be a path, not None"),
        (b"/tmp", "workspace must be a path, not b'/tmp'"),
        ("/tmp\0x", r"workspace cannot be a path: '/tmp\x00x'"),
        ("/tmp/\ud800", r"workspace cannot be a path: '/tmp/\ud800'"),
    ],
)
def test_a_workspace_that_is_no_path(
    workspace: Any, problem: str, model_server: ModelServer
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Agent.create(agent_hcl(model_server)).session(workspace)
    assert str(caught.value) == problem


def test_wrong_types_are_type_errors_too(new_session: NewSession) -> None:
    for call in (lambda: new_session(permisive=True), lambda: new_session().tool("read", 3)):
        with pytest.raises(TypeError) as caught:
            call()
        assert isinstance(caught.value, InvalidArgument)
    with pytest.raises(
        TypeError, match="there is no option 'permisive'; did you mean 'permissive'"
    ):
        new_session(permisive=True)


@pytest.mark.parametrize(
    "prompt", ["", " \n\t", "\x00", "\x1b\x07\x7f", "\u200b\u2060\ufeff", "\u202e "]
)
def test_a_prompt_with_nothing_to_see_is_empty(
    prompt: str, new_session: NewSession, model_server: ModelServer
) -> None:
    assert is_blank(prompt)
    with pytest.raises(InvalidArgument, match="empty"):
        new_session().send(prompt)
    assert model_server.requests == []


@pytest.mark.parametrize("prompt", ["\x1b[31m", ".", "\u200bé", "😀", "\ud800"])
def test_a_prompt_with_something_to_see_is_sent(prompt: str) -> None:
    assert not is_blank(prompt)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("permission_policy", "deny"),
        ("permission_checker", {"check": 1}),
        ("temperature", True),
        ("auto_compact_threshold", float("nan")),
        ("planning", "yes"),
        ("goal_tracking", 1),
        ("memory_dir", ["m"]),
        ("memory_dir", "m\0"),
        ("skills_dir", "s\0"),
        ("agent_dirs", ["a\0"]),
        ("plugins", 3),
        ("inline_skills", 3),
        ("retry_config", 3),
        ("queue_config", {"a": 1}),
        ("queue_config", {1: 2}),
        ("context_providers", 3),
    ],
)
def test_options_that_cannot_be_honoured(option: str, value: Any, new_session: NewSession) -> None:
    options = {"model": "openai/m", "memory_store": None, option: value}
    with pytest.raises(InvalidArgument):
        new_session(**options)


@pytest.mark.parametrize(
    "make",
    [
        lambda: a3s_code.ConfirmationPolicy(yolo_lanes=3),  # type: ignore[arg-type]
        lambda: a3s_code.ContextQuery("q", context_types=3),  # type: ignore[arg-type]
        lambda: a3s_code.ContextResult(3),  # type: ignore[arg-type]
        lambda: a3s_code.DefaultSecurityProvider(patterns=[("a", "b")]),  # type: ignore[list-item]
        lambda: a3s_code.FileMemoryStore(None),  # type: ignore[arg-type]
        lambda: a3s_code.FileSessionStore("a\0b"),
        lambda: a3s_code.FileSystemContextProvider(3),  # type: ignore[arg-type]
        lambda: a3s_code.RipgrepContextProvider(".", include_patterns=3),  # type: ignore[arg-type]
        lambda: a3s_code.MemoryItem("c", tags=3),  # type: ignore[arg-type]
        lambda: a3s_code.MemoryItem("c", metadata=[]),  # type: ignore[arg-type]
        lambda: a3s_code.MemoryItem("c", timestamp=3),  # type: ignore[arg-type]
        lambda: a3s_code.Skill("s", content=None),  # type: ignore[arg-type]
        lambda: a3s_code.Skill("s", tags=3),  # type: ignore[arg-type]
        lambda: a3s_code.SkillPlugin("p", 3),  # type: ignore[arg-type]
        lambda: a3s_code.Team("t", 3),  # type: ignore[arg-type]
        lambda: a3s_code.event_from_dict(3),  # type: ignore[arg-type]
        lambda: a3s_code.Attachment.from_file(None),  # type: ignore[arg-type]
        lambda: a3s_code.PermissionPolicy().check("read", 3),  # type: ignore[arg-type]
        lambda: a3s_code.SkillRegistry().load_from_dir("a\0b"),
        lambda: MemorySessionStore().save(3),  # type: ignore[arg-type]
        lambda: InMemoryStore().store(3),  # type: ignore[arg-type]
        lambda: InMemoryStore().search(3, 5),  # type: ignore[arg-type]
    ],
)
def test_public_classes_refuse_what_they_cannot_use(make: Callable[[], Any]) -> None:
    with pytest.raises(InvalidArgument, match=r"must be|cannot be"):
        make()
