"""Calls the hooks of a session, one at a time and in their order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from pathlib import Path

from a3s_code.hooks.calling import HandlerFailed, call_handler
from a3s_code.hooks.contract import (
    MAX_ASKED_RETRIES,
    Answer,
    Block,
    Continue,
    Retry,
    Skip,
    answer_of,
    message_for,
)
from a3s_code.hooks.executor import HookVerdict, Payload
from a3s_code.hooks.names import BLOCKING
from a3s_code.hooks.registry import Hook, HookRegistry

log = logging.getLogger("a3s_code")


class _Calling:
    """A handler call under way; what the handler starts, in whatever thread, inherits it."""

    def __init__(self, engine: HookEngine) -> None:
        self.engine, self.active = engine, True


_CALLING: ContextVar[tuple[_Calling, ...]] = ContextVar("a3s_hook_calls", default=())


class HookEngine:
    """Hooks of one session and of its children; `fire` only on the runtime loop.

    Where a hook can block, a handler that fails blocks; elsewhere a failure is logged.
    """

    def __init__(self) -> None:
        self.registry = HookRegistry()
        self._one_at_a_time = asyncio.Lock()
        self._background: set[asyncio.Task[object]] = set()

    @property
    def is_calling(self) -> bool:
        """Whether the caller is a handler of this engine, or was started by one that still runs."""
        return any(call.engine is self and call.active for call in _CALLING.get())

    def of_child(self) -> HookEngine:
        """Children have the same hooks."""
        return self

    def listens_to(self, event: str) -> bool:
        """Whether a hook is registered for the event."""
        return bool(self.registry.of_event(event))

    async def open(self) -> None:
        """There is nothing to prepare."""

    async def close(self) -> None:
        """There is nothing to end."""

    async def fire(
        self, event: str, payload: Payload, *, workspace: Path | None = None
    ) -> HookVerdict:
        """Call the hooks that match, until one blocks the event or skips the others.

        `workspace` is where the relative paths of a tool call start.
        """
        hooks = [
            hook
            for hook in self.registry.of_event(event)
            if hook.matcher.matches(event, payload, workspace)
        ]
        if not hooks:
            return HookVerdict()
        async with self._turn():
            return await self._fire(hooks, event, payload)

    async def _fire(self, hooks: Sequence[Hook], event: str, payload: Payload) -> HookVerdict:
        for hook in hooks:
            if hook.config.async_execution and event not in BLOCKING:
                task = asyncio.create_task(self._answer(hook, event, payload))
                self._background.add(task)
                task.add_done_callback(self._background.discard)
                continue
            match await self._answer(hook, event, payload):
                case Block(reason):
                    return HookVerdict(reason)
                case Skip():
                    break
        return HookVerdict()

    async def _answer(self, hook: Hook, event: str, payload: Payload) -> Answer:
        """What the handler wants, as far as it may want it here."""
        try:
            answer = await self._asked(hook, event, payload)
        except HandlerFailed as failure:
            problem = f"hook '{hook.hook_id}' failed: {failure.problem}"
            log.warning("%s: %s", event, problem)
            return Block(problem) if event in BLOCKING else Continue()
        if isinstance(answer, Continue) and answer.remark:
            log.warning("the answer of hook '%s' is ignored: %s", hook.hook_id, answer.remark)
        if isinstance(answer, Block) and event not in BLOCKING:
            log.warning("hook '%s' cannot block %s: %s", hook.hook_id, event, answer.reason)
            return Continue()
        return answer

    async def _asked(self, hook: Hook, event: str, payload: Payload) -> Answer:
        """The handler's final answer, after the repetitions it asks for and those of its config."""
        assert hook.handler is not None
        asked = failed = 0
        while True:
            message = message_for(event, payload)
            try:
                with self._marked():
                    returned = await call_handler(hook.handler, message, hook.config.timeout_ms)
            except HandlerFailed as failure:
                if failure.timed_out or failed >= hook.config.max_retries:
                    raise
                failed += 1
                continue
            answer = answer_of(returned)
            if not isinstance(answer, Retry):
                return answer
            if asked == MAX_ASKED_RETRIES:
                raise HandlerFailed(f"asked to be called again more than {asked} times")
            asked += 1
            await asyncio.sleep(answer.delay_ms / 1000)

    @contextmanager
    def _marked(self) -> Iterator[None]:
        calling = _Calling(self)
        token = _CALLING.set((*_CALLING.get(), calling))
        try:
            yield
        finally:
            calling.active = False
            _CALLING.reset(token)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One event's handlers at a time; what a handler itself sets off does not wait for it."""
        if self.is_calling:
            yield
            return
        async with self._one_at_a_time:
            yield
