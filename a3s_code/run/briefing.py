"""What a model is told beside its system prompt: context for one prompt, and what is remembered."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from a3s_code.context.model import ContextItem, ContextQuery, ContextType
from a3s_code.context.provider import ContextProvider
from a3s_code.context.provider import provider_names as names_of
from a3s_code.context.render import rendered, with_context
from a3s_code.context.resolve import resolve, turn_complete
from a3s_code.errors import A3SError
from a3s_code.events import (
    AgentEvent,
    ContextResolved,
    ContextResolving,
    MemoriesSearched,
    MemoryRecalled,
    MemoryStored,
)
from a3s_code.memory.item import MemoryItem
from a3s_code.memory.recall import Recalled
from a3s_code.memory.session_memory import SessionMemory
from a3s_code.telemetry import span
from a3s_code.tools.threads import in_thread

log = logging.getLogger("a3s_code")

Emit = Callable[[list[AgentEvent]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Briefing:
    """Asks context providers and memory once per prompt. Their failures never fail the prompt."""

    providers: Sequence[ContextProvider]
    memory: SessionMemory | None
    session_id: str

    async def system(self, system: str, prompt: str, emit: Emit) -> str:
        """The system prompt, followed by what was found for this prompt."""
        names = (*names_of(self.providers), *(("memory",) if self.memory else ()))
        if not names:
            return system
        with span("a3s.agent.context_resolve", {"a3s.context.providers": names}) as traced:
            items, tokens = await self._found(names, prompt, emit)
            traced.set({"a3s.context.items": len(items), "a3s.context.tokens": tokens})
        return with_context(system, rendered(items))

    async def _found(
        self, names: Sequence[str], prompt: str, emit: Emit
    ) -> tuple[list[ContextItem], int]:
        """What belongs beside the prompt, and its tokens."""
        await emit([ContextResolving(providers=tuple(names))])
        recalled = await self._recall(prompt)
        await emit(_recall_events(prompt, recalled))
        found = await resolve(self.providers, ContextQuery(prompt, session_id=self.session_id))
        remembered = [_context_item(memory) for memory in recalled]
        items = [*found.items, *remembered]
        tokens = found.total_tokens + sum(item.token_count for item in remembered)
        await emit([ContextResolved(total_items=len(items), total_tokens=tokens)])
        return items, tokens

    async def completed(self, prompt: str, answer: str, emit: Emit) -> None:
        """Remember a prompt that was answered, and tell the providers."""
        memory = self.memory
        if memory is not None:
            await self._store(lambda: memory.remember_exchange(prompt, answer), emit)
        if self.providers:
            await turn_complete(self.providers, self.session_id, prompt, answer)

    async def failed(self, prompt: str, error: str, tools: Sequence[str], emit: Emit) -> None:
        """Remember a tool call or an execution that failed."""
        memory = self.memory
        if memory is not None:
            await self._store(lambda: memory.remember_failed(prompt, error, tools), emit)

    async def _recall(self, prompt: str) -> list[Recalled]:
        memory = self.memory
        if memory is None:
            return []
        try:
            return await in_thread(lambda _stop: memory.context_items(prompt))
        except A3SError as error:
            log.warning("memory was not searched: %s", error)
            return []

    async def _store(self, store: Callable[[], MemoryItem], emit: Emit) -> None:
        try:
            item = await in_thread(lambda _stop: store())
        except A3SError as error:
            log.warning("nothing was remembered: %s", error)
            return
        await emit(
            [
                MemoryStored(
                    memory_id=item.id,
                    memory_type=str(item.memory_type),
                    importance=item.importance,
                    tags=tuple(item.tags),
                )
            ]
        )


def _context_item(memory: Recalled) -> ContextItem:
    return ContextItem(
        id=memory.item.id,
        context_type=ContextType.MEMORY,
        content=memory.item.content,
        token_count=memory.tokens,
        relevance=memory.relevance,
        source="memory",
    )


def _recall_events(prompt: str, recalled: Sequence[Recalled]) -> list[AgentEvent]:
    if not recalled:
        return []
    found: list[AgentEvent] = [
        MemoryRecalled(
            memory_id=memory.item.id, content=memory.item.content, relevance=memory.relevance
        )
        for memory in recalled
    ]
    return [*found, MemoriesSearched(query=prompt, tags=(), result_count=len(recalled))]
