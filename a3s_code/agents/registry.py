"""The agents of one session, by name."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from a3s_code.agents.builtins import builtin_agents
from a3s_code.agents.definition import AgentDefinition, load_agent
from a3s_code.errors import InvalidArgument

log = logging.getLogger("a3s_code")

_SUFFIXES = frozenset({".md", ".yaml", ".yml"})


class AgentRegistry:
    """The built-in agents and those of directories; a later one replaces one of the same name."""

    def __init__(self, folders: Iterable[str | os.PathLike[str]] = ()) -> None:
        self._agents = {agent.name: agent for agent in builtin_agents()}
        for folder in folders:
            self.load_from_dir(folder)

    def get(self, name: str) -> AgentDefinition | None:
        """The agent of that name, hidden ones included; None when there is none."""
        return self._agents.get(name)

    def names(self) -> list[str]:
        """All names, in the order of registration."""
        return list(self._agents)

    def offered(self) -> list[AgentDefinition]:
        """The agents that the model is told about."""
        return [agent for agent in self._agents.values() if not agent.hidden]

    def register(self, agent: AgentDefinition) -> None:
        """Add an agent, or put it in the place of one with the same name."""
        self._agents[agent.name] = agent

    def load_from_dir(self, path: str | os.PathLike[str]) -> int:
        """Register the agents of the files directly in a directory; returns their number.

        A file that is no definition is a warning, and so is a directory that cannot be read.
        """
        folder = Path(path)
        try:
            files = sorted(file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES)
        except OSError as error:
            log.warning("agent directory %s skipped: %s", folder, error.strerror)
            return 0
        loaded = 0
        for file in files:
            try:
                self.register(load_agent(file))
            except InvalidArgument as error:
                log.warning("agent file skipped: %s", error.problem)
            else:
                loaded += 1
        return loaded
