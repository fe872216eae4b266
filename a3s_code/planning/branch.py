"""Events of steps that run side by side, so that their texts do not run into each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from a3s_code.events import AgentEvent, ReasoningDelta, TextDelta

Emit = Callable[[list[AgentEvent]], Awaitable[None]]


class BranchEvents:
    """An `emit` for one of several steps: text and thinking come out in whole blocks.

    Deltas carry no step id, so the letters of two answers would mix on screen. Here they wait until
    an event of another kind follows, or `close`. All other events pass at once.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._kind: type[TextDelta | ReasoningDelta] | None = None
        self._pieces: list[str] = []

    async def __call__(self, events: list[AgentEvent]) -> None:
        """Pass on what is complete, in order."""
        ready: list[AgentEvent] = []
        for event in events:
            if not isinstance(event, TextDelta | ReasoningDelta):
                ready += [*self._block(), event]
                continue
            if type(event) is not self._kind:
                ready += self._block()
            self._kind = type(event)
            self._pieces.append(event.text)
        if ready:
            await self._emit(ready)

    async def close(self) -> None:
        """Pass on what still waits; call it when the step has ended, however."""
        if block := self._block():
            await self._emit(block)

    def _block(self) -> list[AgentEvent]:
        text, self._pieces = "".join(self._pieces), []
        return [self._kind(text=text)] if text and self._kind is not None else []
