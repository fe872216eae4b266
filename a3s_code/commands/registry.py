"""The commands of one session, by name."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from a3s_code.commands.host import CommandHost
from a3s_code.commands.outcome import CommandOutcome
from a3s_code.errors import InvalidArgument

UserHandler = Callable[[str, dict[str, Any]], str]
BuiltinHandler = Callable[[str, CommandHost, "CommandRegistry"], Awaitable[CommandOutcome]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command: either one of the library's own, or a function of the user."""

    name: str
    description: str
    usage: str | None = None
    builtin: BuiltinHandler | None = None
    handler: UserHandler | None = None

    def to_dict(self) -> dict[str, str | None]:
        """`name`, `description` and `usage`."""
        return {"name": self.name, "description": self.description, "usage": self.usage}


class CommandRegistry:
    """Commands by exact name. A later command takes the place of an earlier one of its name."""

    def __init__(self, builtin: Mapping[str, Command]) -> None:
        self._commands = dict(builtin)

    def register(
        self, name: str, description: str, handler: UserHandler, usage: str | None = None
    ) -> None:
        """Add a function `handler(args, ctx) -> str`, called in a worker thread; it may block.

        One leading `/` of the name is dropped. Raises `InvalidArgument` for a name that no prompt
        can call, and for an asynchronous or uncallable handler.
        """
        if not isinstance(name, str):
            raise InvalidArgument(f"a command's name must be a string, not {name!r}")
        bare = name.removeprefix("/")
        if not bare or len(bare.split()) != 1 or bare != bare.strip():
            raise InvalidArgument(f"{name!r} cannot be the name of a command")
        if not isinstance(description, str):
            raise InvalidArgument(f"the description of /{bare} must be a string")
        if not callable(handler):
            raise InvalidArgument(f"the handler of /{bare} must be callable")
        if inspect.iscoroutinefunction(handler):
            raise InvalidArgument(f"the handler of /{bare} must not be asynchronous")
        self._commands[bare] = Command(bare, description, usage, handler=handler)

    def get(self, name: str) -> Command | None:
        """The command of that name, None when there is none."""
        return self._commands.get(name)

    def commands(self) -> list[Command]:
        """All commands, sorted by name."""
        return sorted(self._commands.values(), key=lambda command: command.name)

    def entries(self) -> list[dict[str, str | None]]:
        """What `Session.list_commands` returns: `name`, `description`, `usage`, sorted by name."""
        return [command.to_dict() for command in self.commands()]
