"""The catalogue of events: every documented type with every documented field, in both styles."""

from __future__ import annotations

from typing import Any

import pytest

from a3s_code.events import EventType, UnknownEvent, event_from_dict

USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
STEP = {"step_id": "s1", "step_number": 1, "total_steps": 2, "step": "look", "index": 0}
COUNTS = {"messages_before": 9, "messages_after": 3, "before_messages": 9, "after_messages": 3}
COMMAND = {"command_id": "c1", "command_type": "bash", "lane": "execute"}

CATALOGUE: dict[str, dict[str, Any]] = {
    "start": {"prompt": "p"},
    "turn_start": {"turn": 1},
    "text_delta": {"text": "t"},
    "reasoning_delta": {"text": "t"},
    "turn_end": {"turn": 1, "total_tokens": 7, "usage": USAGE},
    "end": {"text": "t", "total_tokens": 7, "usage": USAGE},
    "error": {"error": "e"},
    "btw_answer": {"question": "q", "answer": "a", "total_tokens": 7},
    "tool_start": {"tool_id": "i", "tool_name": "ls", "args": {"path": "."}},
    "tool_input_delta": {"tool_id": "i", "text": "{"},
    "tool_output_delta": {"tool_id": "i", "tool_name": "bash", "text": "t"},
    "tool_end": {"tool_id": "i", "tool_name": "ls", "tool_output": "o", "exit_code": 1},
    "confirmation_required": {"tool_id": "i", "tool_name": "n", "args": {}, "timeout_ms": 5},
    "confirmation_received": {"tool_id": "i", "approved": True, "reason": "r"},
    "confirmation_timeout": {"tool_id": "i", "action_taken": "rejected"},
    "permission_denied": {"tool_id": "i", "tool_name": "n", "args": {}, "reason": "r"},
    "retrying": {"attempt": 2, "delay_ms": 5, "status": 503, "reason": "r"},
    "context_resolving": {"providers": ("memory",)},
    "context_resolved": {"total_items": 1, "total_tokens": 2},
    "memory_stored": {"memory_id": "m", "memory_type": "t", "importance": 0.8, "tags": ("a",)},
    "memory_recalled": {"memory_id": "m", "content": "c", "relevance": 0.5},
    "memories_searched": {"query": "q", "tags": (), "result_count": 1},
    "memory_cleared": {"tier": "working", "count": 2},
    "context_warning": {"used_tokens": 9, "max_tokens": 10, "threshold": 0.8},
    "context_compacting": {"messages_before": 9},
    "context_compacted": {"session_id": "s", "tokens_saved": 5, "percent_before": 0.9, **COUNTS},
    "persistence_failed": {"session_id": "s", "operation": "save", "error": "e"},
    "planning_start": {"prompt": "p"},
    "planning_end": {"plan": {"steps": []}, "estimated_steps": 2},
    "plan_ready": {"steps": ({"id": "s1"},), "wave_count": 1},
    "step_start": {"description": "look", **STEP},
    "step_end": {"status": "completed", "success": True, **STEP},
    "goal_extracted": {"goal": {"description": "g"}},
    "goal_progress": {"goal": "g", "progress": 0.5, "completed_steps": 1, "total_steps": 2},
    "goal_achieved": {"goal": "g", "total_steps": 2, "duration_ms": 5},
    "goal_updated": {"goal": "g", "status": "active"},
    "task_updated": {"session_id": "s", "tasks": ({"id": "1"},)},
    "subagent_start": {
        "task_id": "t",
        "session_id": "c",
        "agent": "a",
        "description": "d",
        "parent_session_id": "p",
    },
    "subagent_progress": {"task_id": "t", "session_id": "c", "status": "reading"},
    "subagent_end": {
        "task_id": "t",
        "session_id": "c",
        "agent": "a",
        "output": "o",
        "success": False,
    },
    "external_task_pending": {
        "task_id": "t",
        "session_id": "s",
        "lane": "query",
        "command_type": "read",
        "payload": {"file_path": "x"},
        "timeout_ms": 5,
    },
    "external_task_completed": {"task_id": "t", "session_id": "s", "success": True},
    "command_retry": {**COMMAND, "attempt": 2, "delay_ms": 5},
    "command_dead_lettered": {**COMMAND, "error": "e", "attempts": 3},
    "queue_alert": {"level": "info", "alert_type": "queue.lane.idle", "message": "m"},
}


@pytest.mark.parametrize(("name", "values"), CATALOGUE.items(), ids=list(CATALOGUE))
def test_a_documented_event(name: str, values: dict[str, Any]) -> None:
    """Its constant, its fields as attributes and as a mapping, and its saved form."""
    assert getattr(EventType, name.upper()) == name
    event = event_from_dict({"type": name} | values)
    assert not isinstance(event, UnknownEvent)
    assert (event.event_type, event.type, event["type"], event.get("type")) == (name,) * 4
    saved = event.to_dict()
    for field, value in values.items():
        assert saved[field] | value == saved[field] if field == "usage" else saved[field] == value
        assert event[field] == event.get(field) == getattr(event, field)
        assert field in event
    assert event_from_dict(saved) == event


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("subagent_start", {"tool_id": "t", "text": "c", "tool_name": "a", "prompt": "d"}),
        ("subagent_progress", {"tool_id": "t", "text": "c: reading"}),
        ("subagent_end", {"tool_id": "t", "tool_output": "o", "exit_code": 1}),
    ],
)
def test_other_documented_names_of_fields(name: str, others: dict[str, Any]) -> None:
    """Readable in both styles, and not written twice."""
    event = event_from_dict({"type": name} | CATALOGUE[name])
    assert {field: getattr(event, field) for field in others} == others
    assert {field: event[field] for field in others} == others
    assert not set(others) & set(event.to_dict())


def test_what_an_event_does_not_have_is_none() -> None:
    """The documented fields may be asked of any event; `data` is its own ones as JSON."""
    event = event_from_dict({"type": "text_delta", "text": "é"})
    documented = (
        *("tool_name", "tool_id", "tool_output", "exit_code", "turn", "prompt", "error"),
        *("total_tokens", "question", "answer"),
    )
    assert [getattr(event, field) for field in documented] == [None] * len(documented)
    assert event.data == '{"text": "é"}'
    assert event.get("tool_id", "none") == "none"
    with pytest.raises(KeyError):
        event["tool_id"]
    with pytest.raises(AttributeError):
        _ = event.smell


def test_types_of_later_versions_pass_through() -> None:
    """The set is open."""
    event = event_from_dict({"type": "agent_mode_changed", "mode": "plan"})
    assert (event.event_type, event["mode"], event.mode) == ("agent_mode_changed", "plan", "plan")
    assert event.tool_name is None
