"""The Agent Harness Protocol, version 2.0, as JSON-RPC 2.0. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from a3s_code.hooks.contract import DEFAULT_DELAY_MS

PROTOCOL_VERSION = "2.0"
HANDSHAKE, EVENT = "ahp/handshake", "ahp/event"

_MAX_DELAY_MS = 24 * 3600 * 1000
_MAX_REASON = 2000
# Names of our events in the protocol; the others are not told.
_EVENT_TYPES = {
    "pre_tool_use": "pre_action",
    "post_tool_use": "post_action",
    "pre_prompt": "pre_prompt",
    "post_response": "post_response",
    "session_start": "session_start",
    "session_end": "session_end",
    "on_error": "error",
}
CAPABILITIES = tuple(_EVENT_TYPES.values())


class ProtocolError(Exception):
    """An answer that is not in the protocol's form, or that reports an error."""


@dataclass(frozen=True, slots=True)
class Allow:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Block:
    """Do not."""

    reason: str


@dataclass(frozen=True, slots=True)
class Modify:
    """Go on with another payload."""

    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Defer:
    """Ask again after a while."""

    delay_ms: int


@dataclass(frozen=True, slots=True)
class Escalate:
    """A person has to agree."""

    reason: str


Decision = Allow | Block | Modify | Defer | Escalate


# -- to the harness ---------------------------------------------------------------------------------


def request(number: int, method: str, params: Mapping[str, Any]) -> bytes:
    """A message that is answered under its number."""
    return _message({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def notification(method: str, params: Mapping[str, Any]) -> bytes:
    """A message without answer."""
    return _message({"jsonrpc": "2.0", "method": method, "params": params})


def _message(message: Mapping[str, Any]) -> bytes:
    text = json.dumps(message, ensure_ascii=False, default=str, separators=(",", ":"))
    return text.encode("utf-8", "replace")  # a lone surrogate in a file's name is no UTF-8


def handshake(*, session_id: str, agent_id: str, version: str) -> dict[str, Any]:
    """The params of the handshake; `version` is ours."""
    return {
        "protocol_version": PROTOCOL_VERSION,
        "agent_info": {
            "framework": "a3s-code",
            "version": version,
            "capabilities": list(CAPABILITIES),
        },
        "session_id": session_id,
        "agent_id": agent_id,
    }


def is_told(event: str) -> bool:
    """Whether the protocol knows this event of ours."""
    return event in _EVENT_TYPES


def event_params(
    event: str, payload: Mapping[str, Any], *, agent_id: str, depth: int, timestamp: str
) -> dict[str, Any]:
    """The params of an event; `payload` is what hooks are told, `timestamp` is RFC 3339."""
    told = dict(payload)
    session_id = told.pop("session_id", "")
    if "args" in told:
        told = {"tool": told.pop("tool"), "arguments": told.pop("args"), **told}
    return {
        "event_type": _EVENT_TYPES[event],
        "session_id": session_id,
        "agent_id": agent_id,
        "timestamp": timestamp,
        "depth": depth,
        "payload": told,
    }


# -- from the harness -------------------------------------------------------------------------------


def message_in(data: bytes) -> Mapping[str, Any]:
    """The JSON object in a line or a body. Raises `ProtocolError`."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        raise ProtocolError("the answer is not JSON") from None
    if not isinstance(message, dict):
        raise ProtocolError("the answer is no JSON object")
    return message


def result_in(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The result of an answer. Raises `ProtocolError` for an error, or when there is none."""
    error = answer.get("error")
    if error is not None:
        said = error.get("message") if isinstance(error, dict) else error
        raise ProtocolError(f"it answered with an error: {_line(said) or 'no reason given'}")
    result = answer.get("result")
    if not isinstance(result, dict):
        raise ProtocolError("its answer has no result")
    return result


def check_handshake(result: Mapping[str, Any]) -> None:
    """Raise `ProtocolError` unless the harness speaks a version 2."""
    version = result.get("protocol_version")
    if not isinstance(version, str) or version.partition(".")[0] != "2":
        raise ProtocolError(
            f"it speaks protocol version {_line(version)!r}, not {PROTOCOL_VERSION}"
        )


def decision_in(result: Mapping[str, Any]) -> Decision:
    """What the harness decided. Raises `ProtocolError` for what is not understood."""
    reason = _line(result.get("reason"))
    match result.get("decision"):
        case "allow":
            changed = result.get("modified_payload")
            return Allow() if changed is None else Modify(_payload(changed))
        case "block":
            return Block(reason or "Blocked by supervision")
        case "modify":
            return Modify(_payload(result.get("modified_payload", result.get("payload"))))
        case "defer":
            return Defer(_delay_ms(result.get("retry_after_ms", DEFAULT_DELAY_MS)))
        case "escalate":
            reason = reason or "Escalated by supervision"
            target = _line(result.get("escalation_target"))
            return Escalate(f"{reason} (for {target})" if target else reason)
        case other:
            raise ProtocolError(f"it decided {_line(other)!r}, which means nothing")


def changed_arguments(payload: Mapping[str, Any], tool: str) -> Mapping[str, Any]:
    """The arguments in a modified payload. Raises `ProtocolError`: only they may be changed."""
    if payload.get("tool", tool) != tool:
        raise ProtocolError("it changed the tool; only the arguments of a call may be changed")
    arguments = payload.get("arguments")
    if not isinstance(arguments, dict):
        raise ProtocolError("its modified payload has no arguments")
    return arguments


def _payload(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise ProtocolError("it modified the payload without giving one")
    return given


def _delay_ms(given: object) -> int:
    if not isinstance(given, int | float) or isinstance(given, bool) or not math.isfinite(given):
        raise ProtocolError(f"retry_after_ms must be milliseconds, not {_line(given)!r}")
    return min(max(round(given), 0), _MAX_DELAY_MS)


def _line(text: Any) -> str:
    """A foreign text as one line without control characters; "" for None."""
    if text is None:
        return ""
    shown = "".join(sign if sign.isprintable() else " " for sign in str(text)[:_MAX_REASON])
    return " ".join(shown.split())
