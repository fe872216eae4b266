"""The agent: a configuration, from which sessions are made."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from a3s_code.background import runtime
from a3s_code.config.load import config_from_mapping, load_config
from a3s_code.config.model import AgentConfig
from a3s_code.context.choice import chosen_providers
from a3s_code.conversation import Conduct, Conversation
from a3s_code.crew import Crew, preset
from a3s_code.errors import ConfigError, InvalidArgument, StoreError, UnknownModel
from a3s_code.hooks.bound import BoundHooks
from a3s_code.hooks.engine import HookEngine
from a3s_code.keeping import Keeper, resumed, store_of
from a3s_code.lanes.queue import LaneQueue
from a3s_code.llm.bound import BoundModel
from a3s_code.llm.model import ToolDefinition
from a3s_code.loop.prompt import PromptSlots, system_prompt
from a3s_code.mcp.servers import AgentServers, SessionServers
from a3s_code.memory.session_memory import SessionMemory
from a3s_code.options import SessionOptions
from a3s_code.run.calls import Toolbox
from a3s_code.run.gate import Gate
from a3s_code.run.redaction import shown_or_nothing
from a3s_code.session import Session
from a3s_code.store.saved import DEFAULT_CONTEXT_TOKENS, SavedConfig, SavedSession
from a3s_code.tools import builtin_tools
from a3s_code.tools.delegate import ChildSpec
from a3s_code.tools.protocol import ToolContext
from a3s_code.tools.registry import ToolRegistry
from a3s_code.tools.workspace import Workspace

log = logging.getLogger("a3s_code")


class Agent:
    """Holds a configuration; independent of any workspace. Made by `Agent.create`."""

    def __init__(self, config: AgentConfig) -> None:
        try:
            config.resolve(None)
        except UnknownModel as error:
            raise ConfigError(error.problem) from error
        self._config = config
        self._servers = AgentServers(config.mcp_servers)

    def __repr__(self) -> str:
        return f"Agent(default_model={self._config.default_model!r})"

    @classmethod
    def create(cls, config_source: str) -> Agent:
        """An agent from the path of a configuration file or from HCL text.

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
        saver, saved = resumed(store, session_id)
        keeper = Keeper(store, saved.id, auto_save=bool(given.auto_save), saver=saver)
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
        own = [*(given.agent_dirs or ()), *(agent_dirs or ())]
        given = replace(given, agent_dirs=own)
        found = Crew.of(given, self._config).agents.get(agent_name)
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
        crew = Crew.of(given, self._config)
        slots, instructions = crew.slots(given.slots()), _project_instructions(place.root)

        def system(model: BoundModel, prompt: str) -> str:
            return system_prompt(
                slots,
                project_instructions=instructions,
                listing=crew.listing(prompt),
                with_tools=model.calls_tools,
            )

        def child_system(
            model: BoundModel, spec: ChildSpec, root: Path, tools: Sequence[ToolDefinition]
        ) -> str:
            same = root == place.root
            runs_skills = spec.skill is None and any(tool.name == "Skill" for tool in tools)
            return system_prompt(
                PromptSlots(extra=spec.system),
                project_instructions=instructions if same else _project_instructions(root),
                listing=crew.listing(spec.prompt) if runs_skills else "",
                with_tools=model.calls_tools and bool(tools),
            )

        def choose(selector: str | None) -> BoundModel:
            return self._bind(selector, given)

        memory, warning = _memory(given, self._config)
        model, threshold = choose(given.model), given.compact_threshold()
        conduct = Conduct(
            system=system,
            child_system=child_system,
            agents=crew.agents,
            limits=given.limits(self._config.max_tool_rounds),
            breaker_threshold=given.breaker_threshold(),
            compact_threshold=threshold,
            thinking_budget=given.thinking_budget,
            max_time_s=given.max_execution_time_ms and given.max_execution_time_ms / 1000,
            planning=given.plan(),
            skills=crew.skills.all(),
            providers=chosen_providers(
                given.context_providers,
                given.context_provider,
                given.fs_context,
                workspace=place.root,
            ),
            saved_config=SavedConfig(
                workspace=str(place.root),
                system_prompt=system(model, ""),
                max_context_length=model.context_tokens or DEFAULT_CONTEXT_TOKENS,
                auto_compact=threshold is not None,
                auto_compact_threshold=0.8 if threshold is None else threshold,
                planning_enabled=bool(given.planning),
                planning_mode=given.planning_mode,
                goal_tracking=bool(given.goal_tracking),
                storage_type=self._config.storage_backend,
            ),
        )
        toolbox = _toolbox(place, given, self._config, crew, session_id)
        core = Conversation(
            session_id=session_id,
            model=model,
            choose_model=choose,
            conduct=conduct,
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

    def _bind(self, selector: str | None, options: SessionOptions) -> BoundModel:
        resolved = self._config.resolve(selector)
        temperature, budget = options.temperature, options.thinking_budget
        if selector is None and not (temperature is None and budget is None):
            log.warning("temperature and thinking_budget are ignored: they need `model`")
            temperature = budget = None
        return BoundModel(
            resolved,
            retry=options.retry(),
            temperature=temperature,
            thinking_budget=budget or self._config.thinking_budget,
        )


def _toolbox(
    place: Workspace, given: SessionOptions, config: AgentConfig, crew: Crew, session_id: str
) -> Toolbox:
    builtin = builtin_tools(web=config.web, search=config.search, sandbox=given.sandbox_handle)
    guard, lanes = given.guard(), given.queue(config.queue)
    return Toolbox(
        registry=ToolRegistry([*builtin, *crew.tools()]),
        context=ToolContext(place),
        gate=Gate(
            workspace=place.root,
            permissive=bool(given.permissive),
            policy=given.permission_policy,
            checker=given.permission_checker,
            confirmation=given.confirmation(),
            confirm=given.confirmation_manager,
            restriction=crew.restriction(),
        ),
        hooks=BoundHooks(HookEngine(), session_id, place.root),
        guard=guard,
        timeout_ms=given.tool_timeout_ms,
        queue=None
        if lanes is None
        else LaneQueue(session_id, lanes, lambda text: shown_or_nothing(text, guard)),
    )


def _memory(given: SessionOptions, config: AgentConfig) -> tuple[SessionMemory | None, str | None]:
    """The session's memory, and why there is none although one was asked for."""
    store = given.memory()
    if store is None:
        return None, None
    try:
        return SessionMemory.opened(store, config.memory), None
    except StoreError as error:
        warning = f"the session has no memory: {error.problem}"
        log.warning(warning)
        return None, warning


def _project_instructions(workspace: Path) -> str:
    """The text of the workspace's AGENTS.md, read once; "" when there is none."""
    path = workspace / "AGENTS.md"
    if not path.is_file():
        return ""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        log.warning("AGENTS.md is left out: %s", error)
        return ""
    if not text.strip():
        log.debug("AGENTS.md is blank")
        return ""
    log.info("project instructions read from %s", path)
    return text
