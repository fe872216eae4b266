"""A turn that is still running, as JSON lines: what is left of it when its process is killed.

The first line names the conversation that the turn goes on with. Each other line changes the
messages as they were one line before. Everything is written once: of an answer that is being
streamed only what has been added to it. The lines are packed, because what is written here is written
again when the turn is saved.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from a3s_code.messages import Message, TextBlock, ToolResultBlock, messages_from
from a3s_code.results import TokenUsage
from a3s_code.store.files import encoded_json
from a3s_code.store.saved import SavedSession

CUT_OFF_RESULT = "Cut off: the process was killed before this call finished."
_VERSION = 1
_PIECE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Draft:
    """What a draft holds: the messages of the whole conversation, and the costs of the turn."""

    messages: tuple[Message, ...]
    cost_records: tuple[Mapping[str, Any], ...]


class Packer:
    """Packs the lines of one draft; what is cut off at its end can be read up to there."""

    def __init__(self) -> None:
        self._packing = zlib.compressobj()

    def pack(self, lines: bytes) -> bytes:
        """What to append to the file for these lines."""
        return self._packing.compress(lines) + self._packing.flush(zlib.Z_SYNC_FLUSH)


def unpacked(data: bytes) -> bytes:
    """The lines in a file, as far as it is whole."""
    unpacking, lines = zlib.decompressobj(), bytearray()
    try:
        for at in range(0, len(data), _PIECE_BYTES):
            lines += unpacking.decompress(data[at : at + _PIECE_BYTES])
    except zlib.error:
        pass  # what precedes the damage counts
    return bytes(lines)


def header(session_id: str, before: Sequence[Message]) -> bytes:
    """The first line of the draft of a turn that follows these messages."""
    return encoded_json(_base(session_id, before)) + b"\n"


def change(
    before: Sequence[Message], now: Sequence[Message], costs: Sequence[Mapping[str, Any]] = ()
) -> bytes | None:
    """The line that leads from one state to the next; None when nothing has changed.

    `costs` are the records of the model calls that ended in between.
    """
    keep = _common(before, now)
    if keep == len(before) == len(now) and not costs:
        return None
    line: dict[str, Any] = {"keep": keep}
    added = now[keep:]
    if added and keep == len(before) - 1:
        longer = _continuation(before[keep], added[0])
        if longer is not None:
            line["text"], added = longer, added[1:]
    line["add"] = [message.to_dict() for message in added]
    if costs:
        line["cost_records"] = [dict(record) for record in costs]
    return encoded_json(line) + b"\n"


def parse(data: bytes, session_id: str, before: Sequence[Message]) -> Draft | None:
    """Read a draft as far as it is whole; None unless it continues exactly these messages.

    A draft that was not removed although its turn was saved continues a shorter conversation, and
    is None, too.
    """
    lines = data.split(b"\n")[:-1]  # behind the last line end is at most a torn line
    messages, costs = list(before), list[Mapping[str, Any]]()
    try:
        if not lines or json.loads(lines[0]) != _base(session_id, before):
            return None
        for line in lines[1:]:
            value = json.loads(line)
            messages = _changed(messages, value)
            costs += value.get("cost_records", ())
    except (ValueError, KeyError, TypeError, IndexError):
        pass  # nothing but a power failure writes such a line; what precedes it counts
    return Draft(tuple(messages), tuple(costs)) if len(messages) > len(before) else None


def completed(saved: SavedSession, draft: Draft) -> SavedSession:
    """The session with the turn that was cut off; every tool call in it has a result."""
    usage, cost = saved.total_usage, saved.total_cost
    for record in draft.cost_records:
        usage += TokenUsage(
            prompt_tokens=int(record.get("prompt_tokens", 0)),
            completion_tokens=int(record.get("completion_tokens", 0)),
            total_tokens=int(record.get("total_tokens", 0)),
        )
        cost += float(record.get("cost_usd") or 0.0)
    context = saved.context_usage
    return replace(
        saved,
        messages=closed(draft.messages),
        cost_records=(*saved.cost_records, *draft.cost_records),
        total_usage=usage,
        total_cost=cost,
        context_usage=replace(context, turns=context.turns + 1),
    )


def closed(messages: Sequence[Message]) -> list[Message]:
    """The messages with a result for every call of the last round, in the order of the calls."""
    last = max((at for at, message in enumerate(messages) if message.tool_calls), default=None)
    if last is None:
        return list(messages)
    results, others = dict[str, Message](), list[Message]()
    for message in messages[last + 1 :]:
        match message.content:
            case (ToolResultBlock(tool_use_id=call_id),):
                results[call_id] = message
            case _:
                others.append(message)
    for call in messages[last].tool_calls:
        missing = Message("user", (ToolResultBlock(call.id, CUT_OFF_RESULT, True),))
        results.setdefault(call.id, missing)
    ordered = [results[call.id] for call in messages[last].tool_calls]
    return [*messages[: last + 1], *ordered, *others]


def _base(session_id: str, before: Sequence[Message]) -> dict[str, Any]:
    last = encoded_json(before[-1].to_dict()) if before else b""
    return {
        "draft": _VERSION,
        "session": session_id,
        "messages": len(before),
        "last": hashlib.sha256(last).hexdigest()[:16],
    }


def _common(before: Sequence[Message], now: Sequence[Message]) -> int:
    """How many messages at the beginning are the same; the same object is not looked into."""
    both = min(len(before), len(now))
    for count in (both, both - 1):  # as a rule the end has grown: compared at the speed of C
        if count >= 0 and tuple(before[:count]) == tuple(now[:count]):
            return count
    count = 0
    for old, new in zip(before, now, strict=False):
        if old is not new and old != new:
            break
        count += 1
    return count


def _continuation(old: Message, new: Message) -> str | None:
    """What has been added to an answer of nothing but text, None when it is anything else."""
    match old, new:
        case (
            Message(role="assistant", content=(TextBlock(text=before),)),
            Message(role="assistant", content=(TextBlock(text=now),)),
        ) if now.startswith(before):
            return now[len(before) :]
    return None


def _changed(messages: Sequence[Message], line: Mapping[str, Any]) -> list[Message]:
    kept, added = list(messages[: line["keep"]]), messages_from(line["add"])
    if "text" in line:
        text = messages[line["keep"]].text + line["text"]
        kept.append(Message("assistant", (TextBlock(text),)))
    return [*kept, *added]
