"""Calls of tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, ClassVar

from a3s_code.events.base import AgentEvent, EventType, event
from a3s_code.messages import Attachment


@event
class ToolStart(AgentEvent):
    """The model began a tool call; `args` is None while its arguments are still being streamed."""

    event_type: ClassVar[str] = EventType.TOOL_START
    tool_id: str
    tool_name: str
    args: Mapping[str, Any] | None = None


@event
class ToolInputDelta(AgentEvent):
    """A piece of the arguments' JSON text."""

    event_type: ClassVar[str] = EventType.TOOL_INPUT_DELTA
    tool_id: str
    text: str


@event
class ToolOutputDelta(AgentEvent):
    """A piece of a running tool's output; at most about 20 per second and tool."""

    event_type: ClassVar[str] = EventType.TOOL_OUTPUT_DELTA
    tool_id: str
    tool_name: str
    text: str


@event
class ToolEnd(AgentEvent):
    """A tool call is over: run, refused, timed out, cancelled or malformed.

    `args` are the arguments that were judged and run, `metadata` what the tool tells beside its
    text (a diff's two sides, an exit code), `duration_ms` the wall time of its run (without the wait
    for an approval; 0 when it did not run), `images` what it returned beside its text; in JSON each
    is an object with `media_type` and base64 `data`.
    """

    event_type: ClassVar[str] = EventType.TOOL_END
    _optional: ClassVar[frozenset[str]] = frozenset({"images"})
    tool_id: str
    tool_name: str
    tool_output: str
    exit_code: int
    args: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] | None = None
    duration_ms: int = 0
    images: tuple[Attachment, ...] = ()
