"""Every documented name is there: classes, calls with their parameters, options."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

import a3s_code
from a3s_code import (
    Agent,
    ConfirmationPolicy,
    DefaultSecurityProvider,
    FileMemoryStore,
    FileSessionStore,
    InMemoryStore,
    MemorySessionStore,
    PermissionPolicy,
    RetryConfig,
    RipgrepContextProvider,
    Session,
    SessionOptions,
    SessionQueueConfig,
    Skill,
    SkillPlugin,
    SkillRegistry,
    StdioTransport,
)
from tests.model_server import ModelServer, agent_hcl
from tests.session.test_limits import Sandbox

CLASSES = (
    *("Agent", "Session", "AgentSession", "SessionOptions"),
    *("AgentResult", "TokenUsage", "BtwResult", "ToolResult", "Attachment"),
    *("AgentEvent", "EventStream", "EventType"),
    *("FileMemoryStore", "FileSessionStore", "MemorySessionStore"),
    *("DefaultSecurityProvider", "SkillPlugin", "SessionQueueConfig", "RipgrepContextProvider"),
    *("StdioTransport", "HttpTransport", "WebSocketTransport", "UnixSocketTransport"),
    *("SearchConfig", "SearchEngineConfig", "SearchHealthConfig"),
)

AGENT_CALLS = {
    "create": "config_source",
    "new": "config_source",
    "from_config": "config",
    "session": "workspace, options=None, **",
    "resume_session": "session_id, options=None, **",
    "session_for_agent": "workspace, agent_name, agent_dirs=None, options=None",
    "refresh_mcp_tools": "",
}
SESSION_CALLS = {
    "send": "prompt, history=None",
    "stream": "prompt, history=None",
    "send_with_attachments": "prompt, attachments, history=None",
    "stream_with_attachments": "prompt, attachments, history=None",
    "btw": "question",
    "cancel": "",
    "history": "",
    "read_file": "path",
    "bash": "command",
    "glob": "pattern",
    "grep": "pattern",
    "tool": "name, args=None",
    "tool_names": "",
    "tool_definitions": "",
    "list_commands": "",
    "register_command": "name, description, handler",
    "schedule_task": "prompt, interval_secs",
    "list_scheduled_tasks": "",
    "cancel_scheduled_task": "task_id",
    "save": "",
    "memory": "",
    "remember_success": "",
    "remember_failure": "",
    "recall_similar": "",
    "recall_by_tags": "",
    "memory_recent": "",
    "memory_stats": "",
    "get_working": "",
    "clear_working": "",
    "get_short_term": "",
    "clear_short_term": "",
    "close": "",
    "pending_confirmations": "",
    "confirm_tool_use": "tool_id, approved, reason=None",
    "cancel_confirmations": "",
    "list_tracked_files": "",
    "list_file_versions": "path",
    "diff_file_versions": "path, a, b",
    "restore_file_version": "path, version",
    "register_agent_dir": "path",
    "run_team": "goal",
    "register_hook": "",
    "unregister_hook": "",
    "hook_count": "",
    "has_queue": "",
    "set_lane_handler": "",
    "pending_external_tasks": "",
    "complete_external_task": "",
    "queue_stats": "",
    "queue_metrics": "",
    "dead_letters": "",
    "submit": "",
    "submit_batch": "",
    "add_mcp_server": "",
    "remove_mcp_server": "",
    "mcp_status": "",
}


class Glossary:
    """A context provider that knows nothing."""

    name = "glossary"

    def query(self, query: object) -> None:
        return None


OPTIONS: dict[str, Any] = {
    "model": "openai/m",
    "builtin_skills": True,
    "skill_dirs": ["skills"],
    "agent_dirs": ["agents"],
    "skills_dir": "skills",
    "skill_registry": SkillRegistry(),
    "inline_skills": [Skill("a")],
    "plugins": [SkillPlugin("p", [])],
    "queue_config": SessionQueueConfig(),
    "permissive": True,
    "permission_policy": PermissionPolicy(),
    "permission_checker": PermissionPolicy(),
    "confirmation_policy": ConfirmationPolicy(),
    "confirmation_manager": lambda tool, args: True,
    "security_provider": DefaultSecurityProvider(),
    "default_security": True,
    "planning": True,
    "planning_mode": "auto",
    "goal_tracking": True,
    "max_tool_rounds": 1,
    "max_parse_retries": 0,
    "tool_timeout_ms": 1,
    "circuit_breaker_threshold": 1,
    "retry_config": RetryConfig(),
    "continuation_enabled": False,
    "max_continuation_turns": 0,
    "max_execution_time_ms": 1,
    "auto_compact": True,
    "auto_compact_threshold": 0.5,
    "context_threshold": 0.5,
    "temperature": 0.5,
    "thinking_budget": 1024,
    "role": "You are Ada.",
    "guidelines": "Be brief.",
    "response_style": "One line.",
    "extra": "Really.",
    "memory_store": InMemoryStore(),
    "memory_dir": "memory",
    "file_memory": "memory",
    "session_store": MemorySessionStore(),
    "session_id": "mine",
    "auto_save": True,
    "fs_context": ".",
    "context_providers": [Glossary()],
    "context_provider": Glossary(),
    "sandbox_handle": Sandbox(),
    "hook_executor": StdioTransport("harness"),
    "ahp_transport": StdioTransport("harness"),
}


@pytest.mark.parametrize("name", CLASSES)
def test_documented_classes(name: str) -> None:
    assert isinstance(getattr(a3s_code, name), type)
    assert name in a3s_code.__all__


def documented(function: Any, count: int) -> str:
    """The first parameters of a call, in the form of the tables above."""
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    told = [
        "**"
        if parameter.kind is parameter.VAR_KEYWORD
        else parameter.name
        + ("" if parameter.default is parameter.empty else f"={parameter.default}")
        for parameter in parameters[:count]
    ]
    return ", ".join(told)


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        *((Agent, *call) for call in AGENT_CALLS.items()),
        *((Session, *call) for call in SESSION_CALLS.items()),
    ],
    ids=[*AGENT_CALLS, *SESSION_CALLS],
)
def test_documented_calls(owner: type, name: str, parameters: str) -> None:
    """The parameters come first, in this order; what may follow is ours."""
    count = len(parameters.split(", ")) if parameters else 0
    assert documented(getattr(owner, name), count) == parameters


@pytest.mark.parametrize("name", OPTIONS)
def test_documented_options(
    model_server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """As keyword of the call, of the constructor, and as attribute."""
    monkeypatch.chdir(tmp_path)
    agent, value = Agent.create(agent_hcl(model_server)), OPTIONS[name]
    made, assigned = SessionOptions(**{name: value}), SessionOptions()
    setattr(assigned, name, value)
    for options in (made, assigned):
        assert getattr(options, name) == value
        agent.session(tmp_path, options).close()
    agent.session(tmp_path, **{name: value}).close()


@pytest.mark.parametrize("kind", [FileMemoryStore, FileSessionStore])
def test_stores_in_a_folder(kind: Any, tmp_path: Path) -> None:
    store = kind(dir=str(tmp_path / "one"))
    assert store.dir == kind(str(tmp_path / "one")).dir == str(tmp_path / "one")
    store.dir = str(tmp_path / "two")
    assert store.dir == str(tmp_path / "two")


def test_constructors_without_arguments() -> None:
    assert MemorySessionStore().list() == []
    assert DefaultSecurityProvider().sanitize_output("hello") == "hello"
    assert SessionQueueConfig().query_max_concurrency == 4
    plugin = SkillPlugin("p", skills=["---\nname: a\n---\n"])
    assert (plugin.name, plugin.skills) == ("p", ["---\nname: a\n---\n"])


def test_settings_of_the_ripgrep_provider() -> None:
    parameters = (
        "root_path, include_patterns=None, exclude_patterns=None, max_file_size=1048576, "
        "case_insensitive=True, context_lines=2"
    )
    assert documented(RipgrepContextProvider, 6) == parameters
