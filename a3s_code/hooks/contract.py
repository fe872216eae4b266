"""What a handler's return value means."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_REASON = "Blocked by hook"
DEFAULT_DELAY_MS = 1000
MAX_ASKED_RETRIES = 3
"""How often a handler may ask to be called again for one event; once more, and it has failed."""


@dataclass(frozen=True, slots=True)
class Continue:
    """Go on with the next hook. `remark` says what was odd about the answer."""

    remark: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave out the remaining hooks, go on with the operation."""


@dataclass(frozen=True, slots=True)
class Block:
    """Stop the operation."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Call the handler again after a while."""

    delay_ms: int


Answer = Continue | Skip | Block | Retry


def answer_of(returned: Any) -> Answer:
    """The meaning of what a handler returned; whatever is not understood goes on, with a remark."""
    if returned is None:
        return Continue()
    action = returned.get("action") if isinstance(returned, Mapping) else None
    match action:
        case "continue":
            return Continue()
        case "skip":
            return Skip()
        case "block":
            return Block(str(returned.get("reason") or DEFAULT_REASON))
        case "retry":
            delay_ms = returned.get("delay_ms", DEFAULT_DELAY_MS)
            if type(delay_ms) in (int, float) and 0 <= delay_ms <= 24 * 3600 * 1000:
                return Retry(round(delay_ms))
            return Continue(f"delay_ms must be milliseconds, not {delay_ms!r}")
    return Continue("it must return None or a dict with an action: continue, block, skip, retry")


def message_for(event: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The dict that a handler is called with; the payload's fields can also be read at its top.

    It is a copy: what was judged is what runs, whatever a handler writes into its arguments.
    """
    own = copy.deepcopy(dict(payload))
    return {**own, "event_type": event, "payload": own}
