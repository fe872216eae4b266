"""Shortening a conversation: pruning, and one call that summarises."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from a3s_code.errors import ModelError
from a3s_code.events import AgentEvent, ContextCompacted, ContextCompacting, ContextWarning
from a3s_code.llm.bound import BoundModel
from a3s_code.loop.compaction import (
    DEFAULT_CONTEXT_TOKENS,
    SUMMARY_SYSTEM,
    estimated_tokens,
    fills,
    middle,
    pruned,
    summarised,
    transcript,
)
from a3s_code.messages import Message
from a3s_code.results import TokenUsage

log = logging.getLogger("a3s_code")

Emit = Callable[[list[AgentEvent]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Compaction:
    """A shortened conversation, and what shortening it cost."""

    messages: list[Message]
    usage: TokenUsage


async def summarise(messages: Sequence[Message], model: BoundModel) -> Compaction:
    """The conversation with its middle replaced by a summary; unchanged when it is too short.

    A summarising call that fails leaves the conversation as it is: shortening is no reason to
    lose a turn.
    """
    cut = middle(messages)
    if cut is None:
        return Compaction(list(messages), TokenUsage())
    question = Message.user(transcript(messages[slice(*cut)]))
    try:
        reply = await model.call(SUMMARY_SYSTEM, [question], ()).run(_unheard)
    except ModelError as error:
        log.warning("the conversation was not summarised: %s", error.problem)
        return Compaction(list(messages), TokenUsage())
    if not reply.message.text.strip():
        log.warning("the conversation was not summarised: the summary came back empty")
        return Compaction(list(messages), reply.usage)
    return Compaction(summarised(messages, cut, reply.message.text), reply.usage)


@dataclass(frozen=True, slots=True)
class AutoCompact:
    """Shortens a conversation that fills the context window; `threshold` is from 0.0 to 1.0."""

    threshold: float
    session_id: str

    async def check(
        self, messages: list[Message], used_tokens: int, model: BoundModel, emit: Emit
    ) -> Compaction | None:
        """The shortened conversation when the last call used too much of the window, else None."""
        window = model.context_tokens or DEFAULT_CONTEXT_TOKENS
        if not fills(used_tokens, window, self.threshold):
            return None
        await emit(
            [
                ContextWarning(
                    used_tokens=used_tokens, max_tokens=window, threshold=self.threshold
                ),
                ContextCompacting(messages_before=len(messages)),
            ]
        )
        before = estimated_tokens(messages)
        done = Compaction(pruned(messages), TokenUsage())
        saved = before - estimated_tokens(done.messages)
        if fills(used_tokens - saved, window, self.threshold):
            done = await summarise(done.messages, model)
        await emit([self._report(messages, done.messages, before, used_tokens / window)])
        return done

    def _report(
        self, old: Sequence[Message], new: Sequence[Message], before: int, percent: float
    ) -> ContextCompacted:
        return ContextCompacted(
            session_id=self.session_id,
            messages_before=len(old),
            messages_after=len(new),
            before_messages=len(old),
            after_messages=len(new),
            tokens_saved=max(0, before - estimated_tokens(new)),
            percent_before=percent,
        )


async def _unheard(_events: object) -> None:
    """The summary is not part of the answer."""
