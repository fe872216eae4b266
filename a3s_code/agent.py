"""The agent: a configuration, from which sessions are made."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from a3s_code import checks, telemetry
from a3s_code.assembly import Assembly, Groundwork
from a3s_code.background import runtime
from a3s_code.config.load import config_from_mapping, load_config
from a3s_code.config.model import AgentConfig
from a3s_code.conversation import Conversation
from a3s_code.crew import Crew, preset
from a3s_code.errors import ConfigError, InvalidArgument, UnknownModel
from a3s_code.keeping import Keeper, resumed, store_of
from a3s_code.mcp.servers import AgentServers, SessionServers
from a3s_code.options import SessionOptions
from a3s_code.session import Session
from a3s_code.skills.choice import folders_of
from a3s_code.store.saved import SavedSession
from a3s_code.tools.registry import ToolRegistry
from a3s_code.tools.workspace import Workspace


class Agent:
    """Holds a configuration; independent of any workspace. Made by `Agent.create`."""

    def __init__(self, config: AgentConfig) -> None:
        try:
            self._ground = Groundwork.of(config)
        except UnknownModel as error:
            raise ConfigError(error.problem) from error
        telemetry.export_if_asked()
        self._config = config
        self._servers = AgentServers(config.mcp_servers)

    def __repr__(self) -> str:
        return f"Agent(default_model={self._config.default_model!r})"

    @classmethod
    def create(cls, config_source: str | PathLike[str]) -> Agent:
        """An agent from the path of a configuration file, or from its text: HCL, or a JSON object.

        Nothing is searched for: the caller names the source. Raises `ConfigError`, a
        `RuntimeError` that names file, line and the offending name.
        """
        return cls(load_config(config_source))

    new = create

    @classmethod
    def from_config(cls, config: AgentConfig | Mapping[str, Any]) -> Agent:
        """An agent from a configuration object, or from a dict with the keys of the HCL form."""
        return cls(config if isinstance(config, AgentConfig) else config_from_mapping(config))

    @property
    def config(self) -> AgentConfig:
        """The configuration; keys inside print as `***`."""
        return self._config

    def models(self) -> list[str]:
        """All configured models, as `provider/model`, in the order of the configuration."""
        return [
            f"{provider.name}/{model.id}"
            for provider in self._config.providers
            for model in provider.models
        ]

    def session(
        self,
        workspace: str | Path,
        options: SessionOptions | Mapping[str, Any] | None = None,
        **keywords: Any,
    ) -> Session:
        """A session in a workspace, which must be an existing directory.

        Options as `SessionOptions`, as a dict, or as keywords; a keyword wins over `options`,
        which win over the configuration. Raises `WorkspaceError`, `UnknownModel`,
        `InvalidArgument` or, for an unknown option, `TypeError`.
        """
        given = SessionOptions.of(options, keywords)
        given.check()
        session_id = given.session_id or str(uuid.uuid4())
        store = store_of(self._config, given.session_store)
        keeper = Keeper(store, session_id, auto_save=bool(given.auto_save))
        return self._session(Workspace(workspace), given, keeper, session_id)

    def resume_session(
        self,
        session_id: str,
        options: SessionOptions | Mapping[str, Any] | None = None,
        **keywords: Any,
    ) -> Session:
        """A saved session with its history, id, workspace and totals; the rest is as given here.

        The store is the option `session_store`, else the configuration's `sessions_dir`. Raises
        `ResumeFailed` when there is no store or no such session.
        """
        given = SessionOptions.of(options, keywords)
        given.check()
        store = store_of(self._config, given.session_store)
        found = resumed(store, session_id)
        saved = found.session
        keeper = Keeper(
            store,
            saved.id,
            auto_save=bool(given.auto_save),
            saver=found.saver,
            cut_off=found.cut_off,
        )
        return self._session(Workspace(saved.config.workspace), given, keeper, saved.id, saved)

    def session_for_agent(
        self,
        workspace: str | Path,
        agent_name: str,
        agent_dirs: Sequence[str | Path] | None = None,
        options: SessionOptions | Mapping[str, Any] | None = None,
        **keywords: Any,
    ) -> Session:
        """A session that is set up as the agent's definition says; what the options say wins.

        `agent_dirs` are searched besides those of the options and the configuration. Raises
        `InvalidArgument` when there is no such agent.
        """
        given = SessionOptions.of(options, keywords)
        own = [
            *folders_of("agent_dirs", given.agent_dirs),
            *folders_of("agent_dirs", agent_dirs),
        ]
        given = replace(given, agent_dirs=own)
        found = Crew.of(given, self._config).agents.get(checks.text("agent_name", agent_name))
        if found is None:
            raise InvalidArgument(f"agent '{agent_name}' not found")
        return self.session(workspace, preset(given, found))

    def _session(
        self,
        place: Workspace,
        given: SessionOptions,
        keeper: Keeper,
        session_id: str,
        saved: SavedSession | None = None,
    ) -> Session:
        parts = Assembly(self._ground, given, place)
        toolbox, model = parts.toolbox(session_id), parts.bind(given.model)
        memory, warning = parts.memory()
        core = Conversation(
            session_id=session_id,
            model=model,
            choose_model=parts.bind,
            conduct=parts.conduct(model),
            toolbox=toolbox,
            keeper=keeper,
            memory=memory,
            saved=saved,
            servers=self._session_servers(toolbox.registry),
        )
        return Session(core, init_warning=warning)

    def refresh_mcp_tools(self) -> None:
        """Read the tools of the configured MCP servers again; later sessions see the change.

        Servers that are not connected are tried again. A failure is a logged warning.
        """
        if self._servers:
            refreshing = runtime().submit(self._servers.refresh())
            runtime().wait(refreshing, refreshing.cancel)

    def _session_servers(self, registry: ToolRegistry) -> SessionServers:
        """The configured servers for a session, connected by the first one, in at most about 30 s.

        Not by `create`: who only reads a configuration starts no processes.
        """
        if not self._servers:
            return SessionServers(registry)
        connecting = runtime().submit(self._servers.connect())
        if not runtime().is_inside:  # there the session has those that are connected already
            runtime().wait(connecting, connecting.cancel)
        return SessionServers(registry, self._servers)
