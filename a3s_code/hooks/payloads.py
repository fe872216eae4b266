"""What hooks are told: one function for each event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from a3s_code.messages import ToolUseBlock
from a3s_code.results import TokenUsage

Payload = dict[str, Any]


def pre_tool_use(
    *,
    session_id: str,
    tool: str,
    args: Mapping[str, Any],
    working_directory: str,
    recent_tools: Iterable[str],
) -> Payload:
    """A tool call that is about to be judged; `recent_tools` are the last ones, the newest last."""
    return {
        "session_id": session_id,
        "tool": tool,
        "args": dict(args),
        "working_directory": working_directory,
        "recent_tools": list(recent_tools),
    }


def post_tool_use(
    *,
    session_id: str,
    tool: str,
    args: Mapping[str, Any],
    output: str,
    exit_code: int,
    duration_ms: int,
) -> Payload:
    """A tool call that has run; the output is what the model will see."""
    return {
        "session_id": session_id,
        "tool": tool,
        "args": dict(args),
        "result": {
            "success": exit_code == 0,
            "output": output,
            "exit_code": exit_code,
            "duration_ms": duration_ms,
        },
    }


def generate_start(
    *,
    session_id: str,
    prompt: str,
    system_prompt: str,
    model: str,
    available_tools: Iterable[str],
) -> Payload:
    """A model call that is about to be made; `model` is `provider/model`."""
    return {
        "session_id": session_id,
        "prompt": prompt,
        "system_prompt": system_prompt,
        **_model(model),
        "available_tools": list(available_tools),
    }


def generate_end(
    *,
    session_id: str,
    prompt: str,
    response_text: str,
    tool_calls: Sequence[ToolUseBlock],
    usage: TokenUsage,
    duration_ms: int,
) -> Payload:
    """A model's answer."""
    return {
        "session_id": session_id,
        "prompt": prompt,
        "response_text": response_text,
        "tool_calls": [{"name": call.name, "args": dict(call.input)} for call in tool_calls],
        "usage": _usage(usage),
        "duration_ms": duration_ms,
    }


def session_start(*, session_id: str, system_prompt: str, model: str) -> Payload:
    """A session that gets its first prompt."""
    return {"session_id": session_id, "system_prompt": system_prompt, **_model(model)}


def session_end(
    *, session_id: str, total_tokens: int, total_tool_calls: int, duration_ms: int
) -> Payload:
    """A session that was closed."""
    return {
        "session_id": session_id,
        "total_tokens": total_tokens,
        "total_tool_calls": total_tool_calls,
        "duration_ms": duration_ms,
    }


def skill_load(
    *,
    skill_name: str,
    tool_names: Iterable[str],
    version: str | None,
    description: str,
    loaded_at: int,
) -> Payload:
    """A skill that the session has; `loaded_at` is in milliseconds since 1970."""
    return {
        "skill_name": skill_name,
        "tool_names": list(tool_names),
        "version": version,
        "description": description,
        "loaded_at": loaded_at,
    }


def skill_unload(*, skill_name: str, tool_names: Iterable[str], duration_ms: int) -> Payload:
    """A skill that ends with the session."""
    return {
        "skill_name": skill_name,
        "tool_names": list(tool_names),
        "duration_ms": duration_ms,
    }


def pre_prompt(*, session_id: str, prompt: str, system_prompt: str, message_count: int) -> Payload:
    """A prompt that is about to be worked on; `message_count` is without it."""
    return {
        "session_id": session_id,
        "prompt": prompt,
        "system_prompt": system_prompt,
        "message_count": message_count,
    }


def post_response(
    *,
    session_id: str,
    response_text: str,
    tool_calls_count: int,
    usage: TokenUsage,
    duration_ms: int,
) -> Payload:
    """A final answer; the figures are those of the whole execution."""
    return {
        "session_id": session_id,
        "response_text": response_text,
        "tool_calls_count": tool_calls_count,
        "usage": _usage(usage),
        "duration_ms": duration_ms,
    }


def on_error(
    *, session_id: str, error_type: str, error_message: str, context: Mapping[str, Any]
) -> Payload:
    """A failure. `error_type`: tool_failure, llm_failure, permission_denied, timeout, other."""
    return {
        "session_id": session_id,
        "error_type": error_type,
        "error_message": error_message,
        "context": dict(context),
    }


def _model(selector: str) -> Payload:
    provider, _, name = selector.partition("/")
    return {"model_provider": provider, "model_name": name}


def _usage(usage: TokenUsage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }
