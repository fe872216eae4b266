"""The agent loop as a state machine: told what happened, it answers what must happen next.

It knows nothing of sockets, clocks or tools. One round is a model call plus the tools it asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from a3s_code.errors import ParseRetriesExceeded
from a3s_code.llm.model import ModelReply
from a3s_code.loop.continuation import CONTINUE_PROMPT, looks_unfinished
from a3s_code.messages import Message, TextBlock, ToolResultBlock, ToolUseBlock
from a3s_code.results import TokenUsage

CANCELLED_RESULT = "Cancelled by the user before it finished."


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopLimits:
    """How far one execution may go.

    `max_tool_rounds` caps the model calls (at least 1), `max_parse_retries` the malformed tool
    calls in a row that are fed back, `max_continuation_turns` the requests to go on.
    """

    max_tool_rounds: int = 50
    max_parse_retries: int = 2
    continuation_enabled: bool = True
    max_continuation_turns: int = 3


@dataclass(frozen=True, slots=True)
class CallModel:
    """Ask the model, with these messages."""

    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class RunTools:
    """Run these calls, in this order, and report their results."""

    calls: Sequence[ToolUseBlock]


@dataclass(frozen=True, slots=True)
class Finish:
    """The execution is over with this text."""

    text: str


Step = CallModel | RunTools | Finish


@dataclass(slots=True)
class AgentLoop:
    """One execution, from the prompt to the final text.

    `messages` is the conversation as it stands; it is valid for a next request after every step
    that returns a `Finish`. `history_after_failure` is what to keep when a step failed.
    """

    messages: list[Message]
    limits: LoopLimits = field(default_factory=LoopLimits)
    rounds: int = 0
    tool_calls: int = 0
    usage: TokenUsage = field(default_factory=TokenUsage)
    text: str = ""
    _completed: int = -1
    _before: int = 0
    _continuations: int = 0
    _malformed_in_a_row: int = 0

    def begin(self, prompt: Message) -> CallModel:
        """Start with the user's message."""
        self._before = self._completed = len(self.messages)
        self.messages.append(prompt)
        return self._call_model()

    def on_reply(self, reply: ModelReply) -> Step:
        """A complete answer: run its tools, ask for more, or finish."""
        self.usage += reply.usage
        self.messages.append(reply.message)
        self.text = reply.message.text
        calls = reply.message.tool_calls
        if calls:
            self.tool_calls += len(calls)
            return RunTools(calls)
        if self._may_continue() and looks_unfinished(self.text):
            self._continuations += 1
            self._completed = len(self.messages)
            self.messages.append(Message.user(CONTINUE_PROMPT))
            return self._call_model()
        return Finish(self.text)

    def on_results(self, results: Sequence[ToolResultBlock]) -> Step:
        """The results of the round's calls, in call order: go on, or stop at the round limit.

        Raises `ParseRetriesExceeded` when too many calls in a row were malformed; the results
        are part of the conversation by then.
        """
        calls = self.messages[-1].tool_calls
        self.messages.extend(Message("user", (result,)) for result in results)
        self._completed = len(self.messages)
        for call in calls:
            self._count_malformed(call)
        if self.rounds >= self.limits.max_tool_rounds:
            return Finish(self.text)
        return self._call_model()

    def on_compacted(self, messages: list[Message], step: Step) -> Step:
        """Go on with a shortened conversation, between two rounds; `step` is what was to happen."""
        self.messages = messages
        self._before, self._completed = -1, len(messages)
        return CallModel(tuple(messages)) if isinstance(step, CallModel) else step

    def on_cancel(
        self, partial: Message | None, results: Mapping[str, ToolResultBlock] | None = None
    ) -> Finish:
        """Stop here: keep the prompt, the partial answer, and a result for every tool call.

        `partial` is what had arrived of an answer that was still being streamed; `results` are
        those of the running round that were finished, by call id.
        """
        if partial is not None and partial.content:
            self.messages.append(partial)
            self.text = partial.text
        if self.messages[-1].tool_calls:  # a partial answer may hold calls that had come in whole
            self._close_calls(self.messages[-1].tool_calls, results or {})
        return Finish(self.text)

    def history_after_failure(self) -> list[Message]:
        """The rounds that were completed; exactly the former history when there was none."""
        keep = self._completed if self._completed > self._before + 1 else self._before
        return self.messages[:keep]

    def _call_model(self) -> CallModel:
        self.rounds += 1
        return CallModel(tuple(self.messages))

    def _may_continue(self) -> bool:
        limits = self.limits
        return (
            limits.continuation_enabled
            and self._continuations < limits.max_continuation_turns
            and self.rounds < limits.max_tool_rounds
        )

    def _count_malformed(self, call: ToolUseBlock) -> None:
        if call.parse_error is None:
            self._malformed_in_a_row = 0
            return
        self._malformed_in_a_row += 1
        if self._malformed_in_a_row > self.limits.max_parse_retries:
            raise ParseRetriesExceeded(
                f"{self._malformed_in_a_row} tool calls in a row had malformed arguments, "
                f"the limit is {self.limits.max_parse_retries}; last: {call.parse_error}",
                text=self.text,
            )

    def _close_calls(
        self, calls: Sequence[ToolUseBlock], results: Mapping[str, ToolResultBlock]
    ) -> None:
        for call in calls:
            result = results.get(call.id) or ToolResultBlock(call.id, CANCELLED_RESULT, True)
            self.messages.append(Message("user", (result,)))


def without_open_calls(messages: Sequence[Message]) -> list[Message]:
    """A copy that providers accept: the unanswered tool calls at its end are left out.

    A snapshot taken while tools run ends with calls whose results are still to come.
    """
    answered = {
        block.tool_use_id
        for message in messages
        for block in message.content
        if isinstance(block, ToolResultBlock)
    }
    kept: list[Message] = []
    for message in messages:
        if all(call.id in answered for call in message.tool_calls):
            kept.append(message)
        else:
            text = tuple(block for block in message.content if isinstance(block, TextBlock))
            if text:
                kept.append(Message(message.role, text))
    return kept
