"""The tools of one session, in the order in which the model sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from a3s_code.errors import InvalidArgument
from a3s_code.llm.model import ToolDefinition
from a3s_code.tool_names import BUILTIN_TOOL_NAMES
from a3s_code.tools.protocol import Tool

_DOCUMENTED = frozenset(BUILTIN_TOOL_NAMES)
_DOCUMENTED_FOLDED = frozenset(name.casefold() for name in BUILTIN_TOOL_NAMES)


class ToolRegistry:
    """Tools by name. The order is that of registration, the same for every session.

    The tools given at construction are the built-in ones; their names and the other documented ones
    stay reserved.
    """

    def __init__(self, builtin: Iterable[Tool] = ()) -> None:
        self._tools = {tool.name: tool for tool in builtin}
        others = self._tools.keys() - _DOCUMENTED
        self._reserved = _DOCUMENTED | others if others else _DOCUMENTED

    def names(self) -> list[str]:
        """The names, in order."""
        return list(self._tools)

    def get(self, name: str) -> Tool | None:
        """The tool of that name, None when there is none."""
        return self._tools.get(name)

    def __iter__(self) -> Iterator[Tool]:
        return iter(list(self._tools.values()))

    def __len__(self) -> int:
        return len(self._tools)

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def definitions(self) -> list[ToolDefinition]:
        """What the model is told about the tools, in order."""
        return [
            ToolDefinition(name=tool.name, description=tool.description, parameters=tool.parameters)
            for tool in self
        ]

    def register(self, tool: Tool) -> None:
        """Add a tool at the end, or put it in the place of an earlier one of the same name.

        Raises `InvalidArgument` for the name of a built-in tool, in capital letters too.
        """
        if tool.name in self._reserved or tool.name.casefold() in _DOCUMENTED_FOLDED:
            raise InvalidArgument(f"tool name {tool.name!r} is reserved for a built-in tool")
        self._tools[tool.name] = tool

    def unregister(self, name: str) -> bool:
        """Remove a tool; False when there was none. Raises `InvalidArgument` for a built-in one."""
        if name in self._reserved:
            raise InvalidArgument(f"built-in tool {name!r} cannot be removed")
        return self._tools.pop(name, None) is not None
