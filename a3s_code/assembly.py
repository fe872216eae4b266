"""What a session is made of: its parts, built from the configuration and the options."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from a3s_code.ahp.supervisor import Supervision, Supervisor
from a3s_code.ahp.transports import HttpTransport
from a3s_code.config.keys import credentials_of
from a3s_code.config.model import AgentConfig, ResolvedModel
from a3s_code.config.secret import Secret
from a3s_code.context.choice import chosen_providers
from a3s_code.context.instructions import project_instructions
from a3s_code.conversation import Conduct
from a3s_code.crew import Crew
from a3s_code.errors import StoreError
from a3s_code.hooks.bound import BoundHooks
from a3s_code.hooks.engine import HookEngine
from a3s_code.hooks.executor import HookExecutor
from a3s_code.lanes.queue import LaneQueue
from a3s_code.llm.bound import BoundModel
from a3s_code.llm.model import ToolDefinition
from a3s_code.loop.prompt import PromptSlots, system_prompt
from a3s_code.memory.session_memory import SessionMemory
from a3s_code.options import SessionOptions
from a3s_code.permissions.spelling import spelling_remarks
from a3s_code.run.calls import Toolbox
from a3s_code.run.gate import Gate
from a3s_code.run.redaction import shown_or_nothing
from a3s_code.security.known_keys import KnownKeys
from a3s_code.store.saved import DEFAULT_CONTEXT_TOKENS, SavedConfig
from a3s_code.tools.delegate import ChildSpec
from a3s_code.tools.history import FileHistory
from a3s_code.tools.protocol import ToolContext
from a3s_code.tools.registry import ToolRegistry
from a3s_code.tools.restore import current_content
from a3s_code.tools.sandbox import Sandbox
from a3s_code.tools.workspace import Workspace

log = logging.getLogger("a3s_code")


@dataclass(frozen=True, slots=True)
class Groundwork:
    """What all sessions of an agent stand on, worked out once.

    `model` is the configuration's default; `keys` are those it holds, and no session's to change.
    """

    config: AgentConfig
    model: ResolvedModel
    keys: KnownKeys

    @classmethod
    def of(cls, config: AgentConfig) -> Groundwork:
        """That of a configuration. Raises `UnknownModel`, `ConfigError` for its default model."""
        return cls(config, config.resolve(None), KnownKeys(credentials_of(config)))


class Assembly:
    """The parts of one session, before they are put together."""

    def __init__(self, ground: Groundwork, options: SessionOptions, place: Workspace) -> None:
        self._ground, self._config = ground, ground.config
        self._options = options
        self._place = place
        self._crew = Crew.of(options, ground.config)
        self._slots = self._crew.slots(options.slots())
        # Now, not with the first prompt: a session's instructions do not change under its hands.
        self._instructions = project_instructions(place.root)

    def bind(self, selector: str | None) -> BoundModel:
        """A configured model with this session's settings. Raises `UnknownModel`."""
        resolved = self._ground.model if selector is None else self._config.resolve(selector)
        temperature, budget = self._options.temperature, self._options.thinking_budget
        if selector is None and not (temperature is None and budget is None):
            log.warning("temperature and thinking_budget are ignored: they need `model`")
            temperature = budget = None
        return BoundModel(
            resolved,
            retry=self._options.retry(),
            temperature=temperature,
            thinking_budget=budget or self._config.thinking_budget,
            secrets=lambda: credentials_of(self._config),
        )

    def conduct(self, model: BoundModel) -> Conduct:
        """How the conversation is led when it starts with `model`."""
        options = self._options
        return Conduct(
            system=self._system,
            child_system=self._child_system,
            agents=self._crew.agents,
            limits=options.limits(self._config.max_tool_rounds),
            breaker_threshold=options.breaker_threshold(),
            compact_threshold=options.compact_threshold(),
            max_time_s=options.max_execution_time_ms and options.max_execution_time_ms / 1000,
            planning=options.plan(),
            skills=self._crew.skills.all(),
            providers=chosen_providers(
                options.context_providers,
                options.context_provider,
                options.fs_context,
                workspace=self._place.root,
            ),
            saved_config=partial(self._saved_config, model),
        )

    def toolbox(self, session_id: str) -> Toolbox:
        """The tools and everything that stands between the model and their work."""
        from a3s_code.tools.builtin import builtin_tools  # with the first session, not the library

        config, options, root = self._config, self._options, self._place.root
        handle = options.sandbox_handle
        sandbox = None if handle is None else Sandbox(handle)
        builtin = builtin_tools(
            web=config.web, search=options.search() or config.search, sandbox=sandbox
        )
        guard, lanes = options.guard(self._known_keys()), options.queue(config.queue)
        registry = ToolRegistry([*builtin, *self._crew.tools()])
        for remark in spelling_remarks(options.permission_policy, registry.names()):
            log.warning("%s", remark)
        return Toolbox(
            registry=registry,
            context=ToolContext(
                self._place, FileHistory(current=partial(current_content, self._place))
            ),
            gate=Gate(
                workspace=root,
                permissive=bool(options.permissive),
                policy=options.permission_policy,
                checker=options.permission_checker,
                confirmation=options.confirmation(),
                confirm=options.confirm(),
                restriction=self._crew.restriction(),
            ),
            hooks=BoundHooks(self._executor(session_id), session_id, root),
            guard=guard,
            timeout_ms=options.tool_timeout_ms,
            queue=None
            if lanes is None
            else LaneQueue(session_id, lanes, lambda text: shown_or_nothing(text, guard)),
            sandbox=sandbox,
        )

    def _known_keys(self) -> KnownKeys:
        """What no tool output may show: a file or a variable often holds the key in use."""
        keys = self._ground.keys.copy()
        transport = self._options.transport()
        if isinstance(transport, HttpTransport) and isinstance(transport.auth_token, Secret):
            keys.add([transport.auth_token.reveal()])
        return keys

    def _executor(self, session_id: str) -> HookExecutor:
        transport = self._options.transport()
        if transport is None:
            return HookEngine()
        return Supervisor(Supervision(transport, session_id))

    def memory(self) -> tuple[SessionMemory | None, str | None]:
        """The session's memory, and why there is none although one was asked for."""
        store = self._options.memory()
        if store is None:
            return None, None
        try:
            return SessionMemory.opened(store, self._config.memory), None
        except StoreError as error:
            warning = f"the session has no memory: {error.problem}"
            log.warning(warning)
            return None, warning

    def _system(self, model: BoundModel, prompt: str) -> str:
        return system_prompt(
            self._slots,
            project_instructions=self._instructions,
            listing=self._crew.listing(prompt),
            with_tools=model.calls_tools,
        )

    def _child_system(
        self, model: BoundModel, spec: ChildSpec, root: Path, tools: Sequence[ToolDefinition]
    ) -> str:
        same = root == self._place.root
        runs_skills = spec.skill is None and any(tool.name == "Skill" for tool in tools)
        return system_prompt(
            PromptSlots(extra=spec.system),
            project_instructions=self._instructions if same else project_instructions(root),
            listing=self._crew.listing(spec.prompt) if runs_skills else "",
            with_tools=model.calls_tools and bool(tools),
        )

    def _saved_config(self, model: BoundModel) -> SavedConfig:
        options, threshold = self._options, self._options.compact_threshold()
        return SavedConfig(
            workspace=str(self._place.root),
            system_prompt=self._system(model, ""),
            max_context_length=model.context_tokens or DEFAULT_CONTEXT_TOKENS,
            auto_compact=threshold is not None,
            auto_compact_threshold=0.8 if threshold is None else threshold,
            planning_enabled=bool(options.planning),
            planning_mode=options.planning_mode,
            goal_tracking=bool(options.goal_tracking),
            storage_type=self._config.storage_backend,
        )
