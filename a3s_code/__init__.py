"""Agent sessions: the documented A3S Code API in pure Python.

What is listed in `__all__` is the public API; everything else may move without notice. A name is
loaded when it is first used, because importing all of them at once costs a notebook a tenth of a
second.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from a3s_code.agent import Agent
    from a3s_code.config.describe import describe_config
    from a3s_code.config.discover import DiscoveredConfig, discover_config
    from a3s_code.config.model import AgentConfig
    from a3s_code.context.filesystem import FileSystemContextProvider
    from a3s_code.context.model import (
        ContextDepth,
        ContextItem,
        ContextQuery,
        ContextResult,
        ContextType,
    )
    from a3s_code.context.ripgrep import RipgrepContextProvider
    from a3s_code.errors import (
        A3SError,
        BtwFailed,
        ConfigError,
        ExecutionError,
        InvalidArgument,
        InvalidHistory,
        LocalModelMissing,
        ModelError,
        ModelRefused,
        ModelUnreachable,
        ParseRetriesExceeded,
        ResumeFailed,
        SaveFailed,
        ScheduleFull,
        SessionBusy,
        SessionClosed,
        SessionConflict,
        StoreError,
        StreamInterrupted,
        ToolError,
        ToolFailed,
        UnknownModel,
        WorkspaceError,
    )
    from a3s_code.events import (
        AgentEvent,
        BtwAnswer,
        ConfirmationReceived,
        ConfirmationRequired,
        ConfirmationTimeout,
        ContextCompacted,
        ContextCompacting,
        ContextResolved,
        ContextResolving,
        ContextWarning,
        End,
        ErrorEvent,
        EventType,
        MemoriesSearched,
        MemoryCleared,
        MemoryRecalled,
        MemoryStored,
        ModelPreparing,
        PermissionDenied,
        PersistenceFailed,
        ReasoningDelta,
        Retrying,
        Start,
        SubagentEnd,
        SubagentProgress,
        SubagentStart,
        TextDelta,
        ToolEnd,
        ToolInputDelta,
        ToolOutputDelta,
        ToolStart,
        TurnEnd,
        TurnStart,
        UnknownEvent,
        event_from_dict,
    )
    from a3s_code.llm.retry import RetryConfig
    from a3s_code.memory.file_store import FileMemoryStore
    from a3s_code.memory.item import MemoryItem
    from a3s_code.memory.process_memory import InMemoryStore
    from a3s_code.memory.session_memory import SessionMemory
    from a3s_code.messages import Attachment
    from a3s_code.options import SessionOptions
    from a3s_code.permissions.confirmation import ConfirmationPolicy
    from a3s_code.permissions.policy import PermissionPolicy
    from a3s_code.permissions.rules import PermissionRule
    from a3s_code.results import AgentResult, BtwResult, TokenUsage, ToolResult
    from a3s_code.run.stream import EventStream
    from a3s_code.security.provider import DefaultSecurityProvider
    from a3s_code.session import AgentSession, Session
    from a3s_code.skills.builtins import builtin_skills
    from a3s_code.skills.plugin import SkillPlugin
    from a3s_code.skills.registry import SkillRegistry
    from a3s_code.skills.skill import Skill, SkillInfo, SkillKind
    from a3s_code.store.file_store import FileSessionStore
    from a3s_code.store.process_memory import MemorySessionStore
    from a3s_code.tools.history import FileVersion
    from a3s_code.tools.protocol import Tool, ToolContext, ToolOutput

_HOMES = {
    "A3SError": "a3s_code.errors",
    "Agent": "a3s_code.agent",
    "AgentConfig": "a3s_code.config.model",
    "AgentEvent": "a3s_code.events",
    "AgentResult": "a3s_code.results",
    "AgentSession": "a3s_code.session",
    "Attachment": "a3s_code.messages",
    "BtwAnswer": "a3s_code.events",
    "BtwFailed": "a3s_code.errors",
    "BtwResult": "a3s_code.results",
    "ConfigError": "a3s_code.errors",
    "ConfirmationPolicy": "a3s_code.permissions.confirmation",
    "ConfirmationReceived": "a3s_code.events",
    "ConfirmationRequired": "a3s_code.events",
    "ConfirmationTimeout": "a3s_code.events",
    "ContextCompacted": "a3s_code.events",
    "ContextCompacting": "a3s_code.events",
    "ContextDepth": "a3s_code.context.model",
    "ContextItem": "a3s_code.context.model",
    "ContextQuery": "a3s_code.context.model",
    "ContextResolved": "a3s_code.events",
    "ContextResolving": "a3s_code.events",
    "ContextResult": "a3s_code.context.model",
    "ContextType": "a3s_code.context.model",
    "ContextWarning": "a3s_code.events",
    "DefaultSecurityProvider": "a3s_code.security.provider",
    "DiscoveredConfig": "a3s_code.config.discover",
    "End": "a3s_code.events",
    "ErrorEvent": "a3s_code.events",
    "EventStream": "a3s_code.run.stream",
    "EventType": "a3s_code.events",
    "ExecutionError": "a3s_code.errors",
    "FileMemoryStore": "a3s_code.memory.file_store",
    "FileSessionStore": "a3s_code.store.file_store",
    "FileSystemContextProvider": "a3s_code.context.filesystem",
    "FileVersion": "a3s_code.tools.history",
    "InMemoryStore": "a3s_code.memory.process_memory",
    "InvalidArgument": "a3s_code.errors",
    "InvalidHistory": "a3s_code.errors",
    "LocalModelMissing": "a3s_code.errors",
    "MemoriesSearched": "a3s_code.events",
    "MemoryCleared": "a3s_code.events",
    "MemoryItem": "a3s_code.memory.item",
    "MemoryRecalled": "a3s_code.events",
    "MemorySessionStore": "a3s_code.store.process_memory",
    "MemoryStored": "a3s_code.events",
    "ModelError": "a3s_code.errors",
    "ModelPreparing": "a3s_code.events",
    "ModelRefused": "a3s_code.errors",
    "ModelUnreachable": "a3s_code.errors",
    "ParseRetriesExceeded": "a3s_code.errors",
    "PermissionDenied": "a3s_code.events",
    "PermissionPolicy": "a3s_code.permissions.policy",
    "PermissionRule": "a3s_code.permissions.rules",
    "PersistenceFailed": "a3s_code.events",
    "ReasoningDelta": "a3s_code.events",
    "ResumeFailed": "a3s_code.errors",
    "RetryConfig": "a3s_code.llm.retry",
    "Retrying": "a3s_code.events",
    "RipgrepContextProvider": "a3s_code.context.ripgrep",
    "SaveFailed": "a3s_code.errors",
    "ScheduleFull": "a3s_code.errors",
    "Session": "a3s_code.session",
    "SessionBusy": "a3s_code.errors",
    "SessionClosed": "a3s_code.errors",
    "SessionConflict": "a3s_code.errors",
    "SessionMemory": "a3s_code.memory.session_memory",
    "SessionOptions": "a3s_code.options",
    "Skill": "a3s_code.skills.skill",
    "SkillInfo": "a3s_code.skills.skill",
    "SkillKind": "a3s_code.skills.skill",
    "SkillPlugin": "a3s_code.skills.plugin",
    "SkillRegistry": "a3s_code.skills.registry",
    "Start": "a3s_code.events",
    "StoreError": "a3s_code.errors",
    "StreamInterrupted": "a3s_code.errors",
    "SubagentEnd": "a3s_code.events",
    "SubagentProgress": "a3s_code.events",
    "SubagentStart": "a3s_code.events",
    "TextDelta": "a3s_code.events",
    "TokenUsage": "a3s_code.results",
    "Tool": "a3s_code.tools.protocol",
    "ToolContext": "a3s_code.tools.protocol",
    "ToolEnd": "a3s_code.events",
    "ToolError": "a3s_code.errors",
    "ToolFailed": "a3s_code.errors",
    "ToolInputDelta": "a3s_code.events",
    "ToolOutput": "a3s_code.tools.protocol",
    "ToolOutputDelta": "a3s_code.events",
    "ToolResult": "a3s_code.results",
    "ToolStart": "a3s_code.events",
    "TurnEnd": "a3s_code.events",
    "TurnStart": "a3s_code.events",
    "UnknownEvent": "a3s_code.events",
    "UnknownModel": "a3s_code.errors",
    "WorkspaceError": "a3s_code.errors",
    "builtin_skills": "a3s_code.skills.builtins",
    "describe_config": "a3s_code.config.describe",
    "discover_config": "a3s_code.config.discover",
    "event_from_dict": "a3s_code.events",
}

__all__ = [
    "A3SError",
    "Agent",
    "AgentConfig",
    "AgentEvent",
    "AgentResult",
    "AgentSession",
    "Attachment",
    "BtwAnswer",
    "BtwFailed",
    "BtwResult",
    "ConfigError",
    "ConfirmationPolicy",
    "ConfirmationReceived",
    "ConfirmationRequired",
    "ConfirmationTimeout",
    "ContextCompacted",
    "ContextCompacting",
    "ContextDepth",
    "ContextItem",
    "ContextQuery",
    "ContextResolved",
    "ContextResolving",
    "ContextResult",
    "ContextType",
    "ContextWarning",
    "DefaultSecurityProvider",
    "DiscoveredConfig",
    "End",
    "ErrorEvent",
    "EventStream",
    "EventType",
    "ExecutionError",
    "FileMemoryStore",
    "FileSessionStore",
    "FileSystemContextProvider",
    "FileVersion",
    "InMemoryStore",
    "InvalidArgument",
    "InvalidHistory",
    "LocalModelMissing",
    "MemoriesSearched",
    "MemoryCleared",
    "MemoryItem",
    "MemoryRecalled",
    "MemorySessionStore",
    "MemoryStored",
    "ModelError",
    "ModelPreparing",
    "ModelRefused",
    "ModelUnreachable",
    "ParseRetriesExceeded",
    "PermissionDenied",
    "PermissionPolicy",
    "PermissionRule",
    "PersistenceFailed",
    "ReasoningDelta",
    "ResumeFailed",
    "RetryConfig",
    "Retrying",
    "RipgrepContextProvider",
    "SaveFailed",
    "ScheduleFull",
    "Session",
    "SessionBusy",
    "SessionClosed",
    "SessionConflict",
    "SessionMemory",
    "SessionOptions",
    "Skill",
    "SkillInfo",
    "SkillKind",
    "SkillPlugin",
    "SkillRegistry",
    "Start",
    "StoreError",
    "StreamInterrupted",
    "SubagentEnd",
    "SubagentProgress",
    "SubagentStart",
    "TextDelta",
    "TokenUsage",
    "Tool",
    "ToolContext",
    "ToolEnd",
    "ToolError",
    "ToolFailed",
    "ToolInputDelta",
    "ToolOutput",
    "ToolOutputDelta",
    "ToolResult",
    "ToolStart",
    "TurnEnd",
    "TurnStart",
    "UnknownEvent",
    "UnknownModel",
    "WorkspaceError",
    "builtin_skills",
    "describe_config",
    "discover_config",
    "event_from_dict",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
