"""Saving a session turn by turn: does turn 1,000 cost more than turn 10, and how much is written?

    python -m benchmarks.saving [--turns 1000] [--size 4700]

Prints, for turns of `size` bytes and for very small ones, the time of saving a turn of a long
session against one of a session with 10 turns (median of pairs of saves that alternate; target: at
most 1.5), and the bytes written, from the first turn to the end of the session, against the size of
the complete file (target: at most 3).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from a3s_code.messages import Message, TextBlock, ToolResultBlock, ToolUseBlock
from a3s_code.results import TokenUsage
from a3s_code.store import file_store
from a3s_code.store.appending import append_durably
from a3s_code.store.file_store import FileSessionStore
from a3s_code.store.files import write_whole
from a3s_code.store.saved import SavedConfig, SavedSession
from a3s_code.store.saver import SessionSaver

TIME_TARGET, BYTES_TARGET = 1.5, 3.0
_SAVES = 60  # of each session, for the comparison of times


class Meter:
    """Counts what the store writes, by standing between it and its two ways of writing."""

    def __init__(self) -> None:
        self.bytes = 0

    def write_whole(self, path: Path, data: bytes) -> None:
        self.bytes += len(data)
        write_whole(path, data)

    def append_durably(self, path: Path, end: int, data: bytes) -> None:
        self.bytes += len(data)
        append_durably(path, end, data)


def turn(number: int, size: int) -> list[Message]:
    """A prompt, a tool call, its result and an answer; small turns have no tool call."""
    prompt, answer = Message.user(f"question {number}"), f"answer {number}"
    if size < 1000:
        return [prompt, Message("assistant", (TextBlock(answer),))]
    call = ToolUseBlock(f"call_{number}", "read", {"file_path": f"src/module_{number}.py"})
    return [
        prompt,
        Message("assistant", (TextBlock("I will look."), call)),
        Message("user", (ToolResultBlock(call.id, "x" * (size - 700)),)),
        Message("assistant", (TextBlock(answer),)),
    ]


def state(session_id: str, messages: list[Message], costs: list[dict[str, object]]) -> SavedSession:
    """The session as the runtime describes it after a turn."""
    count = len(costs)
    return SavedSession(
        id=session_id,
        config=SavedConfig(name="bench", workspace="/proj", system_prompt="Be brief. " * 500),
        messages=messages,
        cost_records=costs,
        total_usage=TokenUsage(
            prompt_tokens=9 * count, completion_tokens=count, total_tokens=10 * count
        ),
        total_cost=count / 1000,
        updated_at=count,
    )


class Conversation:
    """A session that is saved after each of its turns."""

    def __init__(self, folder: str, session_id: str, size: int) -> None:
        self.session_id, self.size = session_id, size
        self.messages: list[Message] = []
        self.costs: list[dict[str, object]] = []
        self.saver = SessionSaver.fresh(FileSessionStore(folder), session_id)

    def go_on(self, turns: int) -> float:
        """Save so many more turns; seconds that the last save took."""
        spent = 0.0
        for _ in range(turns):
            number = len(self.costs)
            self.messages = [*self.messages, *turn(number, self.size)]
            self.costs.append({"model": "a/b", "prompt_tokens": 9, "total_cost": 0.001})
            begin = time.perf_counter()
            self.saver.save(state(self.session_id, self.messages, self.costs))
            spent = time.perf_counter() - begin
        return spent


def measure_time(turns: int, size: int) -> float:
    """Saving a turn of a long session against one of a short session."""
    with tempfile.TemporaryDirectory() as folder:
        short, long = Conversation(folder, "short", size), Conversation(folder, "long", size)
        short.go_on(10)
        long.go_on(turns)
        return statistics.median(1 / short.go_on(1) * long.go_on(1) for _ in range(_SAVES))


def measure_bytes(turns: int, size: int) -> float:
    """Bytes written for a session of so many turns against the size of its complete file."""
    meter = Meter()
    file_store.write_whole = meter.write_whole  # type: ignore[attr-defined]
    file_store.append_durably = meter.append_durably  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        conversation = Conversation(folder, "bench", size)
        conversation.go_on(turns)
        conversation.saver.close()
        return meter.bytes / (Path(folder) / "bench.json").stat().st_size


def main() -> int:
    """Print both ratios for both kinds of turns; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--turns", type=int, default=1000)
    parser.add_argument("--size", type=int, default=4700)
    options = parser.parse_args()
    missed = False
    for size in (options.size, 0):
        slower = measure_time(options.turns, size)
        more = measure_bytes(options.turns, size)
        missed |= slower > TIME_TARGET or more > BYTES_TARGET
        sys.stdout.write(
            f"turns of {size or 'few'} bytes: turn {options.turns} against turn 10 "
            f"{slower:.2f} (at most {TIME_TARGET}), "
            f"written against final size {more:.2f} (at most {BYTES_TARGET})\n"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
