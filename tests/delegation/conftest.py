"""Sessions as in the session tests, and what was sent for a child."""

from __future__ import annotations

from typing import Any

from tests.model_server import ModelServer
from tests.session.conftest import kind, new_session

__all__ = ["kind", "new_session", "offered", "prompts", "system_of", "tool_results"]


def system_of(request: dict[str, Any]) -> str:
    """The system prompt of a request in the OpenAI form."""
    first = request["messages"][0]
    return str(first["content"]) if first["role"] == "system" else ""


def prompts(request: dict[str, Any]) -> list[str]:
    """What the user said in a request."""
    return [str(m["content"]) for m in request["messages"] if m["role"] == "user"]


def offered(request: dict[str, Any]) -> list[str]:
    """Names of the tools in a request."""
    return [tool["function"]["name"] for tool in request.get("tools", ())]


def tool_results(server: ModelServer, number: int) -> list[str]:
    """The tool results that a request carried."""
    messages = server.requests[number]["messages"]
    return [str(m["content"]) for m in messages if m["role"] == "tool"]
