"""What a command leaves, and the events that say so."""

from __future__ import annotations

from dataclasses import dataclass, field

from a3s_code.events import AgentEvent, BtwAnswer, End, TextDelta
from a3s_code.results import TokenUsage


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """A command's answer.

    `usage` counts tokens of this command alone, `btw` is a side question and its answer, and
    `changed_history` tells that the conversation is not what it was: a reason to save it.
    """

    text: str
    usage: TokenUsage = field(default_factory=TokenUsage)
    btw: tuple[str, str] | None = None
    changed_history: bool = False


def outcome_events(outcome: CommandOutcome) -> list[AgentEvent]:
    """All events of a command in a stream: the answer, then `end`."""
    tokens = outcome.usage.total_tokens
    answer: AgentEvent = TextDelta(text=outcome.text)
    if outcome.btw is not None:
        question, text = outcome.btw
        answer = BtwAnswer(question=question, answer=text, total_tokens=tokens)
    return [answer, End(text=outcome.text, total_tokens=tokens, usage=outcome.usage)]
