"""One model call of a turn, repeated where that is safe: the circuit breaker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from a3s_code.errors import ModelError, StreamInterrupted
from a3s_code.events import AgentEvent, Retrying
from a3s_code.llm.bound import BoundModel, ModelCall
from a3s_code.llm.failures import GAVE_UP, redacted
from a3s_code.llm.model import ModelReply, ToolDefinition
from a3s_code.messages import Message
from a3s_code.results import TokenUsage

Emit = Callable[[list[AgentEvent]], Awaitable[None]]

_FIRST_WAIT_S = 0.1


@dataclass(slots=True)
class Asker:
    """Asks the model until it answers, or until `threshold` calls in a row have failed.

    Failed requests are repeated one layer below, as often as `retry_config` says and never here.
    This layer repeats what that one cannot: an answer that broke off. It does so only while nothing
    of it was delivered, because a consumer cannot take back what it has seen; `heard` is False when
    nobody listens to the events. What repeating cannot help, such as a web page, is final at once.
    `account` is told the tokens of every answer as soon as it is complete.
    """

    model: BoundModel
    threshold: int
    heard: bool
    account: Callable[[TokenUsage], None]
    call: ModelCall | None = None
    _delivered: bool = field(default=False, init=False)

    async def ask(
        self,
        system: str,
        messages: Sequence[Message],
        tools: Sequence[ToolDefinition],
        session_id: str,
        emit: Emit,
    ) -> ModelReply:
        """The whole answer. Raises the last failure, which names the number of calls made."""

        async def deliver(events: list[AgentEvent]) -> None:
            if not self._delivered and any(type(event) is not Retrying for event in events):
                self._delivered = self.heard
            await emit(events)

        self._delivered = False
        attempt = 1
        while True:
            self.call = self.model.call(system, messages, tools, session_id)
            try:
                reply = await self.call.run(deliver)
                self.account(reply.usage)
                return reply
            except ModelError as error:
                if attempt >= self.threshold or not self._may_repeat(error):
                    told = attempt == 1 or error.problem.startswith(GAVE_UP)
                    calls = "" if told else f"{GAVE_UP} {attempt} calls: "
                    raise redacted(error, (), before=calls) from error
                failure = error
            wait_s = _FIRST_WAIT_S * 2 ** (attempt - 1)
            attempt += 1
            await emit(
                [
                    Retrying(
                        attempt=attempt,
                        delay_ms=round(wait_s * 1000),
                        status=failure.status,
                        reason=failure.problem,
                    )
                ]
            )
            await asyncio.sleep(wait_s)

    def partial(self) -> Message | None:
        """What has arrived of the answer that is being streamed, None between two answers."""
        return None if self.call is None else self.call.partial()

    def _may_repeat(self, error: ModelError) -> bool:
        return not self._delivered and error.retryable and isinstance(error, StreamInterrupted)
